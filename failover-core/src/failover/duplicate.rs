//! What is done about a foreign position, by a run and by a watch alike (S8, S12).

use crate::clock::Clock;
use crate::decision::{Policy, positions};
use crate::effect::{self, Disarmed, Hands};
use crate::facts::Signed;
use crate::journal::record::{End, Outcome};
use crate::state::{Duplicate, StateDir, StateError};

/// What came of it.
pub(crate) struct Stopped {
    pub(crate) disarmed: Disarmed,
    /// Why it could not be kept for later, where it could not.
    pub(crate) unlatched: Option<StateError>,
}

/// Disarms this machine first, then latches: it stays so until `failover clear`. Nothing is written or asked before.
pub(crate) fn stop(
    hands: &mut Hands,
    clock: &dyn Clock,
    state: &StateDir,
    policy: &Policy,
    signed: &[Signed],
) -> Stopped {
    // S14: whatever else goes on here for this baker ends too.
    if let Some(permit) = &hands.permit {
        let _disarmed_all_the_same = permit.permits.take_away("a duplicate");
    }
    let disarmed = effect::disarm(hands, clock);
    let latched = signed.first().map(|first| {
        state.latch_duplicate(&Duplicate {
            at: clock.wall(),
            chain: policy.chain,
            baker: policy.baker,
            kind: first.kind,
            position: first.at,
            evidence: first.seen_in.clone(),
        })
    });
    Stopped { disarmed, unlatched: latched.and_then(Result::err) }
}

/// How the run or the watch ends.
pub(crate) fn end(signed: &[Signed], stopped: &Stopped) -> End {
    ended(
        "another machine signs with this baker's keys",
        "find the other machine and unplug its signer",
        signed,
        stopped,
    )
}

/// How the run ends where the baker was denounced after the start.
pub(crate) fn denounced_after_the_start(signed: &[Signed], stopped: &Stopped, policy: &Policy) -> End {
    denounced("was denounced after the start", signed, stopped, policy)
}

/// How a watch ends on a machine that bakes without a run before it.
pub(crate) fn denounced_here(signed: &[Signed], stopped: &Stopped, policy: &Policy) -> End {
    denounced("is denounced", signed, stopped, policy)
}

fn denounced(when: &str, signed: &[Signed], stopped: &Stopped, policy: &Policy) -> End {
    let told = format!("{} {when}: its keys signed two different things", policy.name);
    let find = "unplug every signer of this baker but this one's, and find out which one signed too";
    ended(&told, find, signed, stopped)
}

fn ended(told: &str, find: &str, signed: &[Signed], stopped: &Stopped) -> End {
    let mut message = format!("{told}: {}", positions(signed));
    if let Some(error) = &stopped.unlatched {
        message.push_str(&format!("; and this could not be kept for later: {error}"));
    }
    let next = if stopped.disarmed.proven {
        format!("{find}; the backup stays stopped until `failover clear`")
    } else {
        "unplug the backup's signer now: it could not be read back as stopped".to_owned()
    };
    End::new(Outcome::Duplicate, 5, message, next)
}

/// Says what the backup signed before it was stopped, and the other machine may have signed too.
pub(crate) fn add_shared(end: &mut End, shared: &[Signed]) {
    if !shared.is_empty() {
        let all: Vec<String> = shared.iter().map(|s| format!("{} {:#}", s.kind, s.at)).collect();
        end.message.push_str("; the backup signed too, so that each of these may be signed twice: ");
        end.message.push_str(&all.join(", "));
    }
}
