//! A baker whose signer has a machine of its own: two simulated machines, each with a token and a root of its own: one bakes, the other signs.

use std::time::Duration;

use super::{BAKER_UNIT, TEZSIGN_UNIT};
use crate::{Event, HostFault, Side, World, WorldOptions};
use failover_core::baker::{
    BakerControl, BakerMachine, BootGuards, Claims, GiveBackOrder, GivenBack, SystemdControl, WithSigner,
};
use failover_core::clock::Timestamp;
use failover_core::guard::{BootGuard, GuardNote, Lift};
use failover_core::permit::{Claim, ClaimAnswer, ClaimOrder, Root, RunId};
use failover_core::signer::Model;

/// One of the two, and what is on its disk.
struct Machine {
    world: World,
    folder: tempfile::TempDir,
    unit: &'static str,
}

impl Machine {
    fn new(unit: &'static str, seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::new(WorldOptions::new(Model::TezSign, seed));
        world.set_guard(Side::Primary, folder.path().join("ACTIVE"));
        Self { world, folder, unit }
    }

    fn control(&self) -> Box<dyn BakerMachine> {
        let control = SystemdControl::new(self.world.host(Side::Primary), vec![self.unit.parse().unwrap()]);
        let root = Root::at(self.folder.path().join("machine"));
        Box::new(control.with_guard_token(self.folder.path().join("ACTIVE")).with_root(root))
    }

    fn runs(&self) -> bool {
        let shown = self.world.exec(Side::Primary, &["systemctl", "is-active", self.unit]).unwrap();
        shown.stdout.trim() == "active"
    }

    fn fault(&self, fault: HostFault) {
        self.world.apply(Event::Host(Side::Primary, fault));
    }
}

fn both() -> (Machine, Machine, WithSigner) {
    let (baker, signer) = (Machine::new(BAKER_UNIT, 5), Machine::new(TEZSIGN_UNIT, 6));
    let control = WithSigner::new(baker.control(), signer.control());
    (baker, signer, control)
}

const RUN: RunId = RunId::from_bytes([7; 16]);

fn now() -> Timestamp {
    Timestamp::from_millis(1_796_000_000_000)
}

fn note() -> GuardNote {
    GuardNote::new(now(), "root@backup", &"ab".repeat(16), None)
}

fn stop(machine: &Machine, of: &str) {
    machine.world.exec(Side::Primary, &["sudo", "-n", "systemctl", "stop", "--", of]).unwrap();
}

/// The signer's process is on its own machine; the world's other one is not of this test.
fn apart(baker: &Machine, signer: &Machine) {
    stop(baker, TEZSIGN_UNIT);
    stop(signer, BAKER_UNIT);
}

#[test]
fn what_is_open_on_one_machine_is_said_whatever_the_other_is() {
    let (baker, signer, mut control) = both();
    apart(&baker, &signer);
    control.stop().unwrap();
    assert!(!baker.runs() && !signer.runs());
    assert!(matches!(control.boot_guard(), Ok(BootGuard::Open { .. })));
    control.install_boot_guard(&note()).unwrap();
    let Ok(BootGuard::Holds { units, .. }) = control.boot_guard() else { panic!("not held") };
    assert_eq!(units, [format!("{BAKER_UNIT}.service"), format!("{TEZSIGN_UNIT}.service")]);
    // One of them is opened by a hand, or cannot be read any more: no guard holds, and where it is open it can be guarded.
    for machine in [&baker, &signer] {
        let token = machine.folder.path().join("ACTIVE");
        std::fs::write(&token, "{}").unwrap();
        let Ok(BootGuard::Open { why }) = control.boot_guard() else { panic!("held") };
        assert!(why.join(" ").contains("ACTIVE"), "{why:?}");
        std::fs::remove_file(token).unwrap();
    }
    std::fs::write(baker.folder.path().join("ACTIVE"), "{}").unwrap();
    signer.fault(HostFault::NoSystemd);
    let Ok(BootGuard::Open { why }) = control.boot_guard() else { panic!("the baker's machine is left open") };
    assert!(why.len() == 2, "{why:?}");
    assert!(control.install_boot_guard(&note()).is_err(), "the signer's is not guarded");
    assert!(!baker.folder.path().join("ACTIVE").exists(), "the baker's is all the same");
    assert!(control.boot_guard().is_err(), "unknown is no guard");
}

fn claim(look: bool) -> ClaimOrder {
    claim_of(RUN, look)
}

fn claim_of(run: RunId, look: bool) -> ClaimOrder {
    let claim = Claim { v: Claim::VERSION, run, host: "backup".to_owned(), who: "root@backup".to_owned(), at: now() };
    let here = "elsewhere".to_owned();
    ClaimOrder {
        baker: "A-B".to_owned(),
        claim,
        replace: None,
        asked: None,
        here,
        look,
        deadline: Duration::from_secs(10),
    }
}

fn order(own: Option<RunId>) -> GiveBackOrder {
    GiveBackOrder {
        baker: "A-B".to_owned(),
        run: RunId::from_bytes([9; 16]),
        who: "root@backup".to_owned(),
        at: now(),
        own,
        here: "elsewhere".to_owned(),
        lift: Lift::stated("A", &Lift::sentence("A")).unwrap(),
    }
}

/// S13: a claim stands on both machines or on none, and each is given back by its own script only.
#[test]
fn both_are_claimed_and_both_are_given_back() {
    let (baker, signer, mut control) = both();
    apart(&baker, &signer);
    assert!(matches!(control.claim(&claim(false)), Ok(ClaimAnswer::Made { .. })));
    assert!(matches!(control.claim(&claim(true)), Ok(ClaimAnswer::Stands { .. })));
    control.stop().unwrap();
    control.install_boot_guard(&note()).unwrap();
    // Another run's claim stands there: nothing is started on either.
    let refused = control.give_back(&order(None)).unwrap();
    assert!(matches!(&refused, GivenBack::Not(ClaimAnswer::Claimed { by }) if by.run == RUN), "{refused:?}");
    assert!(!baker.runs() && !signer.runs());
    assert_eq!(control.give_back(&order(Some(RUN))).unwrap(), GivenBack::Started);
    assert!(baker.runs() && signer.runs());
}

/// A signer whose baker is not given back is no signer that waits for one.
#[test]
fn a_signer_is_guarded_again_where_its_baker_is_not_given_back() {
    let (baker, signer, mut control) = both();
    apart(&baker, &signer);
    control.stop().unwrap();
    control.install_boot_guard(&note()).unwrap();
    // The claim of a newer run stands on the baker's machine alone.
    baker.control().claim(&claim(false)).unwrap();
    let refused = control.give_back(&order(None)).unwrap();
    assert!(matches!(refused, GivenBack::Not(ClaimAnswer::Claimed { .. })), "{refused:?}");
    assert!(!baker.runs() && !signer.runs());
    assert!(control.boot_guard().unwrap().holds());
}

/// What two earlier runs of this machine left, one on each machine, ends neither a run nor a return: the caller says of
/// each that it is its own, as it learns of it.
#[test]
fn claims_of_two_runs_of_ones_own_are_both_replaced() {
    let earlier = [RunId::from_bytes([1; 16]), RunId::from_bytes([2; 16])];
    let left = |baker: &Machine, signer: &Machine| {
        baker.control().claim(&claim_of(earlier[0], false)).unwrap();
        signer.control().claim(&claim_of(earlier[1], false)).unwrap();
    };
    for look in [true, false] {
        let (baker, signer, mut control) = both();
        left(&baker, &signer);
        let mut order = claim(look);
        let mut answers = Vec::new();
        for _ in 0..3 {
            let answer = control.claim(&order).unwrap();
            if let ClaimAnswer::Claimed { by } = &answer {
                assert!(earlier.contains(&by.run));
                order.replace = Some(by.run);
            }
            answers.push(answer);
        }
        let last = answers.last();
        assert!(matches!(last, Some(ClaimAnswer::Made { .. } | ClaimAnswer::Free { .. })), "look {look}: {answers:?}");
    }
    let (baker, signer, mut control) = both();
    apart(&baker, &signer);
    left(&baker, &signer);
    control.stop().unwrap();
    control.install_boot_guard(&note()).unwrap();
    let mut own = None;
    for _ in 0..3 {
        match control.give_back(&order(own)).unwrap() {
            GivenBack::Not(ClaimAnswer::Claimed { by }) => own = Some(by.run),
            given => assert_eq!(given, GivenBack::Started),
        }
    }
    assert!(baker.runs() && signer.runs());
}

/// A signer's machine that is out of reach leaves the baker's neither unclaimed nor unasked.
#[test]
fn the_machine_that_answers_is_claimed() {
    let (baker, signer, mut control) = both();
    signer.world.apply(Event::Unreachable(Side::Primary));
    assert!(control.claim(&claim(false)).is_err(), "what the signer's says is not known");
    assert!(matches!(baker.control().claim(&claim(true)), Ok(ClaimAnswer::Stands { .. })));
    // What speaks against it there is the answer.
    let other = claim_of(RunId::from_bytes([3; 16]), false);
    assert!(matches!(control.claim(&other), Ok(ClaimAnswer::Claimed { by }) if by.run == RUN));
}

/// Both names lead to one machine, or to one folder of permits: a return is possible all the same.
#[test]
fn one_machine_by_two_names_is_given_back() {
    let baker = Machine::new(BAKER_UNIT, 5);
    let root = || Root::at(baker.folder.path().join("machine"));
    let half = |unit: &str| -> Box<dyn BakerMachine> {
        let control = SystemdControl::new(baker.world.host(Side::Primary), vec![unit.parse().unwrap()]);
        Box::new(control.with_guard_token(baker.folder.path().join("ACTIVE")).with_root(root()))
    };
    let mut control = WithSigner::new(half(BAKER_UNIT), half(TEZSIGN_UNIT));
    control.stop().unwrap();
    control.install_boot_guard(&note()).unwrap();
    assert_eq!(control.give_back(&order(None)).unwrap(), GivenBack::Started);
}
