//! The steps: what a run can do to the world.

use std::fmt;

use super::ladder::StepKind;
use super::vocabulary::{Basis, Path};
use crate::facts::{Asked, Cap, KeyName, Marks};
use crate::tezos::{ChainId, Level};

/// One effect. Its number is the one in the written procedure; 0 is the preparation of the backup.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
#[non_exhaustive]
pub enum Step {
    /// Stop the backup's own baker and signer services (S1a).
    StopBackup,
    /// Take the backup's token away: nothing may start there (S1a).
    GuardBackup,
    /// Tie the backup's stopped services to the token: neither a reboot nor a restart starts them (S1a).
    InstallBootGuard,
    /// Lock or deauthorize every key of the backup's device (S1a).
    DisarmBackup,
    /// Claim the sign interface: nobody on this host can ask for a signature (S1b).
    HoldSigner,
    /// Unlock and lock again: the passphrase is right (S1).
    ProvePassphrase {
        /// Which keys.
        keys: Vec<KeyName>,
    },
    /// Stop what signs on the primary; its node goes on.
    StopPrimary,
    /// Note the level: the highest head when the fence's first or last word was said, and what follows from it.
    NoteLevel {
        /// The highest agreed fresh head (h).
        head: Level,
        /// The highest level that the primary may have signed (B).
        bound: Level,
        /// What B comes from; an old journal does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<Basis>,
    },
    /// Tie the primary's stopped services to its guard: neither a reboot nor a restart nor an upgrade starts them.
    GuardPrimary,
    /// Put away the auto-unlock secret of the primary's keys; it stays on that machine.
    StashSecret,
    /// Lock or deauthorize every key of the primary's signer.
    DisarmPrimary,
    /// Merge the primary's seed nonces into the backup's files, while nothing bakes on either side (H16).
    MergeNonces {
        /// Whose nonces they are.
        chain: ChainId,
    },
    /// Unlock the backup's keys, the sign interface held.
    Unlock {
        /// Which keys.
        keys: Vec<KeyName>,
    },
    /// Raise every key's marks to the floor (F), and read them back.
    Raise {
        /// Which keys.
        keys: Vec<KeyName>,
        /// The floor.
        floor: Level,
        /// No mark goes past this.
        cap: Cap,
    },
    /// Authorize the Ledger's key with its mark at the floor or above, in one press.
    Authorize {
        /// Which key.
        key: KeyName,
        /// The floor.
        floor: Level,
        /// No mark goes past this.
        cap: Cap,
        /// Whose mark it is.
        chain: ChainId,
    },
    /// Lift the guard, let the sign interface go, start the baker.
    Start {
        /// The floor that every mark was read back at or above.
        floor: Level,
        /// The marks of the consensus key, as read back: whatever is signed above them from now on may be the backup's.
        marks: Marks,
        /// How the primary was fenced.
        path: Path,
    },
    /// Make this run's permit, by which it lives (S13).
    TakePermit,
    /// Take away every permit on the primary, and leave this run's claim there (S13).
    Claim {
        /// Hosts of which a person said that their run is over: their claims are replaced.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        over: Vec<String>,
        /// How long it is tried, in seconds.
        seconds: u64,
    },
    /// Unlock with the sign interface held, read every mark, lock again and read back.
    ReadMarks {
        /// Which keys.
        keys: Vec<KeyName>,
        /// Those of them that are locked.
        #[serde(default)]
        locked: Vec<KeyName>,
    },
    /// Raise marks outside of a run, and leave the device as unable to sign as it was: a locked TezSign is unlocked with
    /// the sign interface held, and locked again.
    RaiseMarks {
        /// Which keys.
        keys: Vec<KeyName>,
        /// Those of them that are locked.
        #[serde(default)]
        locked: Vec<KeyName>,
        /// To this level, or one above a key's highest mark where that is higher.
        level: Level,
        /// No mark goes past this.
        cap: Cap,
        /// A person typed the level: where a mark is above it, that is a mistake, and nothing is raised.
        typed: bool,
    },
    /// Give the primary its job back: its guard is lifted, its secret put back, its services started.
    GiveBack {
        /// This machine's signer is dead, and a person stated that it is unplugged (H28).
        unplugged: bool,
    },
}

impl Step {
    /// What is done, without its arguments.
    #[must_use]
    pub const fn kind(&self) -> StepKind {
        match self {
            Self::StopBackup => StepKind::StopBackup,
            Self::GuardBackup => StepKind::GuardBackup,
            Self::InstallBootGuard => StepKind::InstallBootGuard,
            Self::DisarmBackup => StepKind::DisarmBackup,
            Self::HoldSigner => StepKind::HoldSigner,
            Self::ProvePassphrase { .. } => StepKind::ProvePassphrase,
            Self::StopPrimary => StepKind::StopPrimary,
            Self::NoteLevel { .. } => StepKind::NoteLevel,
            Self::GuardPrimary => StepKind::GuardPrimary,
            Self::StashSecret => StepKind::StashSecret,
            Self::DisarmPrimary => StepKind::DisarmPrimary,
            Self::MergeNonces { .. } => StepKind::MergeNonces,
            Self::Unlock { .. } => StepKind::Unlock,
            Self::Raise { .. } => StepKind::Raise,
            Self::Authorize { .. } => StepKind::Authorize,
            Self::Start { .. } => StepKind::Start,
            Self::TakePermit => StepKind::TakePermit,
            Self::Claim { .. } => StepKind::Claim,
            Self::ReadMarks { .. } => StepKind::ReadMarks,
            Self::RaiseMarks { .. } => StepKind::RaiseMarks,
            Self::GiveBack { .. } => StepKind::GiveBack,
        }
    }

    /// The step's number in the written procedure; 8 is the way back.
    #[must_use]
    pub fn number(&self) -> u8 {
        self.kind().rank().number
    }

    /// Does it only take the backup's ability to sign away? Then no lock gates it (S12). What is done to the primary is
    /// for the one run that holds the lock: without it, somebody else may be at that machine.
    #[must_use]
    pub const fn only_disarms(&self) -> bool {
        match self {
            Self::StopBackup | Self::GuardBackup | Self::InstallBootGuard | Self::DisarmBackup => true,
            Self::HoldSigner
            | Self::ProvePassphrase { .. }
            | Self::StopPrimary
            | Self::NoteLevel { .. }
            | Self::GuardPrimary
            | Self::StashSecret
            | Self::DisarmPrimary
            | Self::MergeNonces { .. }
            | Self::Unlock { .. }
            | Self::Raise { .. }
            | Self::Authorize { .. }
            | Self::Start { .. }
            | Self::TakePermit
            | Self::Claim { .. }
            | Self::ReadMarks { .. }
            | Self::RaiseMarks { .. }
            | Self::GiveBack { .. } => false,
        }
    }

    /// Does it let this machine's device or services sign, even for a moment? Then it is done under the effect lock,
    /// with the permit there before and after it (S13).
    #[must_use]
    pub const fn needs_permit(&self) -> bool {
        matches!(
            self,
            Self::ProvePassphrase { .. }
                | Self::Unlock { .. }
                | Self::Raise { .. }
                | Self::Authorize { .. }
                | Self::Start { .. }
        )
    }

    /// Are marks raised by it, or only read where they are on record after it?
    #[must_use]
    pub const fn raises(&self) -> bool {
        matches!(self, Self::Raise { .. } | Self::Authorize { .. } | Self::RaiseMarks { .. })
    }

    /// Is it a step of `return`, and none of a run?
    #[must_use]
    pub const fn gives_back(&self) -> bool {
        matches!(self, Self::ReadMarks { .. } | Self::GiveBack { .. })
    }

    /// Does it let the backup sign, or bring it nearer to that? Then what decided it must not be old (S15).
    #[must_use]
    pub const fn arms(&self) -> bool {
        matches!(self, Self::Unlock { .. } | Self::Raise { .. } | Self::Authorize { .. } | Self::Start { .. })
    }

    /// A short name, the same for every try.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StopBackup => f.write_str("stop the backup's own baker and signer services"),
            Self::GuardBackup => f.write_str("guard the backup: nothing may start here"),
            Self::InstallBootGuard => f.write_str("tie the backup's services to the guard: no reboot starts them"),
            Self::DisarmBackup => f.write_str("lock or deauthorize the backup's keys"),
            Self::HoldSigner => f.write_str("hold the sign interface"),
            Self::ProvePassphrase { .. } => f.write_str("prove the passphrase: unlock and lock again"),
            Self::StopPrimary => f.write_str("stop what signs on the primary"),
            Self::NoteLevel { head, bound, basis } => {
                write!(f, "note the level: head {head:#}, the primary may have signed up to {bound:#}")?;
                basis.iter().try_for_each(|basis| write!(f, " ({basis})"))
            }
            Self::GuardPrimary => f.write_str("guard the primary: no reboot, restart or upgrade starts it"),
            Self::StashSecret => f.write_str("put away the primary's auto-unlock secret; it stays on that machine"),
            Self::DisarmPrimary => f.write_str("lock or deauthorize the primary's keys"),
            Self::MergeNonces { .. } => f.write_str("merge the primary's seed nonces into the backup's files"),
            Self::Unlock { .. } => f.write_str("unlock the backup's keys, sign interface held"),
            Self::Raise { floor, .. } => write!(f, "raise every mark to {floor:#} and read it back"),
            Self::Authorize { floor, .. } => {
                // As the screen writes it: it is compared digit by digit.
                write!(f, "authorize the Ledger with its mark at {}: press the buttons", floor.get())
            }
            Self::Start { .. } => f.write_str("start the backup's baker"),
            Self::TakePermit => f.write_str("make this run's permit: taking it away stops the run"),
            Self::Claim { .. } => f.write_str("claim the primary, so that no run there goes on or is resumed"),
            Self::ReadMarks { .. } => f.write_str("read every mark: unlock, sign interface held, and lock again"),
            Self::RaiseMarks { level, .. } => write!(f, "raise every mark to {level:#}, read it back, and lock again"),
            Self::GiveBack { .. } => f.write_str("start the primary's baker again"),
        }
    }
}

/// Something that a decision allowed. Only the decision can make one, so there is no effect without a verdict.
#[derive(Debug, PartialEq, Eq)]
pub struct Approved<T> {
    step: T,
    /// When what decided it was asked.
    asked: Option<Box<Asked>>,
}

impl<T> Approved<T> {
    pub(super) const fn new(step: T) -> Self {
        Self { step, asked: None }
    }

    /// On what was asked then.
    pub(super) fn on(self, asked: Asked) -> Self {
        Self { asked: Some(Box::new(asked)), ..self }
    }

    /// What was allowed.
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.step
    }

    /// When what decided it was asked; `None`: nobody can say.
    #[must_use]
    pub fn asked(&self) -> Option<Asked> {
        self.asked.as_deref().copied()
    }

    /// What was allowed, once: the effect takes it, and there is none left for another.
    pub(crate) fn take(self) -> T {
        self.step
    }
}
