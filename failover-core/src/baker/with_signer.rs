//! A baker whose signer runs on a machine of its own: both are stopped and read back, or nothing is.
//!
//! Whoever reaches that signer can have it sign, so that a stopped baker alone fences nothing.

use std::path::Path;
use std::time::Duration;

use super::{BakerControl, BakerError, BakerState, Depth, GiveBackOrder, GivenBack, Startable, UnitName, UnlockSecret};
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};
use crate::host::HostIdentity;
use crate::mark_files::PrimaryMarks;
use crate::nonces::{Merged, Nonces};
use crate::permit::{ClaimAnswer, ClaimOrder, RunId};
use crate::tezos::ChainId;

/// Two machines that are controlled as one: the baker's, which is the one that is pinned and claimed, and its signer's.
///
/// ```no_run
/// use failover_core::baker::{BakerControl, SystemdControl, TezbakeControl, WithSigner};
/// use failover_core::host::{SshHost, SshOptions};
/// let host = |name| SshHost::new(name, SshOptions::default());
/// let signer = SystemdControl::new(host("root@signer")?, vec!["octez-signer".parse()?]);
/// let mut primary = WithSigner::new(Box::new(TezbakeControl::new(host("baker@primary")?)), Box::new(signer));
/// println!("{:?}", primary.state()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WithSigner {
    baker: Box<dyn BakerControl>,
    signer: Box<dyn BakerControl>,
    /// Runs of which this machine's orders said that they are its own and over: their claims on either machine are replaced.
    own: Vec<RunId>,
}

impl std::fmt::Debug for WithSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("WithSigner").field(&self.describe()).finish()
    }
}

impl WithSigner {
    /// A baker, and the signer that it asks.
    #[must_use]
    pub const fn new(baker: Box<dyn BakerControl>, signer: Box<dyn BakerControl>) -> Self {
        Self { baker, signer, own: Vec::new() }
    }

    /// Does this on both, the signer first, whatever became of the first; the first error is the answer.
    fn both(&mut self, each: impl Fn(&mut dyn BakerControl) -> Result<(), BakerError>) -> Result<(), BakerError> {
        let signer = each(&mut *self.signer);
        let baker = each(&mut *self.baker);
        signer.and(baker)
    }

    /// The signer of a baker that was not given back is taken away again: every part is tried, and the first error told.
    fn signer_away(&mut self, order: &GiveBackOrder) -> Result<(), BakerError> {
        let stopped = self.signer.stop();
        let guarded = self.signer.install_boot_guard(&GuardNote::here(order.at, None));
        let stashed = match self.signer.stash_unlock_secret() {
            Err(BakerError::NoSecretPlace { .. }) => Ok(()),
            told => told,
        };
        stopped.and(guarded).and(stashed)
    }
}

/// One machine's answer to a claim, past what another run of one's own left there: the two may have different ones.
fn claimed(control: &mut dyn BakerControl, order: &ClaimOrder, own: &[RunId]) -> Result<ClaimAnswer, BakerError> {
    match control.claim(order)? {
        ClaimAnswer::Claimed { by } if own.contains(&by.run) && order.replace != Some(by.run) => {
            control.claim(&ClaimOrder { replace: Some(by.run), ..order.clone() })
        }
        answer => Ok(answer),
    }
}

/// The same of a give-back, by a permit of its own name: one that was used there is not made again.
fn given(
    control: &mut dyn BakerControl,
    order: &GiveBackOrder,
    run: RunId,
    own: &[RunId],
) -> Result<GivenBack, BakerError> {
    let with = |own| GiveBackOrder {
        baker: order.baker.clone(),
        run,
        who: order.who.clone(),
        at: order.at,
        own,
        here: order.here.clone(),
        lift: order.lift.of_the_same_verdict(),
    };
    match control.give_back(&with(order.own))? {
        GivenBack::Not(ClaimAnswer::Claimed { by }) if own.contains(&by.run) && order.own != Some(by.run) => {
            control.give_back(&with(Some(by.run)))
        }
        given => Ok(given),
    }
}

/// Nothing there speaks against a claim, or it was made.
const fn is_let(answer: &ClaimAnswer) -> bool {
    matches!(answer, ClaimAnswer::Made { .. } | ClaimAnswer::Free { .. } | ClaimAnswer::Stands { .. })
}

impl BakerControl for WithSigner {
    fn describe(&self) -> String {
        format!("{} with its signer, {}", self.baker.describe(), self.signer.describe())
    }

    fn begin_look(&mut self, depth: Depth) {
        self.baker.begin_look(depth);
        self.signer.begin_look(depth);
    }

    fn end_look(&mut self) {
        self.baker.end_look();
        self.signer.end_look();
    }

    /// The baker's machine. Which one the signer's is, ssh says by its host key, and a claim where it is this one (H19).
    fn identity(&mut self) -> Result<HostIdentity, BakerError> {
        self.baker.identity()
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        match (self.baker.state(), self.signer.state()) {
            (Ok(BakerState::Stopped { mut checked }), Ok(BakerState::Stopped { checked: signer })) => {
                checked.extend(signer);
                Ok(BakerState::Stopped { checked })
            }
            (Ok(BakerState::Running { mut what }), Ok(BakerState::Running { what: signer })) => {
                what.extend(signer);
                Ok(BakerState::Running { what })
            }
            // One of them answers no more: neither running nor stopped, and nothing that can be stopped from here.
            (Err(error), _) | (_, Err(error)) => Err(error),
            (running @ Ok(BakerState::Running { .. }), _) | (_, running) => running,
        }
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        Ok(self.baker.restart_delay()?.max(self.signer.restart_delay()?))
    }

    fn marks(&mut self, chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        match (self.baker.marks(chain), self.signer.marks(chain)) {
            (Ok(mut marks), Ok(signer)) => {
                marks.files.extend(signer.files);
                marks.other_chains.extend(signer.other_chains);
                marks.absent.extend(signer.absent);
                marks.unread = marks.unread.or(signer.unread);
                Ok(marks)
            }
            // What a signer signed the baker has asked for; a folder that nobody named is none that cannot be read.
            (Ok(marks), Err(BakerError::NoMarkFolder { .. })) | (Err(BakerError::NoMarkFolder { .. }), Ok(marks)) => {
                Ok(marks)
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    fn nonces(&mut self, chain: ChainId) -> Result<Nonces, BakerError> {
        self.baker.nonces(chain)
    }

    fn merge_nonces(&mut self, chain: ChainId, theirs: &Nonces, at: Timestamp) -> Result<Merged, BakerError> {
        self.baker.merge_nonces(chain, theirs, at)
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.stop())
    }

    fn pays(&self) -> Vec<UnitName> {
        [self.baker.pays(), self.signer.pays()].concat()
    }

    fn stop_pays(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.stop_pays())
    }

    fn paying(&mut self) -> Result<Vec<UnitName>, BakerError> {
        Ok([self.baker.paying()?, self.signer.paying()?].concat())
    }

    fn start(&mut self) -> Result<(), BakerError> {
        self.signer.start()?;
        self.baker.start()
    }

    fn complaints(&mut self, within: Duration) -> Result<Vec<String>, BakerError> {
        Ok([self.baker.complaints(within)?, self.signer.complaints(within)?].concat())
    }

    fn unlock_secret(&mut self) -> Result<UnlockSecret, BakerError> {
        let (baker, signer) = (self.baker.unlock_secret(), self.signer.unlock_secret());
        match (baker, signer) {
            (Ok(UnlockSecret::InPlace { mut files }), Ok(UnlockSecret::InPlace { files: signer })) => {
                files.extend(signer);
                Ok(UnlockSecret::InPlace { files })
            }
            (place @ Ok(UnlockSecret::InPlace { .. }), _) | (_, place @ Ok(UnlockSecret::InPlace { .. })) => place,
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(UnlockSecret::Aside { mut files }), Ok(UnlockSecret::Aside { files: signer })) => {
                files.extend(signer);
                Ok(UnlockSecret::Aside { files })
            }
            (aside @ Ok(UnlockSecret::Aside { .. }), _) | (_, aside) => aside,
        }
    }

    fn stash_unlock_secret(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.stash_unlock_secret())
    }

    fn restore_unlock_secret(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.restore_unlock_secret())
    }

    fn boot_guard(&mut self) -> Result<BootGuard, BakerError> {
        // What is open is said whatever the other one is: it can be guarded, and else never would be.
        match (self.baker.boot_guard(), self.signer.boot_guard()) {
            (Ok(BootGuard::Holds { mut units, note }), Ok(BootGuard::Holds { units: signer, .. })) => {
                units.extend(signer);
                Ok(BootGuard::Holds { units, note })
            }
            (Ok(BootGuard::Open { mut why }), other) | (other, Ok(BootGuard::Open { mut why })) => {
                match other {
                    Ok(BootGuard::Open { why: more }) => why.extend(more),
                    Ok(BootGuard::Holds { .. }) => {}
                    Err(error) => why.push(error.to_string()),
                }
                Ok(BootGuard::Open { why })
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError> {
        self.both(|control| control.install_boot_guard(note))
    }

    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError> {
        self.both(|control| control.lift_boot_guard(lift, now))
    }

    /// Both are claimed, the signer's first: whoever takes this run's place there has to come past one of them.
    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        self.own.extend(order.replace);
        let signer = claimed(&mut *self.signer, order, &self.own);
        // A machine that does not answer is no reason to leave the other one unclaimed, nor what goes on there unseen.
        if matches!(&signer, Ok(answer) if !is_let(answer) && !matches!(answer, ClaimAnswer::Unasked { .. })) {
            return signer;
        }
        let baker = claimed(&mut *self.baker, order, &self.own)?;
        Ok(match (baker, signer) {
            (baker, _) if !is_let(&baker) => baker,
            (_, Err(error)) => return Err(error),
            (_, Ok(unasked @ ClaimAnswer::Unasked { .. })) => unasked,
            // It stands on both of them, or it does not stand.
            (ClaimAnswer::Stands { over }, Ok(ClaimAnswer::Free { .. })) => ClaimAnswer::Free { over },
            (baker, Ok(_)) => baker,
        })
    }

    /// The signer first, which alone signs for nobody, each by the script on its own machine.
    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        self.own.extend(order.own);
        let unclear = |host: String, why: String| BakerError::Unclear { host, why };
        let run = RunId::random().map_err(|error| unclear(self.signer.describe(), error.to_string()))?;
        let signer = given(&mut *self.signer, order, run, &self.own)?;
        if signer != GivenBack::Started {
            return Ok(signer);
        }
        let baker = given(&mut *self.baker, order, order.run, &self.own);
        if !matches!(baker, Ok(GivenBack::Started)) {
            let away = self.signer_away(order);
            // Why the baker was not given back comes first.
            return baker.and_then(|baker| away.map(|()| baker));
        }
        match self.baker.state()? {
            BakerState::Running { .. } => baker,
            BakerState::Stopped { .. } => {
                let why = "it was told to start and does not run; its signer does".to_owned();
                Err(unclear(self.baker.describe(), why))
            }
        }
    }

    fn guard_token(&self) -> Option<&Path> {
        self.baker.guard_token()
    }

    /// A signer that may not be stopped is found before its baker is.
    fn reads_back(&mut self) -> Result<(), BakerError> {
        self.both(|control| control.reads_back())?;
        match self.signer.may_change()? {
            true => Ok(()),
            false => Err(BakerError::Elevation { host: self.signer.describe(), what: "systemctl".to_owned() }),
        }
    }

    fn may_change(&mut self) -> Result<bool, BakerError> {
        Ok(self.baker.may_change()? && self.signer.may_change()?)
    }

    fn startable(&mut self) -> Result<Startable, BakerError> {
        let (mut baker, signer) = (self.baker.startable()?, self.signer.startable()?);
        baker.missing.extend(signer.missing);
        Ok(baker)
    }
}
