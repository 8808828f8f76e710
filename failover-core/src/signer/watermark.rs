//! What a mark still lets through: pure arithmetic on what was read, and on what the kind of device says of itself
//! ([`Traits::vote_at_mark`], [`Traits::highest_level`]).
//!
//! [`Traits::vote_at_mark`]: super::traits::Traits::vote_at_mark
//! [`Traits::highest_level`]: super::traits::Traits::highest_level
//!
//! | device | mark | the lowest it still signs | source |
//! |---|---|---|---|
//! | TezSign | (L, r) of the kind | (L, r + 1) | TezSign 2026-04-30, keychain; observed |
//! | Ledger, block | (L, r) of the chain | (L, r + 1) | Tezos Baking 2.5.1, `is_level_authorized` |
//! | Ledger, vote | (L, r) of the chain | (L, r) itself: whether it voted there cannot be read | the same |
//! | Ledger, any | from level 0x40000000 | nothing | the same, `is_valid_level` |
//!
//! Messages carry 32-bit levels, so a TezSign mark from (2^32 - 1, 2^32 - 1) lets nothing through for ever.

use super::traits::AtMark;
use super::{Mark, Model};
use crate::tezos::{Kind, Level, Position, Round};

/// The lowest position that the device may still sign for this kind; `None` where it never signs this kind again.
///
/// An empty mark lets everything through, from level 1 round 0. Where one mark stands for all kinds, `mark` is that one.
#[must_use]
pub fn first_allowed(model: Model, mark: Mark, kind: Kind) -> Option<Position> {
    let traits = model.traits();
    let first = match (mark.0, traits.vote_at_mark) {
        (None, _) => Position::start_of(Level::FIRST),
        (Some(at), AtMark::Allowed) if kind.is_vote() => at,
        (Some(at), AtMark::Allowed | AtMark::Refused) => after(at),
    };
    (first.level <= traits.highest_level).then_some(first)
}

/// Does the mark let this position through? On a Ledger a vote at the mark itself counts as let through, because
/// whether one was signed there cannot be read: only "no" is certain.
#[must_use]
pub fn lets_through(model: Model, mark: Mark, kind: Kind, at: Position) -> bool {
    at.level <= model.traits().highest_level && first_allowed(model, mark, kind).is_some_and(|first| at >= first)
}

/// May the device have signed `at` between two readings of its mark for this kind: `floor_mark` when it was set, `now` later?
///
/// Only "no" is certain: a position above `now` was not signed, nor one that `floor_mark` did not let through. A mark that went
/// down in between explains nothing, and the answer is no: what is not explained is foreign (S8). A Ledger's mark
/// serves all kinds, so any kind may have moved it.
///
/// ```
/// use failover_core::signer::watermark::could_have_signed;
/// use failover_core::signer::{Mark, Model};
/// use failover_core::tezos::{Kind, Level, Position, Round};
/// let at = |level, round| Position::new(Level::new(level).unwrap(), Round(round));
/// let (floor, now) = (Mark::at(at(1000, 0)), Mark::at(at(1005, 0)));
/// // (F, 0) is foreign on a TezSign; on a Ledger it is foreign for blocks only.
/// assert!(!could_have_signed(Model::TezSign, floor, now, Kind::Attestation, at(1000, 0)));
/// assert!(could_have_signed(Model::Ledger, floor, now, Kind::Attestation, at(1000, 0)));
/// assert!(!could_have_signed(Model::Ledger, floor, now, Kind::Block, at(1000, 0)));
/// ```
#[must_use]
pub fn could_have_signed(model: Model, floor_mark: Mark, now: Mark, kind: Kind, at: Position) -> bool {
    lets_through(model, floor_mark, kind, at) && now.0.is_some_and(|now| at <= now)
}

/// The next position: the next round, or the next level after the last round.
const fn after(at: Position) -> Position {
    match at.round.0.checked_add(1) {
        Some(round) => Position::new(at.level, Round(round)),
        None => Position::start_of(at.level.above(1)),
    }
}
