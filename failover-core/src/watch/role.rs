//! PURE: what this machine is to the baker: the one that bakes, or one that stands by.
//!
//! The guard's token says it where there is one. A machine that always baked may know no guard: there the device says
//! it, where it can sign, is asked to, and its mark is near the head. A device that could sign and whose mark is old is
//! not the one that bakes: another machine that signs then is not a duplicate.

use super::record::WatchRole;
use crate::facts::{DeviceState, Fact, Marks};
use crate::guard::{GuardStatus, Token};
use crate::tezos::Level;

/// A mark at most this far below the head was set by signing, lately.
const LATELY: u64 = 10;

/// What the role follows from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signs<'a> {
    pub(super) guard: &'a GuardStatus,
    /// Is a signing service running here? `None`: not known.
    pub(super) running: Option<bool>,
    pub(super) device: &'a Fact<DeviceState>,
    /// The marks of the active consensus key.
    pub(super) marks: Option<Marks>,
    pub(super) head: Option<Level>,
}

/// What this machine is, as far as it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// It bakes, on the word of a token.
    Token(Token),
    /// It bakes, on the word of its device.
    Device,
    /// It stands by.
    Sentinel,
}

impl Taken {
    pub(super) const fn role(&self) -> WatchRole {
        match self {
            Self::Token(_) | Self::Device => WatchRole::Baker,
            Self::Sentinel => WatchRole::Sentinel,
        }
    }

    pub(super) fn why(&self) -> String {
        match self {
            Self::Token(token) => format!("the guard was lifted at {} {}", token.at, token.by),
            Self::Device => "its device can sign, and its mark is near the head".to_owned(),
            Self::Sentinel => "there is no token here, and the device here does not sign".to_owned(),
        }
    }
}

/// What it is now, after what it was; `None`: not known yet.
pub(super) fn taken(before: Option<&Taken>, seen: Signs<'_>) -> Option<Taken> {
    let armed = seen.device.as_ref().ok().map(|d| !d.value.able_to_sign().is_empty());
    match (seen.guard, before) {
        (GuardStatus::Lifted(token), _) => Some(Taken::Token(token.clone())),
        // Without a token it still is the one as long as it could sign.
        (_, Some(Taken::Token(token))) => match (armed, seen.running) {
            (Some(false), Some(false)) if *seen.guard == GuardStatus::Guarded => Some(Taken::Sentinel),
            _ => Some(Taken::Token(token.clone())),
        },
        (_, Some(Taken::Device)) => Some(Taken::Device),
        (_, before) => {
            let lately = |marks: Marks| {
                let (mark, head) = (marks.highest().0?, seen.head?);
                Some(mark.level.above(LATELY) >= head)
            };
            match (armed, seen.running, seen.marks.and_then(lately)) {
                (Some(true), Some(true), Some(true)) => Some(Taken::Device),
                (Some(true), Some(true), None) | (None, Some(true) | None, _) | (Some(true), None, _) => {
                    before.cloned()
                }
                _ => Some(Taken::Sentinel),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::facts::{Arming, KeyName, KeyState, Mark, Model, Observed, Unknown};
    use crate::guard::LiftedBy;
    use crate::signer::DeviceInfo;
    use crate::tezos::{Curve, KeyHash, Position};

    fn device(arming: Arming) -> Fact<DeviceState> {
        let info =
            DeviceInfo { model: Model::TezSign, selector: String::new(), serial: None, version: None, ledger: None };
        let key = KeyHash::new(Curve::Bls, [1; 20]);
        let keys = vec![KeyState { name: KeyName::new("consensus"), key, arming, marks: None }];
        Ok(Observed { value: DeviceState { info, keys }, source: String::new(), at: Timestamp::from_millis(0) })
    }

    fn unknown() -> Fact<DeviceState> {
        Err(Unknown { why: "no answer".to_owned(), next: "look".to_owned() })
    }

    fn marks(level: u64) -> Option<Marks> {
        Some(Marks::all(Mark::at(Position::start_of(Level::new(level).unwrap()))))
    }

    fn at(guard: &GuardStatus, running: Option<bool>, device: &Fact<DeviceState>, mark: u64) -> Option<WatchRole> {
        let seen = Signs { guard, running, device, marks: marks(mark), head: Level::new(1000) };
        taken(None, seen).map(|taken| taken.role())
    }

    #[test]
    fn a_token_says_it_and_without_one_the_device_does() {
        let token = Token { at: Timestamp::from_millis(0), by: LiftedBy::Plan("K7MPQ2".parse().unwrap()) };
        let (lifted, guarded) = (GuardStatus::Lifted(token.clone()), GuardStatus::Guarded);
        assert_eq!(at(&lifted, Some(false), &unknown(), 1), Some(WatchRole::Baker));
        let armed = device(Arming::Armed);
        // At most ten levels below the head: set by signing, lately.
        assert_eq!(at(&guarded, Some(true), &armed, 990), Some(WatchRole::Baker));
        assert_eq!(at(&guarded, Some(true), &armed, 989), Some(WatchRole::Sentinel));
        // H14: a service unlocked the device by itself, and another machine bakes. That is no duplicate.
        assert_eq!(at(&guarded, Some(true), &armed, 900), Some(WatchRole::Sentinel));
        assert_eq!(at(&guarded, Some(false), &armed, 995), Some(WatchRole::Sentinel));
        assert_eq!(at(&guarded, Some(true), &device(Arming::Disarmed), 995), Some(WatchRole::Sentinel));
        // Not known is not decided (S3).
        assert_eq!(at(&guarded, Some(true), &unknown(), 995), None);
        assert_eq!(at(&guarded, None, &armed, 995), None);
    }

    #[test]
    fn what_bakes_stays_so_until_it_cannot() {
        let token = Token { at: Timestamp::from_millis(0), by: LiftedBy::Plan("K7MPQ2".parse().unwrap()) };
        let before = Taken::Token(token);
        let guarded = GuardStatus::Guarded;
        let next = |running, device: &Fact<DeviceState>| {
            taken(Some(&before), Signs { guard: &guarded, running, device, marks: None, head: None })
        };
        for (running, device) in [
            (Some(true), device(Arming::Disarmed)),
            (Some(false), device(Arming::Armed)),
            (Some(false), device(Arming::Corrupted)),
            (Some(false), unknown()),
            (None, device(Arming::Disarmed)),
        ] {
            assert_eq!(next(running, &device).as_ref(), Some(&before));
        }
        assert_eq!(next(Some(false), &device(Arming::Disarmed)), Some(Taken::Sentinel));
        // A machine that always baked knows no token that could say otherwise.
        let dead = device(Arming::Disarmed);
        let seen = Signs { guard: &guarded, running: Some(false), device: &dead, marks: None, head: None };
        assert_eq!(taken(Some(&Taken::Device), seen), Some(Taken::Device));
    }
}
