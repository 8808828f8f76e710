//! Words and numbers that both pages use.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::decision::{Path, WaitFor};
use crate::facts::Signed;
use crate::operator::Question;

/// The number of the written procedure that a question belongs to.
#[must_use]
pub(crate) const fn number(asked: &Question) -> u8 {
    match asked {
        Question::LedgerSetting => 0,
        Question::Proceed { .. } | Question::NoOtherRun { .. } => 1,
        Question::Disconnected { .. } | Question::PoweredOff { .. } | Question::Unproven { .. } => 3,
        Question::Unplugged { .. } | Question::NotMoved { .. } => 8,
    }
}

/// The number of the written procedure that a wait belongs to, where there is one, and what was waited for.
pub(super) fn waited_for(why: &WaitFor) -> (Option<u8>, String) {
    match why {
        WaitFor::Chain { level } => (None, format!("the chain to move on from level {level:#}")),
        WaitFor::Known { what } => (None, format!("what was not known: {what}")),
        WaitFor::Stopped => (None, "a second reading of the primary's services".to_owned()),
        WaitFor::Silence { needed, .. } => (None, format!("the primary's silence in {needed} levels")),
        WaitFor::Statement => (None, "the time after the statement".to_owned()),
        WaitFor::Baking { floor, .. } => (Some(7), format!("the backup's first signature above {floor:#}, on chain")),
        WaitFor::Steady { .. } => (Some(7), "the missed levels to stop growing".to_owned()),
        WaitFor::Unmoved => (None, "a second look at keys that were found unlocked".to_owned()),
        WaitFor::Quarantine { floor, .. } => (Some(7), format!("every level up to the floor {floor:#} to be judged")),
        WaitFor::Rumour { signed, until } => {
            let Signed { kind, at, .. } = signed;
            (None, format!("the node to check the {kind} {at:#} in the mempool, until level {until:#} at most"))
        }
        WaitFor::KeyChange { .. } => (None, "another key of this baker to become active".to_owned()),
    }
}

/// How the primary was fenced.
pub(super) const fn path(path: Option<Path>) -> &'static str {
    match path {
        Some(Path::Controlled) => "controlled: it answered and was to be stopped from here",
        Some(Path::Uncontrolled) => "emergency: it could not be stopped from here",
        Some(Path::Unproven) => "unproven: nothing proves that it is off",
        None => "unknown: the run did not get that far",
    }
}

/// The date and the time of day.
pub(super) fn moment(at: Timestamp) -> String {
    format!("{} {} UTC", date(at), clock(at))
}

/// The time of day, to the second.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_string().get(11..19).unwrap_or_default().to_owned()
}

/// The date.
pub(super) fn date(at: Timestamp) -> String {
    at.to_string().get(..10).unwrap_or_default().to_owned()
}

/// A length of time: to a tenth below ten seconds, in two units above a minute.
pub(super) fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, time.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The time since the beginning: `+2:05`.
pub(super) fn offset(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("+{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("+{hours}:{:02}:{:02}", seconds % 3600 / 60, seconds % 60),
    }
}

/// The parts of a text, and which of them are commands: what stands between two backticks. If one has no partner, none
/// counts.
pub(super) fn parts(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let paired = text.matches('`').count().is_multiple_of(2);
    let whole = (!paired).then_some((text, false));
    let split = text.split('`').enumerate().map(|(index, part)| (part, index % 2 == 1));
    whole.into_iter().chain(split.filter(move |(part, _)| paired && !part.is_empty()))
}

/// One line without what could move a cursor, break a page or turn its direction.
pub(super) fn plain(text: &str) -> String {
    let clean = |c: char| match c {
        '\n' | '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(clean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_two_units_at_most() {
        let told = [0, 9_960, 10_000, 59_999, 125_000, 3_725_000].map(|ms| lasting(Duration::from_millis(ms)));
        assert_eq!(told, ["0.0 s", "9.9 s", "10 s", "59 s", "2 min 05 s", "1 h 02 min"]);
        assert_eq!([125, 3725].map(|s| offset(Duration::from_secs(s))), ["+2:05", "+1:02:05"]);
    }

    #[test]
    fn a_time_is_told_in_utc() {
        let at = Timestamp::from_millis(1_795_316_400_123);
        assert_eq!((moment(at), clock(at)), ("2026-11-22 03:00:00 UTC".to_owned(), "03:00:00".to_owned()));
    }
}
