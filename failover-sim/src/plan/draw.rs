//! The world, the person, and what is asked for.

use super::dice::Dice;
use super::{Card, Pause, Plan, Stop, events, mishaps};
use crate::act::Cut;
use crate::event::Event;
use crate::ledger::Person;
use crate::operator::Cable;
use crate::options::{Side, WorldOptions};
use crate::source::Source;
use crate::wire::Kill;
use failover_core::signer::Model;

const CYCLE: u64 = crate::chain::BLOCKS_PER_CYCLE;

pub(super) fn draw(seed: u64) -> Plan {
    let dice = &mut Dice::new(seed);
    let options = options(seed, dice);
    if dice.percent(5) {
        return Plan { options: WorldOptions { rights_in_ten: 10, head: None, ..options }, ..calm(seed) };
    }
    let cable = match dice.below(100) {
        0..=64 => Cable::Pulls,
        65..=84 => Cable::CannotSay,
        _ => Cable::SwitchesOff,
    };
    let card = match dice.below(100) {
        0..=49 => Card::Rehearsed,
        50..=64 => Card::Restored,
        65..=84 => Card::Behind(dice.small(300)),
        85..=98 => Card::Above(dice.small(95)),
        _ => Card::Wrong,
    };
    let ledger = [Person::Ignores, Person::Rejects, Person::AcceptsAndLocks, Person::Accepts];
    let ledger = match options.model == Model::Ledger && dice.percent(20) {
        true => (0..dice.within(1, 3)).map(|_| dice.one(&ledger, Person::Accepts)).collect(),
        false => Vec::new(),
    };
    Plan {
        calm: false,
        card,
        cable,
        ledger_setting: !dice.percent(2),
        right_passphrase: !dice.percent(2),
        ledger,
        margin: if dice.percent(75) { 10 } else { dice.within(2, 30) },
        emergency: dice.percent(8),
        pin: dice.percent(30).then(|| !dice.percent(5)),
        another_run: dice.percent(1),
        signer_runs: dice.percent(8),
        held: dice.percent(1),
        before: events::before(dice, &options),
        events: events::later(dice, &options, cable),
        bursts: mishaps::draw(dice),
        stops: stops(dice),
        options,
        ..calm(seed)
    }
}

pub(super) fn liar(seed: u64, quarantine: bool) -> Plan {
    let dice = &mut Dice::new(seed);
    let plan = calm(seed);
    let back = dice.within(100, 180);
    Plan {
        calm: false,
        cable: Cable::Lies,
        quarantine,
        before: vec![Event::PowerOff(Side::Primary)],
        events: vec![(back, Event::PowerOn(Side::Primary))],
        options: WorldOptions { primary_unlocks_itself: true, ..options(seed, dice) },
        ..plan
    }
}

/// A world in which nothing is wrong.
fn calm(seed: u64) -> Plan {
    Plan {
        seed,
        calm: true,
        options: WorldOptions { in_turn: true, ..WorldOptions::new(Model::TezSign, seed) },
        card: Card::Rehearsed,
        cable: Cable::Pulls,
        ledger_setting: true,
        right_passphrase: true,
        ledger: Vec::new(),
        margin: 10,
        emergency: false,
        quarantine: true,
        pin: None,
        pinned: true,
        another_run: false,
        signer_runs: false,
        held: false,
        before: Vec::new(),
        events: Vec::new(),
        bursts: Vec::new(),
        stops: Vec::new(),
        actors: Vec::new(),
        takes_the_risk: false,
    }
}

fn options(seed: u64, dice: &mut Dice) -> WorldOptions {
    let model = if dice.percent(50) { Model::TezSign } else { Model::Ledger };
    let rights = match dice.below(10) {
        0..=5 => 10,
        6..=8 => dice.within(5, 9),
        _ => dice.within(1, 4),
    };
    // Keys and protocols change with the cycle.
    let head = dice.percent(10).then(|| dice.within(1_000, 1_100).saturating_mul(CYCLE).saturating_sub(dice.below(60)));
    let sources: &[Source] = match dice.below(20) {
        0..=9 => &[Source::Tzkt],
        10..=16 => &[Source::Tzkt, Source::Node],
        17 => &[Source::Node],
        _ => &[],
    };
    WorldOptions {
        head,
        // A run reads a dozen levels back; no real chain began later than that.
        history: dice.within(16, 40),
        rights_in_ten: rights,
        sources,
        blocks_per_commitment: if dice.percent(10) { 3 } else { 112 },
        primary_unlocks_itself: dice.percent(70),
        backup_unlocks_itself: dice.percent(15),
        primary_programs: dice.percent(80),
        primary_failover: dice.percent(30),
        in_turn: true,
        ..WorldOptions::new(model, seed)
    }
}

/// None, one, two or three kills, each at an exchange or at a record.
fn stops(dice: &mut Dice) -> Vec<(Stop, Pause)> {
    let count = match dice.below(100) {
        0..=54 => 0,
        55..=81 => 1,
        82..=93 => 2,
        _ => 3,
    };
    let one = |_| {
        let stop = if dice.percent(70) {
            Stop::At(Kill { at: dice.small(8_000), done: dice.percent(50) })
        } else {
            let index = usize::try_from(dice.below(50)).unwrap_or(0);
            Stop::Record(if dice.percent(50) { Cut::After(index) } else { Cut::Before(index) })
        };
        let (seconds, reboot) = match dice.below(20) {
            0..=5 => (0, false),
            6..=13 => (dice.within(1, 90), false),
            14..=15 => (dice.within(900, 1_500), false),
            16 => (dice.within(90, 900), false),
            _ => (dice.within(5, 120), true),
        };
        (stop, Pause { seconds, reboot })
    };
    (0..count).map(one).collect()
}
