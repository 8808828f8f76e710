//! H41: the clock is set, or the process stands still, in the middle of a run.

use super::{PLAIN, Scenario, in_seconds};
use crate::event::Event;

pub(super) static AGES: &[Scenario] = &[
    Scenario {
        name: "h41-step",
        about: "the clock of the backup is set back by a minute in the middle of the run: refused, nothing armed stays behind",
        exit: 3,
        prepare: |s| s.world.at(in_seconds(s.world, 20), Event::ClockSteps(-60)),
        ..PLAIN
    },
    Scenario {
        name: "h41-set",
        about: "the clock of the backup is set right, by five seconds: the stop and the silence are counted anew",
        prepare: |s| s.world.at(in_seconds(s.world, 20), Event::ClockSteps(5)),
        ..PLAIN
    },
    Scenario {
        name: "h41-paused",
        about: "the run stands still for five minutes: it looks again, counts anew, and raises the marks again",
        prepare: |s| s.world.at(in_seconds(s.world, 40), Event::Pauses(300)),
        ..PLAIN
    },
];
