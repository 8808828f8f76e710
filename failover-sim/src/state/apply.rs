//! What happens to the world from outside.

use std::time::Duration;

use super::{Due, State, Stray};
use crate::chain::{BLOCKS_PER_CYCLE, OURS};
use crate::device::passphrase;
use crate::event::Event;
use crate::options::Side;
use crate::source::{Source, SourceFault, Spoiled};
use failover_core::tezos::Kind;

impl State {
    pub(crate) fn apply(&mut self, event: Event) {
        let now = self.now();
        match event {
            Event::After(seconds, event) => self.queue(now.after(Duration::from_secs(seconds)), Due::Event(*event)),
            Event::PowerOff(side) => self.machines.of_mut(side).power_off(),
            Event::PowerOn(side) => self.machines.of_mut(side).power_on(now),
            Event::Unreachable(side) => self.machines.of_mut(side).reachable = false,
            Event::Reachable(side) => self.machines.of_mut(side).reachable = true,
            Event::CutFromChain(side) => self.cut(side, true),
            Event::BackOnChain(side) => self.cut(side, false),
            Event::Unplug(side) => self.machines.of_mut(side).unplug(now),
            Event::Plug(side) => {
                let machine = self.machines.of_mut(side);
                machine.cable_out = false;
                if machine.powered {
                    machine.device.power_on();
                }
            }
            Event::KillService(side, name) => {
                let machine = self.machines.of_mut(side);
                if machine.unit(&name).is_some_and(crate::machine::Unit::is_running) {
                    machine.ended(&name, "signal", now);
                }
            }
            Event::NodeStopFails(side) => self.machines.of_mut(side).node_stop_fails = true,
            Event::HaltChain => self.faults.halted = true,
            Event::ResumeChain => self.resume(),
            Event::NodeBehind(levels) => self.faults.behind = levels,
            Event::NodeAhead(levels) => self.faults.ahead = levels,
            Event::NodeSync(sync) => self.faults.sync = Some(sync),
            Event::HeadFromFuture(seconds) => self.faults.seconds_ahead = seconds,
            Event::WrongChain => self.faults.wrong_chain = true,
            Event::PeersDisagree => self.faults.peers_disagree = true,
            Event::PeersAhead(levels) => self.faults.peers_ahead = levels,
            Event::NoPeers(none) => self.faults.no_peers = none,
            Event::Deny(questions) => self.faults.denied = questions,
            Event::Source(source, fault) => self.spoil(source, fault),
            Event::Reorganise(blocks) => self.reorganise(blocks),
            Event::Forbid => self.faults.forbidden = true,
            Event::Denounce => {
                self.faults.forbidden = true;
                self.faults.denounced = self.chain.head().map(|head| head.level);
            }
            Event::Pardon => self.faults.forbidden = false,
            Event::ClockSteps(seconds) => self.dial.step(seconds),
            Event::Pauses(seconds) => self.dial.pause(seconds),
            Event::Deactivate => self.faults.deactivated = true,
            Event::PendingKey { cycles } => {
                let level = self.chain.head().map_or(1, |head| head.level);
                self.faults.pending_key = Some((level.saturating_sub(1) / BLOCKS_PER_CYCLE).saturating_add(cycles));
            }
            Event::Device(side, condition) => {
                let (pass, chain) = (passphrase(self.seed), self.options.chain);
                self.machines.of_mut(side).device.suffer(&condition, &pass, chain);
            }
            Event::Press(side) => {
                if let Some(ledger) = self.machines.of(side).device.ledger() {
                    ledger.lock().press();
                }
            }
            Event::NextProtocol(protocol) => self.faults.next_protocol = Some(protocol),
            Event::UnknownOperation(shown) => {
                self.faults.unknown_operation = self.chain.head().map(|head| head.level).filter(|_| shown);
            }
            Event::PrunedMetadata(pruned) => {
                self.faults.pruned = self.chain.head().map(|head| head.level).filter(|_| pruned);
            }
            Event::Rpc(fault) => self.faults.rpc = fault,
            Event::Host(side, fault) => self.machines.of_mut(side).suffer(fault),
            Event::MarkFile(side, state) => self.machines.of_mut(side).mark_file.state = state,
            Event::Rumour { above } => {
                let level = self.chain.head().map_or(1, |head| head.level).saturating_add(above);
                self.faults.strays.push(Stray { level, round: 0, kind: Kind::Attestation, signed: false });
            }
            Event::Conflict => self.conflict(),
        }
    }

    /// The same position that our baker voted for last, of all that the mempool has, with another payload.
    fn conflict(&mut self) {
        let head = self.chain.head().map_or(1, |head| head.level);
        let votes = (head.saturating_sub(1)..=head).flat_map(|level| self.chain.votes_for(level));
        let ours = votes.filter(|(_, vote)| vote.ballot.baker == OURS).map(|(place, _)| *place).last();
        if let Some((level, round, kind)) = ours {
            self.faults.strays.push(Stray { level, round, kind, signed: true });
        }
    }

    /// A machine is cut from the chain, or back; the backup's node is the one that is asked.
    fn cut(&mut self, side: Side, cut: bool) {
        self.machines.of_mut(side).on_chain = !cut;
        if side == Side::Backup {
            let head = self.chain.head().map(|head| head.level);
            self.faults.frozen = if cut { self.faults.frozen.or(head) } else { None };
        }
    }

    fn spoil(&mut self, source: Source, fault: Option<SourceFault>) {
        let since = self.chain.head().map_or(0, |head| head.level);
        match fault {
            Some(fault) => self.sources.insert(source, Spoiled { fault, since }),
            None => self.sources.remove(&source),
        };
    }

    /// The chain goes on after a halt, in whatever round the clock says.
    fn resume(&mut self) {
        if !std::mem::take(&mut self.faults.halted) {
            return;
        }
        let Some(head) = self.chain.head() else { return };
        let (level, mut round) = (head.level.saturating_add(1), 0);
        let mut begins = failover_core::clock::Timestamp::from_millis(head.seconds.saturating_mul(1000))
            .after(self.round_time(head.round));
        // A halt of a day is some 240 rounds.
        while begins < self.now() && round < 100_000 {
            begins = begins.after(self.round_time(round));
            round += 1;
        }
        self.queue(begins, Due::Slot { level, round });
    }
}
