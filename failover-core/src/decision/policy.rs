//! The thresholds. `--yes` answers questions; it never lowers one of these (S11).

use std::time::Duration;

use crate::facts::{self, Cap, Claim, HeadPin, HostIdentity, KeyName, PlanId};
use crate::tezos::{ChainId, KeyHash, Level};

/// A head at most this old is fresh.
pub const FRESH: Duration = Duration::from_secs(30);
/// A head this far in the future means that a clock is wrong (H13).
pub const FUTURE: Duration = Duration::from_secs(15);
/// A head this far in the future is said: a clock is wrong by some seconds.
pub const FUTURE_SAID: Duration = Duration::from_secs(3);
/// A chain that does not move for this long ends the run (H21).
pub const HALT: Duration = Duration::from_secs(30 * 60);
/// A backup's signer that was locked for so long after the start does not unlock itself any more: a TezSign boots in 5 s, its
/// service is started again within 20 s and unlocks in some more (TezBake 2026).
pub const LOCKED: Duration = Duration::from_secs(40);
/// Something unknown for this long in the middle of a run ends it.
pub const UNKNOWN: Duration = Duration::from_secs(120);
/// A typed statement is asked again after this (S6).
pub const STATEMENT_LIFE: Duration = Duration::from_secs(15 * 60);
/// An answer of the primary this long ago still contradicts what says that it is off (H38).
pub const ANSWERED: Duration = Duration::from_secs(30);
/// Waited after the last statement where the primary could not be stopped.
pub const UNCONTROLLED_WAIT: Duration = Duration::from_secs(120);
/// Silent levels demanded where the primary was stopped.
pub const SILENT_CONTROLLED: u64 = 2;
/// Silent levels demanded where it could not be.
pub const SILENT_UNCONTROLLED: u64 = 10;
/// Silent levels demanded, after a refusal, where nothing proves that the primary is off.
pub const SILENT_UNPROVEN: u64 = 100;
/// Waited after that refusal.
pub const UNPROVEN_WAIT: Duration = Duration::from_secs(600);
/// A refusal this long ago counts no more.
pub const REFUSAL_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Levels between the highest level that the primary may have signed and the floor, by default (S2).
pub const MARGIN: u64 = 10;
/// No margin is smaller, whatever is configured.
pub const MARGIN_LEAST: u64 = 2;
/// One that is larger is a typing error, and said before anything is asked. What is past the cap is refused all the same, before
/// the primary is touched (H5).
pub const MARGIN_MOST: u64 = 1000;
/// The margin where nothing proves that the primary is off, at least.
pub const MARGIN_UNPROVEN: u64 = 30;
/// After this many levels without enough rights, silence proved nothing.
pub const SILENT_LIMIT: u64 = 200;
/// Votes for a level are settled at the head three levels above it.
pub const SETTLED: u64 = facts::SETTLED;
/// What the primary may have signed above the head: a candidate that was not seen, and one block of lag.
pub const UNSEEN: u64 = 2;
/// By default no mark goes further above the head, and no observation further above it is believed (S4).
pub const CAP: u64 = 100;
/// The floor is at least this far above the head right before the start (S2).
pub const LEAD: u64 = 4;
/// A key change or a protocol change this near is waited for or refused.
pub const KEY_CHANGE: u64 = 50;
/// A key change in the middle of a run is waited for as long as so many blocks of round 0 take: twice its levels, some of
/// them slow.
pub const KEY_CHANGE_WAIT: u64 = 2 * KEY_CHANGE;
/// A vote in the mempool that nobody has checked holds the start for so many levels, in the whole run.
pub const RUMOUR_HOLD: u64 = 6;
/// Within this many levels of a protocol change, before it and after it, nothing is read with certainty.
pub const PROTOCOL_CHANGE: u64 = facts::PROTOCOL_LOOK_BACK;
/// A protocol change in the middle of a run is waited for this long: twice those levels, some of them slow.
pub const PROTOCOL_WAIT: Duration = Duration::from_secs(600);
/// The claim on the primary may take as many seconds: one script, over a slow line (S13).
pub const CLAIM: u64 = 20;
/// The same where the primary is not to be controlled: it is claimed all the same where it answers.
pub const CLAIM_EMERGENCY: u64 = 10;
/// Further levels for the person at a Ledger's buttons, where its mark has to be raised again (S2).
pub const LEDGER_EXTRA: u64 = 20;
/// The same, once, after a prompt was given up: a person has five minutes of six-second blocks for the next one.
pub const LEDGER_AGAIN: u64 = 30;
/// A prompt that was sent is waited for as long, in case it is pressed late.
pub const PROMPT: Duration = Duration::from_secs(300);
/// Peers that must agree with the node's head, and more than half of those asked.
pub const PEERS: usize = 2;
/// The pinned head allows so many levels more than the clock does, and as many less than it has itself: the two newest
/// blocks are not settled, and may be replaced by others of an earlier time.
pub const PIN_SLACK: u64 = facts::FINAL;
/// While the newest blocks of another source are others, so long is waited before nobody is said to agree.
pub const REORGANISING: Duration = Duration::from_secs(30);
/// Heads between the two readings of keys that were found unlocked: all votes for a level lie in between (H43).
pub const UNMOVED: u64 = 2;
/// The primary's services are read twice, further apart than their restart delay and this.
pub const RESTART_SLACK: Duration = Duration::from_secs(1);
/// How often a step is tried before the run fails.
pub const TRIES: u32 = 3;
/// How often a step is done that reads back as not done.
pub const NO_EFFECT: u32 = 8;
/// The primary's mark files among the sources, as `--without` takes them.
pub const MARKS: &str = "marks";
/// The primary's power status, as `--without` takes it.
pub const POWER: &str = "power";
/// This many levels with rights in a row must add nothing to the missed ones before the run is done.
pub const STEADY: u64 = 2;
/// At an effect that arms, the reading of the chain is at most this old, from its sending (S15).
pub const CHAIN_AGE: Duration = Duration::from_secs(15);
/// So is the reading of what guards the primary: services, keys, boot guard, secret, power.
pub const GUARDS_AGE: Duration = Duration::from_secs(30);
/// This many looks in a row that are too slow end the run.
pub const SLOW_LOOKS: u32 = 3;
/// A head that is further above the one of the last look leapt: nobody watched in between.
pub const LEAP: u64 = 10;
/// Where the wall clock moves differently from the steady one by more than this, everything is counted anew (H41).
pub const CLOCKS_APART: Duration = Duration::from_secs(2);
/// After the start, the backup must sign within this many levels above the floor in which the baker has rights.
pub const RESUME_LEVELS: u64 = 30;

/// What this run is about, and how far it may go.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// The baker's name, as a person types it.
    pub name: String,
    /// The baker's address.
    pub baker: KeyHash,
    /// The chain.
    pub chain: ChainId,
    /// Levels between what the primary may have signed and the floor; 2 at least.
    pub margin: u64,
    /// Levels above the head past which no mark is set and no observation is believed (S4).
    pub cap: u64,
    /// Do not try to control the primary.
    pub emergency: bool,
    /// The keys on the backup's device, as they were configured by name; empty: not named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyName>,
    /// The primary, as `check` pinned it (H19).
    pub primary_pin: Option<HostIdentity>,
    /// The head that independent sources last agreed on; `None`: none was pinned yet (S4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_pin: Option<HeadPin>,
    /// Sources that a person left out (`--without`), never the own node: they were not asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// The primary's host, as a person names it in a statement.
    #[serde(default = "a_primary")]
    pub primary: String,
    /// Hosts of which a person said that their run is over, by a flag of its own (`--confirm-claim-over HOST`, S13).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_over: Vec<String>,
    /// The primary, as it is configured to be reached; `None`: it is not, or an older version does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Does the primary's signer run on a machine of its own? Then a baker's machine without power is no fence.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signer_apart: bool,
    /// The plans of this machine's own runs, this one among them; `None`: not known. A guard's record of another one was left
    /// by a copy of this machine (H33).
    #[serde(skip)]
    pub plans: Option<Vec<PlanId>>,
    /// Are the levels above B up to F judged (S8)?
    #[serde(default)]
    pub quarantine: Quarantine,
}

/// The levels above B up to F, in which whatever is signed is the primary's (S8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Quarantine(bool);

impl Quarantine {
    /// They are judged.
    pub const ON: Self = Self(true);

    /// They are not: so that a test of the simulator sees what happens then. A session on a real machine refuses it.
    #[must_use]
    pub const fn off_in_a_simulation() -> Self {
        Self(false)
    }

    /// Are they judged?
    #[must_use]
    pub const fn is_on(self) -> bool {
        self.0
    }
}

impl Default for Quarantine {
    fn default() -> Self {
        Self::ON
    }
}

/// What a policy must not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The floor would be too near to what the primary may have signed, or far past the cap (S2, S4).
    #[error("the margin is {margin} levels, and has to be between {MARGIN_LEAST} and {MARGIN_MOST}")]
    Margin {
        /// The margin, in levels.
        margin: u64,
    },
    /// A mark could be raised to where nothing is signed for a long time (S4).
    #[error("the cap is {cap} levels above the head, and the most is {CAP}")]
    Cap {
        /// The cap, in levels.
        cap: u64,
    },
    /// Nobody would see the primary come back below the floor (S8).
    #[error("the levels below the first signature would not be judged")]
    Quarantine,
}

impl PolicyError {
    /// The next safe action.
    #[must_use]
    pub fn next(&self) -> String {
        match self {
            Self::Margin { .. } => {
                format!("take a margin of {MARGIN_LEAST} to {MARGIN_MOST} levels; {MARGIN} is the usual one")
            }
            Self::Cap { .. } => "leave `cap` as `Policy::new` has it".to_owned(),
            Self::Quarantine => "leave `quarantine` as `Policy::new` has it".to_owned(),
        }
    }
}

fn a_primary() -> String {
    "primary".to_owned()
}

/// What is typed in full where nothing proves that the primary is off.
#[must_use]
pub fn unproven_sentence(name: &str) -> String {
    format!(
        "I cannot prove that {name}'s old machine is off. If it still signs, I lose 5 % of my stake for each block \
         signed twice, and {name} is excluded for 2 days."
    )
}

impl Policy {
    /// The usual policy: margin 10, cap 100.
    #[must_use]
    pub fn new(name: String, baker: KeyHash, chain: ChainId) -> Self {
        Self {
            name,
            baker,
            chain,
            margin: MARGIN,
            cap: CAP,
            emergency: false,
            keys: Vec::new(),
            primary_pin: None,
            head_pin: None,
            without: Vec::new(),
            primary: a_primary(),
            claims_over: Vec::new(),
            host: None,
            signer_apart: false,
            plans: None,
            quarantine: Quarantine::ON,
        }
    }

    /// May a run begin with it? A session asks this first.
    ///
    /// # Errors
    /// What it must not say.
    pub const fn check(&self) -> Result<(), PolicyError> {
        if self.margin < MARGIN_LEAST || self.margin > MARGIN_MOST {
            return Err(PolicyError::Margin { margin: self.margin });
        }
        if self.cap > CAP {
            return Err(PolicyError::Cap { cap: self.cap });
        }
        if self.quarantine.is_on() { Ok(()) } else { Err(PolicyError::Quarantine) }
    }

    /// The primary's host, as a statement about its signer and its power names it; `None`: none is configured, or the signer has a
    /// machine of its own.
    #[must_use]
    pub fn stated_host(&self) -> Option<String> {
        self.host.is_some().then(|| self.primary.clone()).filter(|_| !self.signer_apart)
    }

    /// Did a person say that the run of this claim is over?
    #[must_use]
    pub fn says_over(&self, claim: &Claim) -> bool {
        self.claims_over.contains(&claim.host)
    }

    /// Are the primary's mark files left out (`--without marks`)?
    #[must_use]
    pub fn leaves_out_marks(&self) -> bool {
        self.without.iter().any(|source| source == MARKS)
    }

    /// Is the primary's power status left out (`--without power`)?
    #[must_use]
    pub fn leaves_out_power(&self) -> bool {
        self.without.iter().any(|source| source == POWER)
    }
}

/// No mark goes past this: the highest agreed fresh head and the policy's cap (S4).
#[must_use]
pub fn cap(policy: &Policy, agreed: Level) -> Cap {
    Cap::above(agreed, policy.cap)
}
