//! What a search may do: signers, faults, how many of each, and what is broken on purpose.

use failover_core::facts::Model;

use crate::commands::Command;
use crate::world::Machine;

/// What goes wrong in the world. Each costs one of the budget; what comes back by itself costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The primary boots again: its services start, unless they are guarded.
    Reboot,
    /// The primary loses its power.
    PowerLoss,
    /// Its power comes back, and with it, unless guarded, its services. Costs nothing.
    PowerBack,
    /// The primary cannot be reached by ssh any more; or it can again.
    Cut,
    /// The primary is cut off from the chain (or paused): it sees no block and signs nothing.
    Mute,
    /// It sees blocks again. Costs nothing.
    Back,
    /// The primary's services are started again by something, unless they are guarded.
    Restart,
    /// The cable of the primary's signer, once unplugged, is plugged in again.
    Replug,
    /// No block comes for 36 s.
    Pause,
    /// What was signed lately cannot be read until the next block.
    Blind,
    /// The next effect says that it is done, and is not.
    Dud,
    /// The run's lock is gone.
    LockLost,
    /// The backup boots again; the run ends with it.
    BackupReboot,
    /// Ctrl-C.
    Cancel,
    /// The backup's baker dies by itself.
    BakerDies,
}

pub(crate) const ALL: [Fault; 15] = [
    Fault::Reboot,
    Fault::PowerLoss,
    Fault::PowerBack,
    Fault::Cut,
    Fault::Mute,
    Fault::Back,
    Fault::Restart,
    Fault::Replug,
    Fault::Pause,
    Fault::Blind,
    Fault::Dud,
    Fault::LockLost,
    Fault::BackupReboot,
    Fault::Cancel,
    Fault::BakerDies,
];

/// How often in one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) faults: u8,
    pub(crate) crashes: u8,
    pub(crate) lies: u8,
    /// Blocks that come while the tool still has something to do.
    pub(crate) delays: u8,
    /// Other commands.
    pub(crate) commands: u8,
}

/// One rule taken out. Named by the invariant that it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// S1: what silence is waited for is not waited for.
    StartsEarly,
    /// S1: the raise is skipped.
    SkipsRaise,
    /// S1a: the backup is taken for stopped and guarded.
    TrustsItself,
    /// S1b: the sign interface is taken for held.
    NeverHolds,
    /// S2: the floor is one level above the head.
    LowFloor,
    /// S3: what cannot be read is taken for silence.
    UnknownIsSilent,
    /// S4: the floor is set whatever the marks are.
    SetsBlindly,
    /// S5: an ok counts as done.
    OkIsDone,
    /// S6: a run that is taken up again counts silence from before.
    KeepsSilence,
    /// S6: it forgets B.
    ForgetsBound,
    /// S6: it believes that it still holds, and fenced, what the session before did.
    RemembersAll,
    /// S7: the guard's record of another machine is not looked at.
    IgnoresOthers,
    /// S8: the levels below the floor are not judged.
    NoQuarantine,
    /// S8: no position is foreign.
    NothingForeign,
    /// S12: without the lock nothing is disarmed.
    GatedDisarm,
    /// S13: a claim takes no permit away, and is not looked at.
    NoClaims,
    /// S13: the own permit is not looked for after the claim, nor at any other look.
    NeverLooksForPermit,
    /// S13: the permit is not looked for around an effect.
    NoPermitAtEffect,
    /// S13: the permit is looked for before an effect, and not after it.
    NoPermitAfterEffect,
    /// S14: a stop leaves the permits.
    StopLeavesPermit,
    /// S14: it takes away those that it finds at first, and none that is made before its second reading.
    StopTakesOnce,
    /// S15: evidence of any age approves.
    AnyAge,
    /// S16: `return` does not look at what was armed here.
    ReturnsAnyway,
}

/// A search.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) model: Model,
    /// Backups, each with an operator.
    pub(crate) sites: usize,
    /// Does the primary answer at first?
    pub(crate) reachable: bool,
    /// Can what unlocks the primary's signer be put aside, and its signer be asked?
    pub(crate) remote_signer: bool,
    pub(crate) backup: Machine,
    pub(crate) primary: Machine,
    /// Has machine 0 a run too, whose primary is machine 1?
    pub(crate) mirror: bool,
    /// Is the run lock of another machine seen there? Where it is not, permits and claims alone keep two runs apart.
    pub(crate) locks_seen: bool,
    /// Does time pass between a look and an arming effect, and is such an effect one that others can come into?
    pub(crate) gaps: bool,
    /// A run was refused for want of a fence, with B so many levels below the first block here.
    pub(crate) refused: Option<u64>,
    /// Other commands, each with the machine that it is typed on.
    pub(crate) commands: Vec<(Command, usize)>,
    /// Does a person switch the primary off where that is asked for?
    pub(crate) switches_off: bool,
    pub(crate) margin: u64,
    pub(crate) budget: Budget,
    pub(crate) faults: Vec<Fault>,
    pub(crate) broken: Option<Broken>,
    /// Blocks after the end in which something may still happen.
    pub(crate) after: u64,
}

impl Setting {
    /// Nothing goes wrong.
    pub(crate) fn calm(name: &'static str, model: Model) -> Self {
        Self {
            name,
            model,
            sites: 1,
            reachable: true,
            remote_signer: true,
            backup: Machine::backup(),
            primary: Machine::primary(),
            mirror: false,
            locks_seen: true,
            gaps: false,
            refused: None,
            commands: Vec::new(),
            switches_off: true,
            margin: 10,
            budget: Budget { faults: 0, crashes: 0, lies: 0, delays: 0, commands: 0 },
            faults: Vec::new(),
            broken: None,
            after: 0,
        }
    }

    pub(crate) fn with(mut self, faults: &[Fault], number: u8) -> Self {
        self.faults = faults.to_vec();
        self.budget.faults = number;
        self
    }

    pub(crate) fn broken(mut self, broken: Broken) -> Self {
        self.broken = Some(broken);
        self
    }

    /// Is `return` in it? Only then the account of what was armed is kept.
    pub(crate) fn has_return(&self) -> bool {
        self.commands.iter().any(|(command, _)| *command == Command::Return)
    }

    pub(crate) fn is(&self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }
}
