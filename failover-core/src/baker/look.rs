//! One look at a machine: many questions, asked at once.

use super::BakerControl;

/// What a look is about to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// [`BakerControl::state`] and [`BakerControl::restart_delay`].
    Services,
    /// [`BakerControl::boot_guard`] and [`BakerControl::unlock_secret`] as well.
    Guards,
}

/// Does this in one look at a machine.
pub fn in_one_look<'c, T>(
    control: &mut (dyn BakerControl + 'c),
    depth: Depth,
    look: impl FnOnce(&mut (dyn BakerControl + 'c)) -> T,
) -> T {
    control.begin_look(depth);
    let seen = look(control);
    control.end_look();
    seen
}
