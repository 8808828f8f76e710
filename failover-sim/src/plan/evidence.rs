//! What speaks for the own node's head where no source does, and an own node that is far ahead of them (H26). Drawn apart,
//! so that the rest of a world is as it was.

use super::Plan;
use super::dice::Dice;
use crate::event::Event;

/// The dice of a world are thrown for everything else.
const APART: u64 = 0x4832_3600_7069_6e00;

pub(super) fn draw(plan: Plan) -> Plan {
    let dice = &mut Dice::new(plan.seed ^ APART);
    let pinned = plan.calm || !dice.percent(15);
    let (mut before, mut events) = (plan.before.clone(), plan.events.clone());
    if !plan.calm && dice.percent(4) {
        let ahead = Event::NodeAhead(dice.small(10_000_000));
        let ends = dice.percent(60).then(|| dice.within(1, 200));
        match dice.percent(30) {
            true => {
                before.push(ahead);
                events.extend(ends.map(|at| (at, Event::NodeAhead(0))));
            }
            false => {
                let at = dice.below(200);
                events.push((at, ahead));
                events.extend(ends.map(|after| (at.saturating_add(after), Event::NodeAhead(0))));
            }
        }
    }
    Plan { pinned, before, events, ..plan }
}
