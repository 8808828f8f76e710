//! What a look of the tool sees of the world, as [`Facts`].

use std::time::Duration;

use failover_core::clock::Timestamp;
use failover_core::facts::{
    Activity, Arming, Asked, BackupFacts, BakerState, BootGuard, ChainFacts, Compared, Constants, Delegate,
    Denunciation, DeviceState, ExpectedKey, Fact, Facts, GuardNote, GuardState, Head, HostIdentity, KeyName, KeyRole,
    KeyState, LevelActivity, Model, Observed, OtherSource, PermitState, Pooled, PrimaryFacts, SecondOpinion, Signed,
    Standing, SyncState, Unknown, UnlockSecret,
};
use failover_core::signer::DeviceInfo;
use failover_core::tezos::{BlockHash, ChainId, Curve, KeyHash, Kind, Level, Position, Round};

use crate::permits::claim_of;
use crate::setting::{Broken, Setting};
use crate::world::{BASE, BLOCK, FIRST, Machine, World, level};

pub(crate) fn key() -> KeyHash {
    KeyHash::new(Curve::Bls, [1; 20])
}

fn unknown<T>(why: &str) -> Fact<T> {
    Err(Unknown { why: why.to_owned(), next: "look".to_owned() })
}

pub(crate) fn device(machine: &Machine, model: Model) -> DeviceState {
    // A locked TezSign shows no marks.
    let marks = (machine.armed || model == Model::Ledger).then_some(machine.marks);
    let arming = if machine.armed { Arming::Armed } else { Arming::Disarmed };
    DeviceState {
        info: DeviceInfo { model, selector: "one".to_owned(), serial: None, version: None, ledger: None },
        keys: vec![KeyState { name: KeyName::new("consensus"), key: key(), arming, marks }],
    }
}

fn state(running: bool) -> BakerState {
    match running {
        true => BakerState::Running { what: vec!["baker".to_owned()] },
        false => BakerState::Stopped { checked: vec!["baker".to_owned()] },
    }
}

fn guard(by: Option<usize>) -> BootGuard {
    let at = Timestamp::from_millis(0);
    match by {
        Some(site) => BootGuard::Holds { units: vec![], note: GuardNote::new(at, "root", &site.to_string(), None) },
        None => BootGuard::Open { why: vec!["no guard".to_owned()] },
    }
}

/// Levels since an old refusal that lie below the first one that is kept here: nobody signed in them.
fn long_ago(setting: &Setting, from: u64) -> impl Iterator<Item = LevelActivity> + use<> {
    let first = setting.refused.filter(|_| from <= 1).map_or(BASE + from, |ago| BASE + FIRST - ago + 1);
    let levels = (first..BASE + from).filter_map(Level::new);
    levels.map(|level| LevelActivity { level, rights: true, signed: Vec::new() })
}

/// The activity from a level on.
fn activity(world: &World, setting: &Setting, from: u64) -> Activity {
    let head = world.head();
    let vote = |at: u64| Signed {
        kind: Kind::Attestation,
        at: Position::new(level(at), Round(0)),
        seen_in: "block".to_owned(),
    };
    let signed = |at: u64| if world.vote_seen(at) { vec![vote(at)] } else { Vec::new() };
    let settled = (from..=head - 3).map(|at| LevelActivity { level: level(at), rights: true, signed: signed(at) });
    let settled = long_ago(setting, from).chain(settled);
    let recent = (from.max(head - 2)..head).flat_map(signed);
    Activity { settled: settled.collect(), recent: recent.collect(), mempool_blind: None }
}

/// The first level at which something was signed twice, where the chain has the proof of it.
fn denounced(world: &World) -> Option<u64> {
    let voted = |at: u64| world.machines.iter().filter(|machine| machine.voted(at)).count();
    (FIRST..world.head().saturating_sub(1)).find(|at| voted(*at) > 1)
}

pub(crate) fn chain(world: &World, setting: &Setting, from: u64) -> ChainFacts {
    let now = world.now();
    let known = |value| Ok(Observed { value, source: "node".to_owned(), at: now });
    let head = world.head();
    let missed = (FIRST..head).filter(|at| !world.vote_seen(*at)).count() as u64;
    let quiet = || {
        let settled = (from..=head - 3).map(|at| LevelActivity { level: level(at), rights: true, signed: vec![] });
        Activity { settled: settled.collect(), recent: vec![], mempool_blind: None }
    };
    ChainFacts {
        head: Ok(Observed {
            value: Head {
                level: level(head),
                round: Round(0),
                hash: BlockHash::new([7; 32]),
                timestamp: Timestamp::from_millis(now.millis() - (world.clock - world.came + BLOCK) * 1000),
                chain_id: ChainId::MAINNET,
                protocol: "P".to_owned(),
            },
            source: "node".to_owned(),
            at: now,
        }),
        second: Ok(Observed {
            value: SecondOpinion { asked: 5, agreeing: 5, highest: level(head) },
            source: "peers".to_owned(),
            at: now,
        }),
        others: vec![OtherSource {
            name: "tzkt".to_owned(),
            said: Ok(Observed {
                value: Compared { level: level(head), standing: Standing::Agrees, last_signed: vec![] },
                source: "tzkt".to_owned(),
                at: now,
            }),
        }],
        sync: Ok(Observed { value: SyncState::Synced, source: "node".to_owned(), at: now }),
        constants: Ok(Observed {
            value: Constants { block_seconds: 6, round_increment_seconds: 3, blocks_per_cycle: 14_400 },
            source: "node".to_owned(),
            at: now,
        }),
        delegate: Ok(Observed {
            value: Delegate {
                keys: vec![ExpectedKey { key: key(), role: KeyRole::Consensus, from_cycle: None }],
                deactivated: false,
                forbidden: false,
                denunciations: denounced(world)
                    .map(|at| Denunciation {
                        operation: "o".to_owned(),
                        what: Some((Kind::Attestation, Position::start_of(level(at)))),
                    })
                    .into_iter()
                    .collect(),
                missed_levels: Some(missed),
                level: level(head),
                cycle: 1000,
                levels_to_next_cycle: 5000,
                next_protocol: "P".to_owned(),
                earlier_protocol: "P".to_owned(),
                levels_to_protocol: None,
            },
            source: "node".to_owned(),
            at: now,
        }),
        activity: match (world.blind, setting.is(Broken::UnknownIsSilent)) {
            (false, _) => known(activity(world, setting, from)),
            (true, true) => known(quiet()),
            (true, false) => unknown("no answer"),
        },
        accusations: Vec::new(),
        pool: Pooled::default(),
    }
}

/// One look. `primary`: is it looked at?
pub(crate) fn look(world: &World, setting: &Setting, i: usize, from: u64, primary: bool) -> Facts {
    let now = world.now();
    fn known<T>(value: T, at: Timestamp) -> Fact<T> {
        Ok(Observed { value, source: "host".to_owned(), at })
    }
    let id = |machine: usize| HostIdentity { machine_id: machine.to_string() };
    let (site, other) = (world.runs[i].site, world.runs[i].other);
    let (there, here) = (&world.machines[other], &world.machines[site]);
    let answers = primary && there.powered && there.reachable;
    let seen_guard = there.guard.filter(|by| !setting.is(Broken::IgnoresOthers) || *by == site);
    let at_rest = !here.running && !here.token;
    let permit = match world.runs[i].permit {
        None => PermitState::NotMade,
        Some(true) => PermitState::Valid,
        Some(false) if setting.is(Broken::NeverLooksForPermit) => PermitState::Valid,
        Some(false) => PermitState::Gone { by: None },
    };
    let claims = match setting.is(Broken::NoClaims) {
        true => Vec::new(),
        false => here.claims.iter().map(|who| claim_of(world, *who)).collect(),
    };
    Facts {
        now,
        asked: Asked::at(now),
        chain: chain(world, setting, from),
        primary: PrimaryFacts {
            identity: if answers { known(id(other), now) } else { unknown("no route") },
            impostor: None,
            limited: None,
            services: if answers { known(state(there.running), now) } else { unknown("no route") },
            restart_delay: if answers { known(Duration::from_secs(4), now) } else { unknown("no route") },
            marks: unknown("no files"),
            signer: match answers && setting.remote_signer && there.plugged && !there.running {
                true => known(device(there, setting.model), now),
                false => unknown("no signer"),
            },
            boot_guard: if answers { known(guard(seen_guard), now) } else { unknown("no route") },
            secret: match (answers, there.secret) {
                (false, _) => unknown("no route"),
                (true, true) => known(UnlockSecret::InPlace { files: vec!["secret".to_owned()] }, now),
                (true, false) => known(UnlockSecret::Aside { files: vec!["secret".to_owned()] }, now),
            },
            power: unknown("not configured"),
            standing: unknown("not looked at"),
        },
        backup: BackupFacts {
            identity: known(id(site), now),
            services: known(state(here.running), now),
            guard: known(if here.token { GuardState::Lifted } else { GuardState::Guarded }, now),
            boot_guard: if at_rest { known(Some(guard(here.guard)), now) } else { unknown("not asked") },
            permit: known(permit, now),
            claims: known(claims, now),
            device: known(device(here, setting.model), now),
        },
    }
}
