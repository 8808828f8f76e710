//! What was wrong before the run, and what happens during it.

use super::dice::Dice;
use crate::event::{Event, HostFault, MarkFileState, Questions};
use crate::machine::{BAKER_UNIT, NODE_UNIT, SIGNER_UNIT, TEZSIGN_UNIT};
use crate::operator::Cable;
use crate::options::{Side, WorldOptions};
use crate::source::{RpcFault, Source, SourceFault};
use failover_core::chain::SyncState;

/// Things happen within this many seconds.
const SPAN: u64 = 260;

/// Before the run.
pub(super) fn before(dice: &mut Dice, options: &WorldOptions) -> Vec<Event> {
    let mut events = Vec::new();
    events.extend(match dice.below(100) {
        0..=44 => vec![],
        45..=64 => vec![Event::Unreachable(Side::Primary)],
        65..=76 => vec![Event::PowerOff(Side::Primary)],
        77..=81 => vec![Event::CutFromChain(Side::Primary)],
        82..=89 => vec![Event::Unreachable(Side::Primary), Event::CutFromChain(Side::Primary)],
        90..=93 => vec![Event::NodeStopFails(Side::Primary)],
        94..=96 => vec![Event::Unplug(Side::Primary)],
        _ => vec![Event::KillService(Side::Primary, BAKER_UNIT.to_owned())],
    });
    if dice.percent(20) {
        let states = [
            MarkFileState::Absent,
            MarkFileState::CutInHalf,
            MarkFileState::OtherChain,
            MarkFileState::FarFuture,
            MarkFileState::Stale,
        ];
        events.push(Event::MarkFile(Side::Primary, dice.one(&states, MarkFileState::Absent)));
    }
    if dice.percent(12) {
        events.push(Event::Host(Side::Primary, host(dice)));
    }
    if dice.percent(2) {
        events.push(Event::Host(Side::Backup, host(dice)));
    }
    if dice.percent(12) {
        let (begin, end) = chain(dice, options);
        events.push(begin);
        events.extend(end.filter(|_| dice.percent(70)).map(|end| Event::After(dice.within(1, 150), Box::new(end))));
    }
    events
}

/// During the run, by seconds.
pub(super) fn later(dice: &mut Dice, options: &WorldOptions, cable: Cable) -> Vec<(u64, Event)> {
    let mut events = Vec::new();
    for _ in 0..dice.small(6) {
        let at = dice.below(SPAN);
        let then = at + dice.within(1, 120);
        match dice.below(12) {
            0 => {
                events.push((at, Event::Unreachable(Side::Primary)));
                events.push((then, Event::Reachable(Side::Primary)));
            }
            1 => events.push((at, Event::Reachable(Side::Primary))),
            2 => events.push((at, Event::BackOnChain(Side::Primary))),
            3 => {
                events.push((at, Event::PowerOff(Side::Primary)));
                // What a person switched off stays off: power that comes back by itself is what no tool excludes.
                if cable != Cable::SwitchesOff {
                    events.push((then, Event::PowerOn(Side::Primary)));
                }
            }
            4 if cable != Cable::SwitchesOff => events.push((at, Event::PowerOn(Side::Primary))),
            5 => {
                events.push((at, Event::Unplug(Side::Backup)));
                events.push((then, Event::Plug(Side::Backup)));
            }
            6 => {
                let units = [BAKER_UNIT, NODE_UNIT, SIGNER_UNIT, TEZSIGN_UNIT];
                let side = dice.one(&Side::BOTH, Side::Backup);
                events.push((at, Event::KillService(side, dice.one(&units, BAKER_UNIT).to_owned())));
            }
            7 => events.push((at, Event::Host(Side::Primary, host(dice)))),
            8 => events.push((at, Event::Press(Side::Backup))),
            _ => {
                let (begin, end) = chain(dice, options);
                events.push((at, begin));
                events.extend(end.filter(|_| dice.percent(80)).map(|end| (then, end)));
            }
        }
    }
    events
}

/// Something about a machine. Not among it: a guard's file that is taken away, which a person does.
fn host(dice: &mut Dice) -> HostFault {
    let units = [BAKER_UNIT, SIGNER_UNIT, TEZSIGN_UNIT];
    match dice.below(7) {
        0 => HostFault::ReadOnlyEtc,
        1 => HostFault::BadDisk,
        2 => HostFault::NoSudo,
        3 => HostFault::NoSystemd,
        4 => HostFault::NoPrograms,
        5 => HostFault::NothingMoves,
        _ => HostFault::UnitRemoved(dice.one(&units, BAKER_UNIT).to_owned()),
    }
}

/// Something about the chain, the node or another source, and what ends it.
fn chain(dice: &mut Dice, options: &WorldOptions) -> (Event, Option<Event>) {
    match dice.below(20) {
        0 => (Event::HaltChain, Some(Event::ResumeChain)),
        1 => (Event::NodeBehind(dice.within(1, 60)), Some(Event::NodeBehind(0))),
        2 => (Event::CutFromChain(Side::Backup), Some(Event::BackOnChain(Side::Backup))),
        3 => (Event::NodeSync(SyncState::Unsynced), Some(Event::NodeSync(SyncState::Synced))),
        4 => {
            let ahead = dice.within(1, 60).cast_signed();
            let seconds = if dice.percent(50) { ahead } else { -ahead };
            (Event::HeadFromFuture(seconds), Some(Event::HeadFromFuture(0)))
        }
        5 => (Event::PeersAhead(dice.within(1, 50)), Some(Event::PeersAhead(0))),
        6 => (Event::NoPeers(true), Some(Event::NoPeers(false))),
        7 => {
            let questions = [Questions::Helpers, Questions::Peers, Questions::Mempool];
            let denied = vec![dice.one(&questions, Questions::Peers)];
            (Event::Deny(denied), Some(Event::Deny(Vec::new())))
        }
        8..=11 => source(dice, options),
        12..=13 => (Event::Reorganise(dice.within(1, 2)), None),
        14 => match dice.below(4) {
            0 => (Event::Forbid, Some(Event::Pardon)),
            1 => (Event::Denounce, Some(Event::Pardon)),
            2 => (Event::Deactivate, None),
            _ => (Event::PendingKey { cycles: dice.within(1, 4) }, None),
        },
        15 => (Event::UnknownOperation(true), Some(Event::UnknownOperation(false))),
        16 => (Event::PrunedMetadata(true), Some(Event::PrunedMetadata(false))),
        17 => (Event::KillService(Side::Backup, NODE_UNIT.to_owned()), None),
        _ => (Event::Rpc(Some(rpc(dice))), Some(Event::Rpc(None))),
    }
}

fn rpc(dice: &mut Dice) -> RpcFault {
    let faults = [
        RpcFault::Html,
        RpcFault::Huge,
        RpcFault::Hangs,
        RpcFault::Denied,
        RpcFault::LevelZero,
        RpcFault::Cut,
        RpcFault::TooMany,
    ];
    dice.one(&faults, RpcFault::Hangs)
}

fn source(dice: &mut Dice, options: &WorldOptions) -> (Event, Option<Event>) {
    let source = dice.one(options.sources, Source::Tzkt);
    let fault = match dice.below(8) {
        0 => SourceFault::Behind(dice.small(200)),
        1 => SourceFault::Stuck,
        2 => SourceFault::Ahead(dice.small(1_000_000)),
        3 => SourceFault::Fork(dice.within(1, 6)),
        4 => SourceFault::OtherChain,
        5 => SourceFault::SignedAhead(dice.small(1_000_000)),
        6 => SourceFault::Down,
        _ => SourceFault::Rpc(rpc(dice)),
    };
    (Event::Source(source, Some(fault)), Some(Event::Source(source, None)))
}
