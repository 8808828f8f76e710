//! What can be seen before the primary is touched, and is (S17).

use super::{PLAIN, Scenario, Stage, in_seconds};
use crate::event::{DeviceCondition, Event};
use crate::machine::{BAKER_UNIT, SIGNER_UNIT, TEZSIGN_UNIT};
use crate::options::Side;
use failover_core::signer::Model;
use failover_core::tezos::ChainId;

/// This far above the head no mark is raised, and one that is there keeps the key from signing for hours.
const FAR: u64 = 5_000;

/// Ghostnet, and a level that mainnet reaches in a year.
const TEST_NETWORK: ChainId = ChainId::new([0xaf, 0x18, 0x64, 0xd9]);
const FAR_TEST_LEVEL: u64 = 20_000_000;

/// The bakers change places: the backup bakes, and nothing does on the other machine.
fn bakes_here(stage: &mut Stage<'_>) {
    let world = stage.world;
    let systemctl = |side, verb, unit| {
        // A machine that has no such unit has nothing to start or stop.
        let _none = world.exec(side, &["sudo", "-n", "systemctl", verb, unit]);
    };
    for unit in [BAKER_UNIT, SIGNER_UNIT, TEZSIGN_UNIT] {
        systemctl(Side::Primary, "stop", unit);
    }
    if world.options().model == Model::Ledger {
        world.unlock(Side::Backup, "");
    }
    for unit in [TEZSIGN_UNIT, SIGNER_UNIT, BAKER_UNIT] {
        systemctl(Side::Backup, "start", unit);
    }
}

/// The primary is not touched in those that are refused, and with h43 the backup neither.
pub(super) static PREFLIGHT: &[Scenario] = &[
    Scenario {
        name: "h29",
        about: "the backup's marks are 5,000 levels above the head: it would not sign for hours, refused",
        exit: 3,
        prepare: |s| s.world.set_marks(Side::Backup, s.world.head_level().get() + FAR),
        ..PLAIN
    },
    Scenario {
        name: "h29-for-ever",
        about: "the backup's marks are at level 4,294,967,296, which no chain reaches: those keys never sign, refused",
        exit: 3,
        model: Some(Model::TezSign),
        prepare: |s| s.world.set_marks(Side::Backup, 1 << 32),
        ..PLAIN
    },
    Scenario {
        name: "h29-damaged",
        about: "a key's state on the backup's TezSign is damaged, which shows only while it is unlocked: refused",
        exit: 3,
        model: Some(Model::TezSign),
        prepare: |s| {
            if let Some(gadget) = s.world.gadget(Side::Backup) {
                gadget.with(|sim| sim.corrupt("consensus"));
            }
        },
        ..PLAIN
    },
    Scenario {
        name: "h29-in-the-run",
        about: "a slot of a key's state breaks after the primary was stopped: refused, and both ways out of it are named",
        exit: 3,
        model: Some(Model::TezSign),
        prepare: |s| {
            let condition = DeviceCondition::OneSlot("consensus".to_owned());
            s.world.at(in_seconds(s.world, 30), Event::Device(Side::Backup, condition));
        },
        ..PLAIN
    },
    Scenario {
        name: "h29-ruined",
        about: "a key's state on the backup's TezSign cannot be read at all, which is no wrong passphrase: refused",
        exit: 3,
        model: Some(Model::TezSign),
        prepare: |s| {
            if let Some(gadget) = s.world.gadget(Side::Backup) {
                gadget.with(|sim| sim.ruin("companion"));
            }
        },
        ..PLAIN
    },
    Scenario {
        name: "other-chain",
        about: "the backup's Ledger was used on a test network, far above this chain's head: taken over, neither mark is lowered",
        model: Some(Model::Ledger),
        prepare: |s| {
            let condition = DeviceCondition::MainChain { chain: TEST_NETWORK, level: FAR_TEST_LEVEL };
            s.world.apply(Event::Device(Side::Backup, condition));
        },
        ..PLAIN
    },
    Scenario {
        name: "old-gadget",
        about: "the backup's TezSign is of before 2026-01-06 and does not know the version request: the backup takes over",
        model: Some(Model::TezSign),
        prepare: |s| s.world.apply(Event::Device(Side::Backup, DeviceCondition::Old)),
        ..PLAIN
    },
    Scenario {
        name: "h37-ahead",
        about: "this machine's clock is four minutes ahead of the chain, and every source agrees on the blocks: refused",
        exit: 3,
        prepare: |s| s.world.apply(Event::HeadFromFuture(-240)),
        ..PLAIN
    },
    Scenario {
        name: "h43",
        about: "the run is typed on the machine that bakes: its unlocked keys sign from one look to the next, refused",
        exit: 3,
        world: |o| o.backup_unlocks_itself = true,
        prepare: bakes_here,
        ..PLAIN
    },
];
