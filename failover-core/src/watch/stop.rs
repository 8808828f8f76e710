//! A duplicate: stop and disarm this machine, then say so, then write it down (S8, S12).

use std::time::Duration;

use super::record::Finding;
use super::{Judge, Watch, previous_run};
use crate::clock::Clock as _;
use crate::decision::Policy;
use crate::effect::{self, Disarmed};
use crate::facts::{ChainFacts, Signed, Timestamp};
use crate::failover::duplicate;
use crate::failover::duplicate::Stopped;
use crate::journal::record::{End, Outcome, Record};
use crate::tezos::{Kind, Level};

/// How often disarming is tried.
const TRIES: usize = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// Positions before the foreign one that are reported, in levels.
const REPORTED: u64 = 100;
/// Blocks that are named in the last line.
const NAMED: usize = 5;

impl Watch {
    /// What the chain has proof of that was signed twice, as far as nobody has answered for it since: while a denunciation
    /// is not paid for, it stands there for a cycle or more, and a machine that was cleared must be able to bake.
    pub(super) fn denounced(&self, now: Timestamp, chain: &ChainFacts) -> Option<Vec<Signed>> {
        let delegate = &chain.delegate.as_ref().ok()?.value;
        if !delegate.forbidden && delegate.denunciations.is_empty() {
            return None;
        }
        let cleared = self.state.last_cleared();
        let past = |level| cleared.is_some_and(|cleared| made_by(chain, level).is_some_and(|made| made <= cleared));
        self.judge.as_ref()?.denounced(now, chain, past)
    }

    /// Proof that something was signed twice: it is the same alarm, and ends in the same way.
    pub(super) fn stop_denounced(&mut self, signed: Vec<Signed>) -> End {
        let end = if self.run.is_some() { duplicate::denounced_after_the_start } else { duplicate::denounced_here };
        self.stop(signed, end)
    }

    /// Foreign positions.
    pub(super) fn stop_foreign(&mut self, foreign: Vec<Signed>) -> End {
        self.stop(foreign, |foreign, stopped, _| duplicate::end(foreign, stopped))
    }

    /// First of all this machine is disarmed.
    fn stop(&mut self, foreign: Vec<Signed>, end: fn(&[Signed], &Stopped, &Policy) -> End) -> End {
        let mut stopped = duplicate::stop(&mut self.hands, &self.clock, &self.state, &self.policy, &foreign);
        self.say_record(Record::Duplicate { signed: foreign.clone(), shared: Vec::new() });
        self.say_disarmed(&stopped.disarmed);
        for _ in 1..TRIES {
            if stopped.disarmed.proven {
                break;
            }
            self.clock.sleep(PAUSE);
            stopped.disarmed = effect::disarm(&mut self.hands, &self.clock);
            self.say_disarmed(&stopped.disarmed);
        }
        let mut end = end(&foreign, &stopped, &self.policy);
        let perhaps = self.perhaps_twice(&foreign);
        if !perhaps.is_empty() {
            end.message.push_str(&in_words(&perhaps));
            self.note(Finding::PerhapsTwice { signed: perhaps.clone() });
        }
        let Disarmed { proven, what } = stopped.disarmed;
        let duplicate = Record::Duplicate { signed: foreign, shared: perhaps };
        let records = [duplicate, Record::Disarmed { proven, what }, Record::End(end.clone())];
        let run = self.run.as_ref().map(|(_, path)| path.as_path());
        if let Err(error) = previous_run::write_down(&self.state, &self.policy, run, self.clock.wall(), &records) {
            end.message.push_str(&format!("; and this is not in the journal: {error}"));
        }
        end
    }

    /// A duplicate was seen before, and nobody has cleared it.
    pub(super) fn stay_stopped(&mut self, why: String) -> End {
        let mut disarmed = effect::is_disarmed(&mut self.hands);
        if !disarmed.proven {
            disarmed = effect::disarm(&mut self.hands, &self.clock);
        }
        self.say_disarmed(&disarmed);
        let next = match disarmed.proven {
            true => "find the machine that signed, then run `failover clear`",
            false => "unplug this machine's signer: it could not be read back as stopped",
        };
        End::new(Outcome::Duplicate, 5, why, next.to_owned())
    }

    fn say_disarmed(&mut self, disarmed: &Disarmed) {
        let Disarmed { proven, what } = disarmed.clone();
        self.say_record(Record::Disarmed { proven, what });
    }

    /// What this machine's device signed lately: the other machine may have signed it too.
    fn perhaps_twice(&self, foreign: &[Signed]) -> Vec<Signed> {
        let Some(last) = foreign.iter().map(|s| s.at.level).max() else { return Vec::new() };
        let own = self.judge.iter().flat_map(Judge::own);
        let mut signed: Vec<Signed> = own.filter(|s| s.at.level.above(REPORTED) >= last).cloned().collect();
        signed.sort_by_key(|s| s.at);
        signed
    }
}

/// When the block of a level was made at the latest: blocks come no faster than the chain lets them.
fn made_by(chain: &ChainFacts, level: Level) -> Option<Timestamp> {
    let (head, constants) = (&chain.head.as_ref().ok()?.value, &chain.constants.as_ref().ok()?.value);
    let after = head.level.since(level).saturating_mul(constants.block_seconds).saturating_mul(1000);
    Some(Timestamp::from_millis(head.timestamp.millis().saturating_sub(i64::try_from(after).ok()?)))
}

fn in_words(perhaps: &[Signed]) -> String {
    let blocks: Vec<String> =
        perhaps.iter().rev().filter(|s| s.kind == Kind::Block).map(|s| s.at.grouped()).take(NAMED).collect();
    let blocks =
        if blocks.is_empty() { String::new() } else { format!(", among them the blocks {}", blocks.join(", ")) };
    format!("; {} positions before that may have been signed by both{blocks}", perhaps.len())
}
