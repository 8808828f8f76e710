//! `report`: what happened in a run or in a drill, from its journal. Looks, and changes nothing but the files it is told to write.

use std::path::{Path, PathBuf};

use failover_core::journal;
use failover_core::journal::record::Record;
use failover_core::report::Report;
use failover_core::state::{self, PlanId, StateDir, StateError};
use serde::Serialize;

use super::drill;
use crate::args::{self, Global};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::settings::Settings;

/// How the last drill is called where a journal is named.
const DRILL: &str = "drill";

/// The report for a program.
#[derive(Serialize)]
#[serde(tag = "record", rename = "report")]
struct ReportRecord<'a> {
    journal: &'a Path,
    #[serde(flatten)]
    report: &'a Report,
}

/// Draws the report, to standard output or to files.
///
/// # Errors
/// There is no such journal, it cannot be read, or a file cannot be written.
pub(crate) fn run(global: &Global, wanted: &args::Report, out: &mut Output) -> Result<End, Failure> {
    let path = find(global, wanted.journal.as_deref())?;
    let found = journal::read::<Record>(&path)?;
    let report = Report::of(&found.entries, found.torn);
    out.record(&ReportRecord { journal: &path, report: &report });
    let pages = [(&wanted.markdown, Report::markdown as fn(&Report) -> String), (&wanted.html, Report::html)];
    let mut written = Vec::new();
    for (file, page) in pages {
        if let Some(file) = file {
            public(file, &page(&report))?;
            out.line(format!("Written to {}.", file.display()));
            written.push(file);
        }
    }
    match written.last() {
        Some(file) => Ok(End::done(format!("open {} in a browser or an editor; it needs no network", file.display()))),
        None => {
            // With `--json` the record says it all.
            if !out.is_json() {
                out.document("report", &report.markdown());
            }
            Ok(End::done(report.next))
        }
    }
}

/// The journal that is meant: a file, a run's by its plan, the last drill's; else the newest run's, else the last drill's.
fn find(global: &Global, wanted: Option<&Path>) -> Result<PathBuf, Failure> {
    let none = |what: String| Failure::usage(what, "rehearse with `failover drill`, or name the journal's file");
    let Some(wanted) = wanted else {
        return match runs(global)?.into_iter().next() {
            Some(newest) => Ok(newest),
            None => drill::last(global).ok_or_else(|| none("there is no run and no drill yet".to_owned())),
        };
    };
    if wanted == Path::new(DRILL) {
        return drill::last(global).ok_or_else(|| none("no drill's journal was kept".to_owned()));
    }
    let plan = wanted.to_str().and_then(|text| text.parse::<PlanId>().ok());
    match plan {
        Some(plan) => runs(global)?
            .into_iter()
            .find(|path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with(&format!("-{plan}"))))
            .ok_or_else(|| none(format!("there is no run of the plan {plan}"))),
        None => Ok(wanted.to_owned()),
    }
}

/// The journals of this machine's runs, the newest first; none where there is no state folder.
fn runs(global: &Global) -> Result<Vec<PathBuf>, Failure> {
    match StateDir::existing(Settings::load(global.clone())?.state()) {
        Ok(state) => Ok(state.journals()?),
        Err(StateError::Missing { .. }) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Others may read it: there is no secret in it.
fn public(path: &Path, text: &str) -> Result<(), Failure> {
    state::replace(path, text.as_bytes(), 0o644).map_err(|error| {
        let message = format!("{} was not written: {error}", path.display());
        Failure::new(Exit::NotReady, message, "name a file in a folder that can be written")
    })
}
