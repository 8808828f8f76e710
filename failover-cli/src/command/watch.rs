//! `watch`: after a failover, or always. Takes no lock and asks nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Duration;

use failover_core::clock::{SystemClock, Timestamp};
use failover_core::state::StateDir;
use failover_core::watch::{Listener, Note, Parts, Role, Said, Trouble, Watch};

use crate::args;
use crate::failure::Failure;
use crate::output::{End, Output};
use crate::session::{self, Line};
use crate::settings::Settings;
use crate::signals;
use crate::sources;
use crate::story::Story;

/// Records that wait for a slow reader; what comes then is counted and left out.
const WAITING: usize = 1024;
/// How long the last records are waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Hands records to the thread that shows them: a terminal that stands still does not keep the watch from stopping this
/// machine (S12).
struct Shown {
    records: SyncSender<(Timestamp, Said)>,
}

impl Listener for Shown {
    fn hear(&mut self, at: Timestamp, said: &Said) {
        let _full_or_gone = self.records.try_send((at, said.clone()));
    }
}

/// Shows every record as it comes; the end is shown as the command's last line.
fn show(records: &Receiver<(Timestamp, Said)>, mut out: Output) {
    let (mut story, mut seq) = (Story::default(), 0);
    for (at, said) in records {
        seq += 1;
        match &said {
            Said::Run(record) if record.is_end() => {}
            Said::Run(record) => {
                out.record(&Line { v: failover_core::journal::VERSION, seq, at, record });
                story.tell(record).into_iter().for_each(|line| out.line(line));
            }
            Said::Note(note) => {
                out.record(&Line { v: failover_core::journal::VERSION, seq, at, record: note });
                out.line(format!("{}  {}", whole(at), Told(note)));
            }
        }
    }
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis().div_euclid(1000).saturating_mul(1000))
}

/// Watches to the end.
///
/// # Errors
/// The configuration or the state cannot be used. Everything later is the watch's own end.
pub(crate) fn run(settings: &Settings, wanted: &args::Watch, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let (records, shown) = mpsc::sync_channel(WAITING);
    let (done, finished) = mpsc::sync_channel::<()>(1);
    let screen = out.another();
    std::thread::spawn(move || {
        show(&shown, screen);
        done.send(())
    });
    let parts = Parts {
        source: sources::open_node(&settings.node()?)?,
        hands: session::watching(&config, &state)?,
        policy: session::policy(&config, &state, None, false)?,
        silent: wanted.silent,
        clock: Arc::new(SystemClock),
        state,
        cancel: signals::cancel(out),
        listener: Box::new(Shown { records }),
    };
    let mut watch = Watch::new(parts);
    let end = watch.run();
    // With it the sender goes, and the thread comes to its end.
    drop(watch);
    let _slow_reader = finished.recv_timeout(LAST_WORDS);
    Ok(session::ended(end, out))
}

/// A note as a person reads it.
struct Told<'a>(&'a Note);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Note::Watch { baker, role, why, plan, from, floor, .. } => {
                match role {
                    Role::Baker => write!(f, "Watching {baker}: this machine bakes ({why})")?,
                    Role::Sentinel => return write!(f, "Watching {baker}: this machine stands by ({why})"),
                }
                if let (Some(plan), Some(floor)) = (plan, floor) {
                    write!(f, "; after the run {plan}, floor {floor}")?;
                }
                write!(f, ". From {from} on, whatever its device did not sign stops it")
            }
            Note::Missed { level, in_a_row, role, next } => {
                let whose = match role {
                    Role::Baker => "this machine",
                    Role::Sentinel => "the primary",
                };
                write!(f, "{whose} signed nothing at {level}, {in_a_row} in a row with rights")?;
                next.as_ref().map_or(Ok(()), |next| write!(f, ": {next}"))
            }
            Note::Signs { level, after } => write!(f, "signed again at {level}, after {after} missed"),
            Note::Trouble { what, why, next, seconds } => {
                write!(f, "{}: {why}", named(*what))?;
                if *seconds > 0 {
                    write!(f, " (for {seconds} s)")?;
                }
                write!(f, ". {next}")
            }
            Note::Over { what, seconds } => write!(f, "{}: well again, after {seconds} s", named(*what)),
            Note::Unjudged { from, to, why } => write!(f, "levels {from} to {to} were not judged: {why}"),
            Note::Alive { head, levels, with_rights, missed } => {
                write!(f, "watching; head {head}; {levels} levels read, {with_rights} with rights, {missed} missed")
            }
            Note::PerhapsTwice { signed } => {
                write!(f, "The device here signed these too; whether the other machine did, its marks cannot tell:")?;
                signed.iter().try_for_each(|s| write!(f, "\n    {} {} seen in {}", s.kind, s.at, s.seen_in))
            }
            _ => f.write_str("a record that this version does not know"),
        }
    }
}

const fn named(what: Trouble) -> &'static str {
    match what {
        Trouble::Chain => "CHAIN",
        Trouble::Blocks => "BLOCKS",
        Trouble::Mempool => "MEMPOOL",
        Trouble::Signer => "SIGNER",
        Trouble::Services => "SERVICES",
        Trouble::Standing => "BAKER",
        Trouble::State => "STATE",
        _ => "TROUBLE",
    }
}

#[cfg(test)]
mod tests {
    use failover_core::journal::record::Record;

    use super::*;

    #[test]
    fn a_screen_that_stands_still_keeps_nothing_waiting() {
        let (records, _unread) = mpsc::sync_channel(2);
        let mut shown = Shown { records };
        let at = Timestamp::from_millis(0);
        let said = Said::Run(Box::new(Record::Disarmed { proven: true, what: Vec::new() }));
        for _ in 0..10 {
            shown.hear(at, &said);
        }
    }

    #[test]
    fn a_record_names_its_kind_and_carries_its_version() {
        let note = Note::Over { what: Trouble::Signer, seconds: 12 };
        let line = Line { v: 1, seq: 3, at: Timestamp::from_millis(0), record: &note };
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"v":1,"seq":3,"at":"1970-01-01T00:00:00Z","record":"over","what":"signer","seconds":12}"#
        );
    }
}
