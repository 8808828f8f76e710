//! A time as it stands in a file's name: `20261122T030000Z`.

use crate::clock::Timestamp;

/// A time that stands in a file's name so; `None`: it does not.
pub(crate) fn expanded(text: &str) -> Option<Timestamp> {
    let part = |from: usize, to: usize| text.get(from..to);
    let (date, time) = (part(0, 8)?, text.get(8..)?);
    let (hour, rest) = (time.strip_prefix('T')?.get(..2)?, time.get(3..)?);
    let (minute, second) = (rest.get(..2)?, rest.get(2..)?);
    let whole = format!("{}-{}-{}T{hour}:{minute}:{second}", date.get(..4)?, date.get(4..6)?, date.get(6..)?);
    whole.parse().ok()
}

/// A time as it stands in a file's name: `20261122T030000Z`.
pub(crate) fn compact(time: Timestamp) -> String {
    let seconds = Timestamp::from_millis(time.millis() - time.millis().rem_euclid(1000));
    seconds.to_string().replace(['-', ':'], "")
}
