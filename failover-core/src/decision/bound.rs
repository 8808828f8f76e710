//! B: the highest level that the primary may have signed, and what says so (S2).

use super::policy::{Policy, UNSEEN, cap};
use super::progress::Progress;
use super::refusal::Refusal;
use super::seen::{highest, indexed};
use super::vocabulary::Basis;
use crate::facts::{Bound, Facts, KeyRole, ReadMarks, WrittenMark};
use crate::tezos::{Kind, Level, Position};

/// B, if it were noted now.
///
/// # Errors
/// [`Refusal::NotSynced`]: there is no head. [`Refusal::AbsurdMark`]: a mark is past the cap (S4).
pub fn bound(facts: &Facts, policy: &Policy, progress: &Progress) -> Result<(Level, Basis), Refusal> {
    let agreed = facts.chain.agreed().ok_or(Refusal::NotSynced)?;
    let highest = highest(facts, cap(policy, agreed).level())?;
    let why = match (exact(facts, progress), highest) {
        // Of two signatures for one vote the companion's may be the only one that was made: B is no lower than it.
        (Ok((mark, _)), Some((above, _))) if above.level > mark.level => {
            format!("{above} is above {mark}, the last mark of the consensus key")
        }
        (Ok((mark, path)), _) => return Ok((mark.level, Basis::Marks { mark, path })),
        (Err(why), _) => why,
    };
    let unseen = agreed.above(UNSEEN);
    Ok(match highest {
        Some((mark, path)) if mark.level > unseen => {
            (mark.level, Basis::Beyond { mark: *mark, path: path.to_owned(), why })
        }
        _ => (unseen, Basis::Unseen { why }),
    })
}

/// octez-baker's last mark of the active consensus key, where it is certain that nothing above it was signed; else why
/// it is not.
fn exact(facts: &Facts, progress: &Progress) -> Result<(WrittenMark, String), String> {
    let read = facts.primary.marks.as_ref().map_err(|unknown| unknown.why.clone())?;
    let ReadMarks { began, found } = &read.value;
    // Marks that were read before the stop do not count: the baker may have signed after the reading.
    match progress.session.stopped_since {
        None => return Err("the primary's marks count only once it is read back as stopped".to_owned()),
        Some(since) if *began < since => {
            return Err("the primary's marks were read before it was read back as stopped".to_owned());
        }
        Some(_) => {}
    }
    let delegate = facts.chain.delegate.as_ref().map_err(|unknown| unknown.why.clone())?;
    let active = || delegate.value.keys.iter().filter(|key| key.from_cycle.is_none());
    let consensus = active().find(|key| key.role == KeyRole::Consensus).ok_or("there is no active consensus key")?;
    let seen: Vec<(Kind, Position)> = facts.chain.seen().map(|signed| (signed.kind, signed.at)).collect();
    // An indexer and a signer can show that a file is stale. Both may be about long ago. Only what the own node saw
    // lately shows that a file is the one that the baker writes.
    let lately = !seen.is_empty();
    let signer = found.files.iter().filter(|file| file.writer.is_witness());
    let companion = signer.flat_map(|file| &file.marks).filter(|mark| active().any(|key| key.key == mark.key));
    let others = companion.map(|mark| (mark.kind, Position::new(mark.level, mark.round.unwrap_or_default())));
    let indexed = indexed(facts).map(|signed| (signed.kind, signed.at));
    match found.bound(&consensus.key, seen.into_iter().chain(others).chain(indexed)) {
        Bound::Exact { mark, path } if lately => Ok((*mark, path.to_owned())),
        Bound::Exact { mark, .. } => Err(Bound::Unconfirmed { mark }.to_string()),
        Bound::NoFile if !found.other_chains.is_empty() => {
            Err(format!("the only mark files are another chain's: {}", found.other_chains.join(", ")))
        }
        unsure => Err(unsure.to_string()),
    }
}
