//! What others do, at which record, and a person who takes the risk (S13, S14). Drawn apart, so that the rest of a world
//! is as it was.

use super::Plan;
use super::dice::Dice;
use crate::act::{Act, Cut, Then};

/// The dice of a world are thrown for everything else.
const APART: u64 = 0x4832_3400_6163_7473;

/// A run has so many records, about.
const RECORDS: u64 = 60;

pub(super) fn draw(plan: Plan) -> Plan {
    if plan.calm {
        return plan;
    }
    let dice = &mut Dice::new(plan.seed ^ APART);
    let takes_the_risk = dice.percent(25);
    let count = match dice.below(100) {
        0..=79 => 0,
        80..=94 => 1,
        _ => 2,
    };
    let acts = [
        Act::StandsDown,
        Act::StandsDown,
        Act::TakesAway,
        Act::Claims,
        Act::RunsThere,
        Act::ReplacesTheClaim,
        Act::RemovesTheClaim,
    ];
    let one = |_| {
        let index = usize::try_from(dice.below(RECORDS)).unwrap_or(0);
        Then { when: Cut::After(index), act: dice.one(&acts, Act::StandsDown) }
    };
    Plan { actors: (0..count).map(one).collect(), takes_the_risk, ..plan }
}
