//! The order of the steps, as one table: the numbers and headings of the written procedure, and what is done under each, in
//! the order in which it is done. The screen, the report and the journal's numbers are drawn from it.

use std::fmt;

use StepKind as Kind;

/// What is done, without its arguments: one kind for each [`Step`](super::Step), and what is only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StepKind {
    /// Looks at everything that decides.
    Look,
    /// [`Step::StopBackup`](super::Step::StopBackup)
    StopBackup,
    /// [`Step::GuardBackup`](super::Step::GuardBackup)
    GuardBackup,
    /// [`Step::InstallBootGuard`](super::Step::InstallBootGuard)
    InstallBootGuard,
    /// [`Step::DisarmBackup`](super::Step::DisarmBackup)
    DisarmBackup,
    /// [`Step::TakePermit`](super::Step::TakePermit)
    TakePermit,
    /// [`Step::Claim`](super::Step::Claim)
    Claim,
    /// [`Step::HoldSigner`](super::Step::HoldSigner)
    HoldSigner,
    /// [`Step::ProvePassphrase`](super::Step::ProvePassphrase)
    ProvePassphrase,
    /// [`Step::StopPrimary`](super::Step::StopPrimary)
    StopPrimary,
    /// [`Step::NoteLevel`](super::Step::NoteLevel)
    NoteLevel,
    /// [`Step::GuardPrimary`](super::Step::GuardPrimary)
    GuardPrimary,
    /// [`Step::StashSecret`](super::Step::StashSecret)
    StashSecret,
    /// [`Step::DisarmPrimary`](super::Step::DisarmPrimary)
    DisarmPrimary,
    /// [`Step::MergeNonces`](super::Step::MergeNonces)
    MergeNonces,
    /// [`Step::Unlock`](super::Step::Unlock)
    Unlock,
    /// [`Step::Raise`](super::Step::Raise)
    Raise,
    /// [`Step::Authorize`](super::Step::Authorize)
    Authorize,
    /// [`Step::RaiseMarks`](super::Step::RaiseMarks)
    RaiseMarks,
    /// [`Step::Start`](super::Step::Start)
    Start,
    /// Looks whether the backup bakes, and alone.
    Verify,
    /// [`Step::ReadMarks`](super::Step::ReadMarks)
    ReadMarks,
    /// [`Step::GiveBack`](super::Step::GiveBack)
    GiveBack,
}

/// One step of the written procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// Its number; 0 is the preparation of the backup, 8 the way back.
    pub number: u8,
    /// Its heading.
    pub title: &'static str,
    /// What is done under it, in this order where nothing went before.
    pub kinds: &'static [StepKind],
}

/// The written procedure, from the preparation to the way back. A run confirms that the primary is down (1) before it touches
/// anything, and may note the level (4) as soon as the primary reads back as stopped, while it is being fenced (3).
pub const LADDER: [Rank; 9] = [
    Rank { number: 1, title: "Confirm that the primary is down", kinds: &[Kind::Look] },
    Rank {
        number: 0,
        title: "Fence the backup from itself, prove the passphrase",
        kinds: &[
            Kind::StopBackup,
            Kind::GuardBackup,
            Kind::InstallBootGuard,
            Kind::DisarmBackup,
            Kind::TakePermit,
            Kind::Claim,
            Kind::HoldSigner,
            Kind::ProvePassphrase,
        ],
    },
    Rank { number: 2, title: "Stop the primary, if it can be reached", kinds: &[Kind::StopPrimary] },
    Rank {
        number: 3,
        title: "Disconnect its signer, and watch its silence",
        kinds: &[Kind::GuardPrimary, Kind::StashSecret, Kind::DisarmPrimary],
    },
    Rank { number: 4, title: "Note the level", kinds: &[Kind::NoteLevel, Kind::MergeNonces] },
    Rank {
        number: 5,
        title: "Raise the backup signer's marks above it",
        kinds: &[Kind::Unlock, Kind::Raise, Kind::Authorize, Kind::RaiseMarks],
    },
    Rank { number: 6, title: "Start the backup's baker", kinds: &[Kind::Start] },
    Rank { number: 7, title: "Verify that baking resumes", kinds: &[Kind::Verify] },
    Rank { number: 8, title: "Give the primary its job back", kinds: &[Kind::ReadMarks, Kind::GiveBack] },
];

impl StepKind {
    /// Every kind, in the order of [`LADDER`].
    pub fn all() -> impl Iterator<Item = Self> {
        LADDER.iter().flat_map(|rank| rank.kinds.iter().copied())
    }

    /// The step of the written procedure that it is done under.
    #[must_use]
    pub fn rank(self) -> &'static Rank {
        let [first, ..] = &LADDER;
        LADDER.iter().find(|rank| rank.kinds.contains(&self)).unwrap_or(first)
    }

    /// A short name, the same for every try and in every version: journals and `--json` have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::StopBackup => "stop-backup",
            Self::GuardBackup => "guard-backup",
            Self::InstallBootGuard => "install-boot-guard",
            Self::DisarmBackup => "disarm-backup",
            Self::TakePermit => "take-permit",
            Self::Claim => "claim",
            Self::HoldSigner => "hold-signer",
            Self::ProvePassphrase => "prove-passphrase",
            Self::StopPrimary => "stop-primary",
            Self::NoteLevel => "note-level",
            Self::GuardPrimary => "guard-primary",
            Self::StashSecret => "stash-secret",
            Self::DisarmPrimary => "disarm-primary",
            Self::MergeNonces => "merge-nonces",
            Self::Unlock => "unlock",
            Self::Raise => "raise",
            Self::Authorize => "authorize",
            Self::RaiseMarks => "raise-marks",
            Self::Start => "start",
            Self::Verify => "verify",
            Self::ReadMarks => "read-marks",
            Self::GiveBack => "give-back",
        }
    }
}

impl fmt::Display for StepKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The heading of a number of the written procedure.
#[must_use]
pub fn title(number: u8) -> &'static str {
    LADDER.iter().find(|rank| rank.number == number).map_or("", |rank| rank.title)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_stands_on_the_ladder_once_and_is_found_there() {
        let all: Vec<StepKind> = StepKind::all().collect();
        assert_eq!(all.len(), 23, "a kind that is on no step of the ladder, or twice");
        assert_eq!(all.iter().map(|kind| kind.name()).collect::<BTreeSet<_>>().len(), all.len());
        for rank in &LADDER {
            assert!(rank.kinds.iter().all(|kind| kind.rank() == rank), "{}", rank.title);
            assert_eq!(title(rank.number), rank.title);
        }
        let numbers: BTreeSet<u8> = LADDER.iter().map(|rank| rank.number).collect();
        assert_eq!(numbers, (0..=8).collect());
    }
}
