//! What a mark lets through: a table.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use failover_core::signer::watermark::{could_have_signed, first_allowed};
use failover_core::signer::{Mark, Model};
use failover_core::tezos::{Kind, Level, Position, Round};

use Kind::{Attestation, Block, Preattestation};

const TEZSIGN: Model = Model::TezSign;
const LEDGER: Model = Model::Ledger;

fn at(level: u64, round: u32) -> Position {
    Position::new(Level::new(level).unwrap(), Round(round))
}

fn mark(level: u64, round: u32) -> Mark {
    Level::new(level).map_or(Mark(None), |level| Mark::at(Position::new(level, Round(round))))
}

#[test]
fn the_lowest_position_that_a_mark_lets_through() {
    let last = u32::MAX;
    for (name, model, mark, kind, first) in [
        ("TezSign, just set", TEZSIGN, mark(1000, 0), Attestation, Some(at(1000, 1))),
        ("TezSign, a block", TEZSIGN, mark(1000, 3), Block, Some(at(1000, 4))),
        ("TezSign, nothing signed", TEZSIGN, Mark(None), Preattestation, Some(at(1, 0))),
        ("TezSign, the last round of a level", TEZSIGN, mark(7, last), Block, Some(at(8, 0))),
        ("TezSign, set to 2^64 - 1", TEZSIGN, mark(u64::MAX, 0), Attestation, None),
        (
            "TezSign, the last level of a message",
            TEZSIGN,
            mark(u64::from(last), 0),
            Block,
            Some(at(u64::from(last), 1)),
        ),
        ("TezSign, the last position of all", TEZSIGN, mark(u64::from(last), last), Block, None),
        ("Ledger, an attestation, just set", LEDGER, mark(1000, 0), Attestation, Some(at(1000, 0))),
        ("Ledger, a preattestation, just set", LEDGER, mark(1000, 0), Preattestation, Some(at(1000, 0))),
        ("Ledger, a block, just set", LEDGER, mark(1000, 0), Block, Some(at(1000, 1))),
        ("Ledger, nothing signed", LEDGER, Mark(None), Block, Some(at(1, 0))),
        ("Ledger, set to 2^31 - 1", LEDGER, mark(0x7fff_ffff, 0), Attestation, None),
        ("Ledger, the last level it signs", LEDGER, mark(0x3fff_ffff, 0), Block, Some(at(0x3fff_ffff, 1))),
        ("Ledger, the last block it signs", LEDGER, mark(0x3fff_ffff, last), Block, None),
    ] {
        assert_eq!(first_allowed(model, mark, kind), first, "{name}");
    }
}

#[test]
fn what_may_have_been_signed_between_two_readings() {
    for (name, model, kind, position, expected) in [
        ("TezSign: below the floor", TEZSIGN, Attestation, at(999, 5), false),
        ("TezSign: at the floor", TEZSIGN, Attestation, at(1000, 0), false),
        ("TezSign: the floor's next round", TEZSIGN, Attestation, at(1000, 1), true),
        ("TezSign: its mark", TEZSIGN, Block, at(1005, 2), true),
        ("TezSign: above its mark", TEZSIGN, Block, at(1005, 3), false),
        ("Ledger: a vote below the floor", LEDGER, Attestation, at(999, 0), false),
        ("Ledger: a vote at the floor", LEDGER, Attestation, at(1000, 0), true),
        ("Ledger: a block at the floor", LEDGER, Block, at(1000, 0), false),
        ("Ledger: a vote at its mark", LEDGER, Preattestation, at(1005, 2), true),
        ("Ledger: a vote above its mark", LEDGER, Preattestation, at(1006, 0), false),
    ] {
        assert_eq!(could_have_signed(model, mark(1000, 0), mark(1005, 2), kind, position), expected, "{name}");
    }
}

#[test]
fn a_mark_that_went_down_or_is_empty_explains_nothing() {
    for model in [TEZSIGN, LEDGER] {
        assert!(!could_have_signed(model, mark(1000, 0), mark(900, 0), Attestation, at(900, 0)));
        assert!(!could_have_signed(model, mark(1000, 0), mark(900, 0), Attestation, at(1001, 0)));
        assert!(!could_have_signed(model, Mark(None), Mark(None), Block, at(1, 0)));
    }
    assert!(could_have_signed(LEDGER, mark(1000, 0), mark(1000, 0), Attestation, at(1000, 0)), "a vote at the mark");
    assert!(!could_have_signed(TEZSIGN, mark(1000, 0), mark(1000, 0), Attestation, at(1000, 0)));
}
