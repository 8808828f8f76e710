//! What a watch says: one record a finding, in the style of the journal's. One `record` field names the kind.

use super::hook::Hook;
use crate::clock::Timestamp;
use crate::facts::Signed;
use crate::journal::record::Record;
use crate::state::PlanId;
use crate::tezos::{KeyHash, Level};

/// What this machine is to the baker, as the watch takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchRole {
    /// It bakes: another machine that signs is a duplicate.
    Baker,
    /// It stands by: the machine that bakes is another one, and its silence is looked out for.
    Sentinel,
}

/// Something that is not as it should be, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Trouble {
    /// The own node does not say its head, or the head does not move, or it is another chain's.
    Chain,
    /// Blocks cannot be read completely: what is seen in them counts, what is not seen says nothing.
    Blocks,
    /// The mempool cannot be read: a foreign vote is seen one block later.
    Mempool,
    /// The signer does not show its marks: a foreign position cannot be told from an own one.
    Signer,
    /// What signs on this machine is not running, or is running where it should not.
    Services,
    /// The chain says that the baker may not bake.
    Standing,
    /// Something that signs was started on a machine that stands by, or could be again: the guard does not hold.
    Guard,
    /// The backup is not ready any more: a run would be refused, or its keys can sign.
    Ready,
    /// The state folder cannot be read: the token, the latch or the journal of the run.
    State,
    /// The mempool shows votes of this baker whose signature nobody has checked: nothing is stopped for them.
    Rumour,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
#[non_exhaustive]
pub enum Finding {
    /// The watch begins, or goes on in another role.
    Watch {
        /// The version of this software.
        version: String,
        /// For whom.
        baker: KeyHash,
        /// What this machine is.
        role: WatchRole,
        /// Why it is taken for that.
        why: String,
        /// After which run, where there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan: Option<PlanId>,
        /// The first level that is judged: above B after a run, else the first that is seen.
        from: Level,
        /// The floor of that run: below it, this machine's device cannot have signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        floor: Option<Level>,
    },
    /// A settled level in which the baker had rights and signed nothing. WatchRecord at the 1st, 2nd, 5th, 10th, 20th and so
    /// on in a row.
    Missed {
        /// The level.
        level: Level,
        /// This many in a row, levels without rights not counted.
        in_a_row: u64,
        /// Whose silence it is.
        role: WatchRole,
        /// What a person can do, where it has lasted. The watch starts nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    },
    /// Signed again, after levels that were missed.
    Signs {
        /// The level.
        level: Level,
        /// After so many.
        after: u64,
    },
    /// Something is not as it should be. WatchRecord again while it lasts, each time twice as late.
    Trouble {
        /// What.
        what: Trouble,
        /// Why, one sentence.
        why: String,
        /// The next safe action.
        next: String,
        /// For how long already, in seconds.
        seconds: u64,
    },
    /// That is over.
    Over {
        /// What.
        what: Trouble,
        /// After how many seconds.
        seconds: u64,
    },
    /// Levels that were not judged.
    Unjudged {
        /// The first.
        from: Level,
        /// The last.
        to: Level,
        /// Why.
        why: String,
    },
    /// Now and then, so that silence of the watch is no riddle.
    Alive {
        /// The head.
        head: Level,
        /// Settled levels that were read completely since the watch began.
        levels: u64,
        /// Of these, levels with rights.
        with_rights: u64,
        /// Of these, levels in which nothing was signed.
        missed: u64,
    },
    /// A hook did not do its work. Nothing else comes of it.
    Hook {
        /// Which.
        hook: Hook,
        /// Why, one sentence.
        why: String,
        /// The next safe action.
        next: String,
    },
    /// After a duplicate: positions that this machine's device signed, and the other machine may have signed too. Its
    /// marks cannot tell; it is reported, not denied.
    PerhapsTwice {
        /// The last of them, oldest first.
        signed: Vec<Signed>,
    },
}

/// A record of a watch: its own, or one that a run has too.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum WatchRecord {
    /// Its own.
    Finding(Finding),
    /// A duplicate, what was disarmed, the end.
    Run(Box<Record>),
}

/// How it stands after a look.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchLook {
    /// What this machine is, once that is known.
    pub role: Option<WatchRole>,
    /// The last head, once there was one.
    pub head: Option<Level>,
    /// Levels with rights in which nothing was signed, in a row, up to now.
    pub missed: u64,
    /// What is not as it should be, as far as it was said.
    pub troubles: Vec<Trouble>,
}

impl WatchLook {
    /// Does the watch do its work: is the chain seen, and is it known what this machine is?
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.role.is_some() && self.head.is_some()
    }
}

/// Who hears what a watch says. It must not keep the watch waiting: what is slow to write is written elsewhere.
pub trait Listener: Send {
    /// Hears one record.
    fn hear(&mut self, at: Timestamp, said: &WatchRecord);

    /// A look came to its end, and the watch goes on. Called from nowhere else, so that a look that hangs is not one.
    fn looked(&mut self, look: &WatchLook) {
        let _nothing_to_do_for_most = look;
    }
}

impl<F: FnMut(Timestamp, &WatchRecord) + Send> Listener for F {
    fn hear(&mut self, at: Timestamp, said: &WatchRecord) {
        self(at, said);
    }
}
