//! A duplicate: stop and disarm this machine, then say so, then write it down (S8, S12).

use std::time::Duration;

use super::record::Note;
use super::{Judge, Watch, past};
use crate::effect::{self, Disarmed};
use crate::facts::Signed;
use crate::failover::{duplicate, ending};
use crate::journal::record::{End, Record};
use crate::tezos::Kind;

/// How often disarming is tried.
const TRIES: usize = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);
/// Positions before the foreign one that are reported, in levels.
const REPORTED: u64 = 100;
/// Blocks that are named in the last line.
const NAMED: usize = 5;

impl Watch {
    /// Foreign positions: first of all this machine is disarmed.
    pub(super) fn stop(&mut self, foreign: Vec<Signed>) -> End {
        let mut stopped = duplicate::stop(&mut self.hands, &*self.clock, &self.state, &self.policy, &foreign);
        self.say_record(Record::Duplicate { signed: foreign.clone(), shared: Vec::new() });
        self.say_disarmed(&stopped.disarmed);
        for _ in 1..TRIES {
            if stopped.disarmed.proven {
                break;
            }
            self.clock.sleep(PAUSE);
            stopped.disarmed = effect::disarm(&mut self.hands, &*self.clock);
            self.say_disarmed(&stopped.disarmed);
        }
        let mut end = duplicate::end(&foreign, &stopped);
        let perhaps = self.perhaps_twice(&foreign);
        if !perhaps.is_empty() {
            end.message.push_str(&in_words(&perhaps));
            self.note(Note::PerhapsTwice { signed: perhaps.clone() });
        }
        let Disarmed { proven, what } = stopped.disarmed;
        let duplicate = Record::Duplicate { signed: foreign, shared: perhaps };
        let records = [duplicate, Record::Disarmed { proven, what }, Record::End(end.clone())];
        let run = self.run.as_ref().map(|(_, path)| path.as_path());
        if let Err(error) = past::write_down(&self.state, &self.policy, run, self.clock.now(), &records) {
            end.message.push_str(&format!("; and this is not in the journal: {error}"));
        }
        end
    }

    /// A duplicate was seen before, and nobody has cleared it.
    pub(super) fn stay_stopped(&mut self, why: String) -> End {
        let mut disarmed = effect::is_disarmed(&mut self.hands);
        if !disarmed.proven {
            disarmed = effect::disarm(&mut self.hands, &*self.clock);
        }
        self.say_disarmed(&disarmed);
        let next = match disarmed.proven {
            true => "find the machine that signed, then run `failover clear`",
            false => "unplug this machine's signer: it could not be read back as stopped",
        };
        ending::end("duplicate", 5, why, next.to_owned())
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

fn in_words(perhaps: &[Signed]) -> String {
    let blocks: Vec<String> =
        perhaps.iter().rev().filter(|s| s.kind == Kind::Block).map(|s| s.at.to_string()).take(NAMED).collect();
    let blocks =
        if blocks.is_empty() { String::new() } else { format!(", among them the blocks {}", blocks.join(", ")) };
    format!("; {} positions before that may have been signed by both{blocks}", perhaps.len())
}
