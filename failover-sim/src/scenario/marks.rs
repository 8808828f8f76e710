//! The primary's mark files, and what the chain says of the baker itself.

use super::{PLAIN, Scenario, in_seconds};
use crate::event::{Event, MarkFileState};
use crate::options::Side;

/// A file that bounds nothing, one that cannot be believed, and a denunciation.
pub(super) static MARKS: &[Scenario] = &[
    Scenario {
        name: "marks-cut",
        about: "the primary's mark file is cut in half: what it signed is taken from the chain, head + 2",
        prepare: |s| s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::CutInHalf)),
        ..PLAIN
    },
    Scenario {
        name: "marks-far",
        about: "the primary's mark file has levels in the far future: named, refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::MarkFile(Side::Primary, MarkFileState::FarFuture)),
        ..PLAIN
    },
    Scenario {
        name: "denounced",
        about: "after the start the baker is denounced for signing twice: the backup is stopped",
        exit: 5,
        prepare: |s| s.world.at(in_seconds(s.world, 60), Event::Denounce),
        ..PLAIN
    },
];
