//! What was seen of this baker's signatures by others than the own node: other sources' indexes, the primary's mark files.

use super::policy::MARKS;
use super::refusal::Refusal;
use crate::facts::{Facts, Signed, WrittenMark};
use crate::tezos::{KeyHash, Level, Position};

/// The last signatures that other sources know of. An indexer tells no round, so nobody is accused with these.
pub(super) fn indexed(facts: &Facts) -> impl Iterator<Item = Signed> {
    let said = facts.chain.others.iter().filter_map(|other| Some((&other.name, other.said.as_ref().ok()?)));
    said.flat_map(|(name, said)| {
        said.value.last_signed.iter().map(move |last| Signed {
            kind: last.kind,
            at: Position::start_of(last.level),
            seen_in: name.clone(),
        })
    })
}

/// The highest mark of this baker's keys in any file, whenever it was read and whatever it proves: signed at least so
/// far. An observation, and so below the cap or not to be believed.
pub(super) fn highest(facts: &Facts, cap: Level) -> Result<Option<(&WrittenMark, &str)>, Refusal> {
    let (Ok(read), Ok(delegate)) = (&facts.primary.marks, &facts.chain.delegate) else { return Ok(None) };
    let ours = |key: &KeyHash| delegate.value.keys.iter().any(|expected| expected.key == *key);
    let marks = read.value.found.files.iter().flat_map(|file| file.marks.iter().map(|mark| (mark, &*file.path)));
    let highest = marks.filter(|(mark, _)| ours(&mark.key)).max_by_key(|(mark, _)| mark.order());
    match highest {
        Some((mark, path)) if mark.level > cap => Err(Refusal::AbsurdMark {
            mark: *mark,
            path: path.to_owned(),
            host: read.source.clone(),
            without: MARKS.to_owned(),
            cap,
        }),
        found => Ok(found),
    }
}
