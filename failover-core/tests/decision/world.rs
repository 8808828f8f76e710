//! Facts by hand: a backup that is ready, a primary that is stopped, a chain that is fine; each test spoils one thing.

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::decision::policy::Policy;
use failover_core::decision::{
    Kept, Missed, Noted, Path, Progress, Started, Statement, StepKind, ThisSession, Verdict, Waiting, decide,
};
use failover_core::facts::{
    Activity, Arming, Asked, BackupFacts, BakerState, BootGuard, ChainFacts, Claim, ClaimAnswer, Compared, Constants,
    Delegate, DeviceState, ExpectedKey, Fact, Facts, GuardState, Head, HostIdentity, KeyName, KeyRole, KeyState,
    LevelActivity, Mark, Marks, Model, Observed, OtherSource, PermitState, Pooled, PrimaryFacts, RunId, SecondOpinion,
    Signed, Standing, SyncState, Unknown,
};
use failover_core::guard::GuardNote;
use failover_core::signer::DeviceInfo;
use failover_core::tezos::{BlockHash, ChainId, Curve, KeyHash, Kind, Level, Position, Round};

pub(crate) const HEAD: u64 = 15_000_000;

pub(crate) const fn level(n: u64) -> Level {
    Level::new(n).expect("a level")
}

pub(crate) fn now() -> Timestamp {
    "2026-11-22T03:00:00Z".parse().expect("a time")
}

pub(crate) fn known<T>(value: T) -> Fact<T> {
    Ok(Observed { value, source: "test".to_owned(), at: now() })
}

pub(crate) fn unknown<T>() -> Fact<T> {
    Err(Unknown { why: "not seen".to_owned(), next: "look".to_owned() })
}

pub(crate) fn consensus() -> KeyHash {
    KeyHash::new(Curve::Bls, [1; 20])
}

pub(crate) fn companion() -> KeyHash {
    KeyHash::new(Curve::Bls, [2; 20])
}

pub(crate) fn policy() -> Policy {
    let pin = HostIdentity { machine_id: "a".repeat(32) };
    Policy { primary_pin: Some(pin), ..Policy::new("mybaker".to_owned(), consensus(), ChainId::MAINNET) }
}

pub(crate) fn marks(at: u64) -> Marks {
    Marks::all(Mark::at(Position::start_of(level(at))))
}

pub(crate) fn signed(kind: Kind, at: u64, round: u32) -> Signed {
    Signed { kind, at: Position::new(level(at), Round(round)), seen_in: "test".to_owned() }
}

pub(crate) fn device(arming: Arming, marks: Option<Marks>) -> DeviceState {
    let key = |name: &str, key| KeyState { name: KeyName::new(name), key, arming, marks };
    DeviceState {
        info: DeviceInfo {
            model: Model::TezSign,
            selector: "tezsign".to_owned(),
            serial: None,
            version: None,
            ledger: None,
        },
        keys: vec![key("companion", companion()), key("consensus", consensus())],
    }
}

pub(crate) fn head(at: u64) -> Head {
    Head {
        level: level(at),
        round: Round(0),
        hash: BlockHash::new([7; 32]),
        timestamp: now(),
        chain_id: ChainId::MAINNET,
        protocol: "PsUshuai".to_owned(),
    }
}

pub(crate) fn stopped() -> BakerState {
    BakerState::Stopped { checked: vec!["baker.service".to_owned()] }
}

pub(crate) fn running() -> BakerState {
    BakerState::Running { what: vec!["baker.service".to_owned()] }
}

/// A boot guard that holds.
pub(crate) fn held() -> BootGuard {
    BootGuard::Holds { units: vec!["baker.service".to_owned()], note: GuardNote::new(now(), "root@b", "b", None) }
}

/// Another source with this head.
pub(crate) fn other(name: &str, head: u64, standing: Standing) -> OtherSource {
    let said = Compared { level: level(head), standing, last_signed: Vec::new() };
    OtherSource { name: name.to_owned(), said: known(said) }
}

/// Levels `from` to `to`, with rights, nothing signed.
pub(crate) fn quiet(from: u64, to: u64) -> Vec<LevelActivity> {
    (from..=to).map(|n| LevelActivity { level: level(n), rights: true, signed: Vec::new() }).collect()
}

pub(crate) fn facts() -> Facts {
    let expected = |key, role| ExpectedKey { key, role, from_cycle: None };
    let id = |c: &str| HostIdentity { machine_id: c.repeat(32) };
    Facts {
        now: now(),
        asked: Asked::at(now()),
        chain: ChainFacts {
            head: known(head(HEAD)),
            second: known(SecondOpinion { asked: 5, agreeing: 5, highest: level(HEAD) }),
            others: vec![other("tzkt", HEAD, Standing::Agrees)],
            sync: known(SyncState::Synced),
            constants: known(Constants { block_seconds: 6, round_increment_seconds: 3, blocks_per_cycle: 14_400 }),
            delegate: known(Delegate {
                keys: vec![expected(companion(), KeyRole::Companion), expected(consensus(), KeyRole::Consensus)],
                deactivated: false,
                forbidden: false,
                denunciations: Vec::new(),
                missed_levels: Some(7),
                level: level(HEAD),
                cycle: 1000,
                levels_to_next_cycle: 5000,
                next_protocol: "PsUshuai".to_owned(),
                earlier_protocol: "PsUshuai".to_owned(),
                levels_to_protocol: None,
            }),
            activity: known(Activity { settled: quiet(HEAD - 10, HEAD - 3), recent: Vec::new(), mempool_blind: None }),
            accusations: Vec::new(),
            pool: Pooled::default(),
        },
        primary: PrimaryFacts {
            identity: known(id("a")),
            impostor: None,
            limited: None,
            services: known(stopped()),
            restart_delay: known(Duration::from_secs(20)),
            marks: unknown(),
            signer: unknown(),
            boot_guard: unknown(),
            secret: unknown(),
            power: unknown(),
            standing: known(ClaimAnswer::Stands { over: None }),
        },
        backup: BackupFacts {
            identity: known(id("b")),
            services: known(stopped()),
            guard: known(GuardState::Guarded),
            boot_guard: known(Some(held())),
            device: known(device(Arming::Disarmed, None)),
            permit: known(PermitState::Valid),
            claims: known(Vec::new()),
        },
    }
}

/// The backup is prepared, the primary was stopped 42 s ago at h = HEAD - 7, its signer is unplugged, its nonces are here.
pub(crate) fn prepared() -> Progress {
    let earlier = Timestamp::from_millis(now().millis() - 42_000);
    Progress {
        kept: Kept {
            proceed: true,
            permit: true,
            statements: [(Statement::Disconnected, earlier)].into(),
            noted: Some(Noted { head: level(HEAD - 7), bound: level(HEAD - 5) }),
            ..Kept::default()
        },
        session: ThisSession {
            claim: Some(ClaimAnswer::Made { over: None }),
            fenced_self: true,
            holding: true,
            passphrase: true,
            stopped_since: Some(earlier),
            tried: [(StepKind::MergeNonces, 1)].into(),
            ..ThisSession::default()
        },
    }
}

/// The same but for this.
pub(crate) fn but(mut progress: Progress, differs: impl FnOnce(&mut Progress)) -> Progress {
    differs(&mut progress);
    progress
}

/// Unlocked, raised to `floor`, read back.
pub(crate) fn raised(floor: u64) -> (Facts, Progress) {
    let mut facts = facts();
    facts.backup.device = known(device(Arming::Armed, Some(marks(floor))));
    let progress = but(prepared(), |p| {
        (p.session.armed, p.session.floor, p.session.own_marks) = (true, Some(level(floor)), Some(marks(floor)))
    });
    (facts, progress)
}

/// Started at `floor`, its services running, its marks at `mark` now.
pub(crate) fn started(floor: u64, mark: u64) -> (Facts, Progress) {
    let (mut facts, mut progress) = raised(floor);
    facts.backup.services = known(running());
    facts.backup.guard = known(GuardState::Lifted);
    facts.backup.device = known(device(Arming::Armed, Some(marks(mark))));
    progress.kept.started =
        Some(Started { floor: level(floor), marks: marks(floor), path: Path::Controlled, complete: true });
    progress.session.missed = Some(Missed { cycle: 1000, levels: 7, since: level(floor) });
    (facts, progress)
}

pub(crate) fn activity(facts: &mut Facts) -> &mut Activity {
    &mut facts.chain.activity.as_mut().expect("known").value
}

pub(crate) fn seconds_ago(seconds: u64) -> Timestamp {
    Timestamp::from_millis(now().millis() - i64::try_from(seconds * 1000).unwrap())
}

pub(crate) fn verdict(facts: &Facts, progress: &Progress) -> Verdict {
    decide(facts, &policy(), progress)
}

pub(crate) fn waits(verdict: Verdict) -> Waiting {
    match verdict {
        Verdict::Wait(waiting) => waiting,
        other => panic!("no wait: {other:?}"),
    }
}

/// The run has its permit, and the primary is claimed.
pub(crate) fn permitted() -> Progress {
    but(Progress::default(), |p| (p.kept.permit, p.session.claim) = (true, Some(ClaimAnswer::Made { over: None })))
}

/// A claim of another machine's run.
pub(crate) fn claim(run: u8) -> Claim {
    let (run, at) = (RunId::from_bytes([run; 16]), now());
    Claim { v: Claim::VERSION, run, host: "other".to_owned(), who: "root@other".to_owned(), at }
}

/// So many seconds ago.
pub(crate) fn before(seconds: i64) -> Timestamp {
    Timestamp::from_millis(now().millis() - seconds * 1000)
}
