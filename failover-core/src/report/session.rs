//! Sessions: from a beginning, or from where a run was taken up again, to its end or to where it was cut off.

use crate::clock::Timestamp;
use crate::journal::Entry;
use crate::journal::record::{End, Record};

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ReportedSession {
    /// When it began.
    pub began: Timestamp,
    /// When its last record was written.
    pub last: Timestamp,
    /// The version that ran.
    pub version: String,
    /// It took up an interrupted run.
    pub resumed: bool,
    /// The locks that it held (S7).
    pub locks: Vec<String>,
    /// How it ended; `None`: it was cut off, or goes on.
    pub end: Option<End>,
    /// Was the backup read back as unable to sign, where it was disarmed (S12)?
    pub disarmed: Option<bool>,
}

pub(super) fn sessions(entries: &[Entry<Record>]) -> Vec<ReportedSession> {
    let mut sessions: Vec<ReportedSession> = Vec::new();
    for Entry { at, record, .. } in entries {
        let (version, locks, resumed) = match record {
            Record::Begin { version, locks, .. } => (version, locks, false),
            Record::Resume { version, locks } => (version, locks, true),
            // What the simulator adds is no part of a session.
            Record::Rehearsed { .. } => continue,
            other => {
                if let Some(session) = sessions.last_mut() {
                    session.take(*at, other);
                }
                continue;
            }
        };
        sessions.push(ReportedSession {
            began: *at,
            last: *at,
            version: version.clone(),
            resumed,
            locks: locks.iter().map(|held| held.lock.clone()).collect(),
            end: None,
            disarmed: None,
        });
    }
    sessions
}

impl ReportedSession {
    fn take(&mut self, at: Timestamp, record: &Record) {
        self.last = at;
        match record {
            Record::End(end) => self.end = Some(end.clone()),
            Record::Disarmed { proven, .. } => self.disarmed = Some(*proven),
            _ => {}
        }
    }
}
