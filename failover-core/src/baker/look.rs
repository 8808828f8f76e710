//! One look at a machine: many questions, asked at once.

use super::BakerMachine;

/// What a look is about to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Its state and its restart delay ([`BakerControl`](super::BakerControl)).
    Services,
    /// Its boot guard and its unlock secret as well ([`BootGuards`](super::BootGuards),
    /// [`UnlockSecrets`](super::UnlockSecrets)).
    Guards,
}

/// Answers many questions from one round trip: over ssh each costs its time. Without it every question is asked when it
/// comes up.
pub trait Looks {
    /// A look begins: whatever is asked until [`Looks::end_look`], or until something is changed there, may be asked at once
    /// and answered from one answer.
    fn begin_look(&mut self, depth: Depth);

    /// The look is over: nothing of it is an answer any more.
    fn end_look(&mut self);
}

/// Does this in one look at a machine.
pub fn in_one_look<'c, T>(
    machine: &mut (dyn BakerMachine + 'c),
    depth: Depth,
    look: impl FnOnce(&mut (dyn BakerMachine + 'c)) -> T,
) -> T {
    if let Some(looks) = machine.looks() {
        looks.begin_look(depth);
    }
    let seen = look(machine);
    if let Some(looks) = machine.looks() {
        looks.end_look();
    }
    seen
}
