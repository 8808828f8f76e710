//! A run of the procedure as the command line has it: the journal first, then the screen.

use failover_core::clock::Timestamp;
use failover_core::failover::Recorder;
use failover_core::journal::record::{End as Ended, Record};
use failover_core::journal::{JournalError, JournalFile};
use failover_core::session::Wanted;

use crate::output::{End, Output};
use crate::settings::Settings;
use crate::signals;
use failover_core::narration::Narration;

/// What the flags want beside the configuration: nothing but another state folder.
pub(crate) fn wanted(settings: &Settings) -> Wanted {
    Wanted { state: Some(settings.state()), cancel: signals::flag(), ..Wanted::default() }
}

/// A record as its line in the journal has it.
#[derive(serde::Serialize)]
pub(crate) struct Line<'a, R> {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    #[serde(flatten)]
    pub(crate) record: &'a R,
}

/// The journal first, then the screen.
struct Shown {
    file: JournalFile<Record>,
    out: Output,
    story: Narration,
}

impl Recorder for Shown {
    fn record(&mut self, at: Timestamp, record: &Record) -> Result<(), JournalError> {
        let seq = self.file.append(at, record)?;
        if !record.is_end() {
            self.out.record(&Line { seq, at, record });
        }
        tell(&mut self.out, &mut self.story, record);
        Ok(())
    }
}

/// Writes records into a run's journal, and shows them.
pub(crate) fn recorder(file: JournalFile<Record>, out: &Output) -> impl Recorder + use<> {
    Shown { file, out: out.another(), story: Narration::default() }
}

/// Shows one record: as itself for a program, as a story for a person. The end is shown as the command's last line.
pub(crate) fn show(out: &mut Output, story: &mut Narration, record: &Record) {
    if !record.is_end() {
        out.record(record);
    }
    tell(out, story, record);
}

/// For a person: drawn, or in plain lines.
fn tell(out: &mut Output, story: &mut Narration, record: &Record) {
    match out.screen() {
        Some(screen) => screen.record(record),
        None => story.tell(record).into_iter().for_each(|told| out.line(told)),
    }
}

/// The end of a run as the end of a command.
pub(crate) fn ended(ended: Ended, out: &mut Output) -> End {
    if ended.exit == 0 {
        out.line(&ended.message)
    } else {
        out.say_wrong(&ended.message)
    }
    End::of_run(ended)
}
