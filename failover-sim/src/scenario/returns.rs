//! The primary comes back, and signs: inside the quarantine, or above the floor.

use super::{PLAIN, Scenario};
use crate::event::{Event, When};
use crate::machine::BAKER_UNIT;
use crate::operator::Cable;
use crate::options::Side;
use crate::world::World;

/// The primary is alive, cut off from everything, and the person is wrong about its cable: nothing can be seen of it.
fn mute(world: &World) {
    world.apply(Event::Unreachable(Side::Primary));
    world.apply(Event::CutFromChain(Side::Primary));
}

pub(super) static RETURNS: &[Scenario] = &[Scenario {
    name: "h3-after",
    about: "the primary comes back above the floor and signs what the backup does, then more: stopped, and said",
    exit: 5,
    prepare: |s| {
        s.person.cable = Cable::Lies;
        mute(s.world);
        s.world.at(When::Signs(Side::Backup), Event::BackOnChain(Side::Primary));
        // From the next level on the backup's baker is away for a moment, and the primary is alone.
        let away = Event::KillService(Side::Backup, BAKER_UNIT.to_owned());
        s.world.at(When::Signs(Side::Backup), Event::After(3, Box::new(away)));
    },
    ..PLAIN
}];
