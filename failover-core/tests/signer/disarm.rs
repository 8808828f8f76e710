//! S8, S12: disarming. Its parts do not wait for each other.
#![cfg(feature = "tezsign")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use failover_core::baker::CommandControl;
use failover_core::baker::command::Commands;
use failover_core::clock::{Clock, Job, SystemClock, Timestamp};
use failover_core::decision::raise_by_hand;
use failover_core::effect::{EffectError, Hands, Whose, disarm, raise_marks, stand_down, stand_down_keys};
use failover_core::guard::Guard;
use failover_core::host::LocalHost;
use failover_core::operator::{Answer, Nobody, Operator, OperatorError, Question};
use failover_core::permit::{EffectLock, PermitKind, PermitState, Permits, Root, RunId};
use failover_core::signer::tezsign::{Connect, Interface, Link, LinkError, TezSign};
use failover_core::signer::{
    Arm, Arming, Cap, CheckedOrder, DeviceInfo, DeviceState, HwmSetter, KeyName, KeyState, Model, Passphrase,
    SignerDevice, SignerError,
};
use failover_core::tezos::{ChainId, Curve, KeyHash, Level};

/// A signer that answers nothing until the services were told to stop.
struct Hangs {
    stopped: PathBuf,
}

struct NoLink;

impl Link for NoLink {
    fn send(&mut self, _: &[u8], _: Duration) -> Result<(), LinkError> {
        Err(LinkError::Timeout)
    }
    fn receive(&mut self, _: &mut [u8], _: Duration) -> Result<usize, LinkError> {
        Err(LinkError::Timeout)
    }
}

impl Connect for Hangs {
    type Link = NoLink;

    fn open(&mut self, _: Interface, _: Duration) -> Result<NoLink, SignerError> {
        let begin = Instant::now();
        while !self.stopped.exists() {
            assert!(begin.elapsed() < Duration::from_secs(20), "the stop waits for the signer");
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(SignerError::NotFound { selector: "tezsign".to_owned() })
    }

    fn selector(&self) -> String {
        "tezsign".to_owned()
    }
}

#[expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]
fn hands(folder: &Path, stopped: &Path) -> Hands {
    let argv = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let commands = Commands {
        start: argv(&["true"]),
        stop: argv(&["touch", stopped.to_str().unwrap()]),
        status: argv(&["echo", "stopped"]),
        restart_delay: 1,
    };
    Hands {
        device: Box::new(TezSign::new(Hangs { stopped: stopped.to_owned() })),
        primary: None,
        primary_signer: None,
        power: None,
        backup: Box::new(CommandControl::new(LocalHost::new(), commands)),
        guard: Guard::new(folder),
        operator: Box::new(Nobody),
        passphrase: None,
        locks: Vec::new(),
        permit: None,
    }
}

/// Time in which, at the first part of a stop, a run makes its permit.
struct ARunBegins {
    permits: Permits,
    run: RunId,
}

impl Clock for ARunBegins {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn steady(&self) -> Duration {
        SystemClock.steady()
    }

    fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration);
    }

    #[expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as it should be")]
    fn together(&self, jobs: Vec<Job<'_>>) {
        if self.permits.look(&self.run).unwrap() == PermitState::NotMade {
            self.permits.begin(&self.run).unwrap();
            self.permits.make(&self.run, PermitKind::Run, "root", self.now()).unwrap();
        }
        SystemClock.together(jobs);
    }
}

/// S14, as the model found it: the permits are gone, and a run that began meanwhile makes its own before the second reading.
#[test]
fn a_permit_that_is_made_in_the_middle_of_a_stop_is_taken_away_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = folder.path().join("stopped");
    let root = Root::at(folder.path().join("machine"));
    let permits = root.of(ChainId::MAINNET, KeyHash::new(Curve::Ed25519, [1; 20]));
    for (run, alone) in [(RunId::from_bytes([1; 16]), false), (RunId::from_bytes([2; 16]), true)] {
        // It may have been here before: then there is an effect lock to be taken.
        let before = RunId::from_bytes([if alone { 3 } else { 4 }; 16]);
        permits.begin(&before).unwrap();
        permits.make(&before, PermitKind::Run, "root", SystemClock.now()).unwrap();
        let whose = if alone { Whose::Everyone(&root) } else { Whose::Baker(&permits) };
        let clock = ARunBegins { permits: permits.clone(), run };
        let disarmed = stand_down(&mut hands(folder.path(), &stopped), whose, "stand-down", &clock);
        assert!(matches!(permits.look(&run).unwrap(), PermitState::Gone { .. }), "{disarmed:?}");
    }
}

/// Time in which an effect that left no words, as on a full disk, ends while the stop is at its first reading.
struct AnEffectEnds {
    held: Mutex<Option<EffectLock>>,
    slept: Mutex<Duration>,
}

impl Clock for AnEffectEnds {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn steady(&self) -> Duration {
        SystemClock.steady()
    }

    fn sleep(&self, duration: Duration) {
        *self.slept.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }

    fn together(&self, jobs: Vec<Job<'_>>) {
        drop(self.held.lock().unwrap_or_else(PoisonError::into_inner).take());
        SystemClock.together(jobs);
    }
}

/// It may have been an unlock, which may still succeed on the device: looked at once more after it.
#[test]
fn an_effect_that_left_no_words_is_waited_for_as_an_unlock_is() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = folder.path().join("stopped");
    let root = Root::at(folder.path().join("machine"));
    let permits = root.of(ChainId::MAINNET, KeyHash::new(Curve::Ed25519, [1; 20]));
    let mut waited = Vec::new();
    for words in ["", "guard lift by somebody\n"] {
        let held = root.effect_lock("unlock", Duration::ZERO).unwrap();
        fs::write(root.path().join(EffectLock::NAME), words).unwrap();
        let clock = AnEffectEnds { held: Mutex::new(Some(held)), slept: Mutex::default() };
        stand_down(&mut hands(folder.path(), &stopped), Whose::Baker(&permits), "stand-down", &clock);
        waited.push(*clock.slept.lock().unwrap() >= Duration::from_secs(30));
    }
    assert_eq!(waited, [true, false]);
}

#[test]
fn a_signer_that_hangs_puts_no_stop_off() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = folder.path().join("stopped");
    let disarmed = disarm(&mut hands(folder.path(), &stopped), &SystemClock);
    assert!(stopped.exists());
    // Stopped and guarded; what the signer can do is not known, and so nothing is proven.
    assert!(!disarmed.proven && disarmed.what.iter().any(|what| what.contains("not read back locked")), "{disarmed:?}");
    assert!(disarmed.what.iter().any(|what| what == "services read back stopped"), "{disarmed:?}");
}

/// A device that does not answer an unlock, and reads locked meanwhile.
struct AtIt {
    readings: usize,
    at_it: bool,
    /// It does not answer at all any more.
    dead: bool,
    /// So many readings are not answered.
    silent: usize,
}

impl SignerDevice for AtIt {
    fn model(&self) -> Model {
        Model::TezSign
    }

    fn state(&mut self) -> Result<DeviceState, SignerError> {
        self.readings += 1;
        if (self.dead && self.at_it) || self.readings <= self.silent {
            return Err(SignerError::Timeout {
                device: "one".to_owned(),
                what: "status",
                after: Duration::from_secs(3),
            });
        }
        let info =
            DeviceInfo { model: Model::TezSign, selector: "one".to_owned(), serial: None, version: None, ledger: None };
        let key = KeyHash::new(Curve::Bls, [1; 20]);
        let key = KeyState { name: KeyName::new("consensus"), key, arming: Arming::Disarmed, marks: None };
        Ok(DeviceState { info, keys: vec![key] })
    }

    fn disarm(&mut self) -> Result<(), SignerError> {
        Ok(())
    }

    fn unlock_may_end(&self) -> bool {
        self.at_it
    }

    fn unlock_is_over(&mut self) {
        self.at_it = false;
    }

    fn arm(&mut self, _: Arm<'_>) -> Result<(), SignerError> {
        self.at_it = true;
        Err(SignerError::Timeout { device: "one".to_owned(), what: "unlock", after: Duration::from_secs(5) })
    }

    fn hold(&mut self) -> Result<(), SignerError> {
        Ok(())
    }
}

impl HwmSetter for AtIt {
    fn send_level(&mut self, _: &CheckedOrder<'_>) -> Result<(), SignerError> {
        Ok(())
    }
}

/// Knows the passphrase, and what it was told.
#[derive(Default)]
struct Knows {
    told: Vec<String>,
}

impl Operator for Knows {
    fn ask(&mut self, _: &Question) -> Result<Answer, OperatorError> {
        Ok(Answer::No)
    }

    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        Ok(Passphrase::new(b"passphrase".to_vec()))
    }

    fn tell(&mut self, text: &str) {
        self.told.push(text.to_owned());
    }
}

/// H44: it may still succeed after the keys read back as locked; they are locked and read until it is over, and somebody is told
/// so. What does not answer meanwhile is not proven locked.
#[test]
fn an_unlock_that_was_not_answered_is_looked_at_again_until_it_is_over() {
    let (keys, level) = ([KeyName::new("consensus")], Level::new(1000).unwrap());
    for dead in [false, true] {
        let mut device = AtIt { readings: 0, at_it: false, dead, silent: 0 };
        let step = raise_by_hand(&device.state().unwrap(), keys.to_vec(), level, Cap::above(level, 100)).unwrap();
        let clock = AnEffectEnds { held: Mutex::default(), slept: Mutex::default() };
        let (before, mut person) = (device.readings, Knows::default());
        let told = raise_marks(step, &mut device, &mut person, &clock, None);
        assert_eq!(person.told.len(), 1, "{:?}", person.told);
        if dead {
            let error = told.unwrap_err();
            assert!(matches!(error, EffectError::NotLockedAgain { gone: false, .. }), "{error:?}");
            assert!(error.next().contains("unplug the device now"), "{}", error.next());
            continue;
        }
        assert!(matches!(told, Err(EffectError::Signer(SignerError::Timeout { .. }))), "{told:?}");
        assert!(*clock.slept.lock().unwrap() >= Duration::from_secs(30));
        assert!(device.readings - before > 15 && !device.at_it);
    }
}

/// A command that was killed in an unlock left its words in the effect lock: a stop looks again as it does beside one that lives.
#[test]
fn h44_an_unlock_whose_process_was_killed_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = folder.path().join("stopped");
    let root = Root::at(folder.path().join("machine"));
    let permits = root.of(ChainId::MAINNET, KeyHash::new(Curve::Ed25519, [1; 20]));
    let mut waited = Vec::new();
    for words in ["prove-passphrase by root (process 1)\n", "start by root (process 1)\n", ""] {
        drop(root.effect_lock("before", Duration::ZERO).unwrap());
        fs::write(root.path().join(EffectLock::NAME), words).unwrap();
        let clock = AnEffectEnds { held: Mutex::default(), slept: Mutex::default() };
        stand_down(&mut hands(folder.path(), &stopped), Whose::Baker(&permits), "stand-down", &clock);
        waited.push(*clock.slept.lock().unwrap() >= Duration::from_secs(30));
    }
    assert_eq!(waited, [true, false, false]);
}

/// A device that stood still until the reading after the wait may only begin with the unlock then.
#[test]
fn a_device_that_answers_again_only_after_the_wait_is_waited_for_once_more() {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::at(folder.path().join("machine"));
    let permits = root.of(ChainId::MAINNET, KeyHash::new(Curve::Ed25519, [1; 20]));
    for (silent, seconds) in [(0, 30), (2, 60)] {
        drop(root.effect_lock("before", Duration::ZERO).unwrap());
        fs::write(root.path().join(EffectLock::NAME), "unlock by root (process 1)\n").unwrap();
        let clock = AnEffectEnds { held: Mutex::default(), slept: Mutex::default() };
        let device = Box::new(AtIt { readings: 0, at_it: false, dead: false, silent });
        let mut hands = Hands { device, ..hands(folder.path(), &folder.path().join("stopped")) };
        let told = stand_down_keys(&mut hands, Whose::Baker(&permits), "disarm", &clock);
        assert!(told.proven, "{told:?}");
        assert_eq!(clock.slept.lock().unwrap().as_secs(), seconds);
    }
}
