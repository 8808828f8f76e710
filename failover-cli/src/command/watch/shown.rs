//! Everything that is said: to the screen, to the hooks, to the service manager; nothing of it keeps the watch waiting.

use std::sync::mpsc::{Receiver, SyncSender};
use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::watch::{Hooks, Listener, WatchLook, WatchRecord, WatchRole};

use super::told::{Told, named};
use crate::notify::Notify;
use crate::output::Output;
use crate::session::Line;
use failover_core::narration::Narration;

/// Records that wait for a slow reader; what comes then is counted and left out.
pub(super) const WAITING: usize = 1024;
/// How long the last records are waited for at the end.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(5);

/// Hands records to the thread that shows them: a terminal that stands still does not keep the watch from stopping this
/// machine (S12).
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) records: SyncSender<(Timestamp, WatchRecord)>,
}

impl Shown {
    pub(super) fn show(&self, at: Timestamp, said: WatchRecord) {
        let _full_or_gone = self.records.try_send((at, said));
    }
}

/// All who hear. They are shared with the command, which ends them after the watch.
pub(super) struct Everybody {
    pub(super) shown: Shown,
    pub(super) hooks: Hooks,
    pub(super) notify: Option<Notify>,
}

impl Listener for Everybody {
    fn hear(&mut self, at: Timestamp, said: &WatchRecord) {
        self.shown.show(at, said.clone());
        self.hooks.hear(at, said);
        // Between the parts of a stop, which takes its time.
        if let (WatchRecord::Run(_), Some(notify)) = (said, &mut self.notify) {
            notify.works();
        }
    }

    fn looked(&mut self, look: &WatchLook) {
        if let Some(notify) = &mut self.notify {
            notify.looked(look.succeeded(), &status(look));
        }
    }
}

/// How it stands, in one line.
fn status(look: &WatchLook) -> String {
    let role = match look.role {
        Some(WatchRole::Baker) => "this machine bakes",
        Some(WatchRole::Sentinel) => "this machine stands by",
        None => "what this machine is, is not known yet",
    };
    let head = look.head.map_or_else(|| "no head yet".to_owned(), |head| format!("head {head:#}"));
    let mut status = format!("{role}; {head}");
    if look.missed > 0 {
        status.push_str(&format!("; {} missed in a row", look.missed));
    }
    if !look.troubles.is_empty() {
        let troubles: Vec<&str> = look.troubles.iter().map(|what| named(*what)).collect();
        status.push_str(&format!("; not well: {}", troubles.join(", ")));
    }
    status
}

/// Shows every record as it comes; the end is shown as the command's last line.
pub(super) fn show(records: &Receiver<(Timestamp, WatchRecord)>, mut out: Output) {
    let (mut story, mut seq) = (Narration::default(), 0);
    for (at, said) in records {
        seq += 1;
        match &said {
            WatchRecord::Run(record) if record.is_end() => {}
            WatchRecord::Run(record) => {
                out.record(&Line { seq, at, record });
                story.tell(record).into_iter().for_each(|line| out.line(line));
            }
            WatchRecord::Finding(note) => {
                out.record(&Line { seq, at, record: note });
                out.line(format!("{}  {}", whole(at), Told(note)));
            }
        }
    }
}

fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis().div_euclid(1000).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use failover_core::journal::record::Record;

    use std::sync::mpsc;

    use failover_core::watch::{Finding, Trouble};

    use super::*;

    #[test]
    fn a_screen_that_stands_still_keeps_nothing_waiting() {
        let (records, _unread) = mpsc::sync_channel(2);
        let shown = Shown { records };
        let at = Timestamp::from_millis(0);
        let said = WatchRecord::Run(Box::new(Record::Disarmed { proven: true, what: Vec::new() }));
        for _ in 0..10 {
            shown.show(at, said.clone());
        }
    }

    #[test]
    fn a_record_names_its_kind() {
        let note = Finding::Over { what: Trouble::Signer, seconds: 12 };
        let line = Line { seq: 3, at: Timestamp::from_millis(0), record: &note };
        assert_eq!(
            serde_json::to_string(&line).unwrap(),
            r#"{"seq":3,"at":"1970-01-01T00:00:00Z","record":"over","what":"signer","seconds":12}"#
        );
    }
}
