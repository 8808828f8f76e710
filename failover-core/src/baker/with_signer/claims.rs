//! Both machines are claimed, and both get their job back (S13).

use super::WithSigner;
use crate::baker::{BakerError, BakerMachine, BakerState, Claims, GiveBackOrder, GivenBack};
use crate::guard::GuardNote;
use crate::permit::{ClaimAnswer, ClaimOrder, RunId};

impl Claims for WithSigner {
    /// Both are claimed, the signer's first: another run that takes this one's place has to pass one of them.
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
}

impl WithSigner {
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

/// One machine's answer to a claim, past what another run of this machine left there: the two may have different ones.
fn claimed(control: &mut dyn BakerMachine, order: &ClaimOrder, own: &[RunId]) -> Result<ClaimAnswer, BakerError> {
    match control.claim(order)? {
        ClaimAnswer::Claimed { by } if own.contains(&by.run) && order.replace != Some(by.run) => {
            control.claim(&ClaimOrder { replace: Some(by.run), ..order.clone() })
        }
        answer => Ok(answer),
    }
}

/// The same of a give-back, by a permit of its own name: one that was used there is not made again.
fn given(
    control: &mut dyn BakerMachine,
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
