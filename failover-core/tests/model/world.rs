//! The world: small, and with the truth in it that no look of the tool sees.

use failover_core::clock::Timestamp;
use failover_core::facts::{Deed, Mark, Marks, Model};
use failover_core::signer::watermark::lets_through;
use failover_core::tezos::{Kind, Level, Position};

use crate::commands::Acting;
use crate::run::Run;
use crate::setting::{Budget, Setting};

/// Levels are kept as offsets above this one.
pub(crate) const BASE: u64 = 1_000_000;
/// The clock at first, in milliseconds.
pub(crate) const START: i64 = 1_700_000_000_000;
/// Where the chain stands at first.
pub(crate) const FIRST: u64 = 20;
/// What holds in every world that a search reaches: no key signs twice, the invariants by their names, every run ends.
pub(crate) const PROPERTIES: [&str; 17] = [
    "double", "S1", "S1a", "S1b", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S12", "S13", "S14", "S15", "S16",
    "liveness",
];

/// Seconds.
pub(crate) const BLOCK: i64 = 6;
/// The kinds that are modelled: a block and a vote for it.
pub(crate) const KINDS: [Kind; 2] = [Kind::Block, Kind::Attestation];

pub(crate) fn level(offset: u64) -> Level {
    Level::new(BASE + offset).expect("a level")
}

/// So many levels below the first block here.
pub(crate) fn ago_level(ago: u64) -> Level {
    Level::new(BASE + FIRST - ago).expect("a level")
}

pub(crate) fn offset(level: Level) -> u64 {
    level.get().saturating_sub(BASE)
}

/// Who has a permit or leaves a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Run(usize),
    /// A command on a machine.
    Command(usize),
}

/// A machine with its signer. The first is the primary, the others are backups.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub(crate) powered: bool,
    /// From the backups, by ssh.
    pub(crate) reachable: bool,
    pub(crate) on_chain: bool,
    pub(crate) running: bool,
    /// Who put up the boot guard.
    pub(crate) guard: Option<usize>,
    /// Whose claims stand here.
    pub(crate) claims: Vec<Who>,
    /// A stop was proven here, and nobody made a permit since.
    pub(crate) stopped: bool,
    /// What it had signed when it became the backup.
    pub(crate) before: [u128; 2],
    /// A duplicate is latched here.
    pub(crate) latched: bool,
    /// What was armed here, as journals and the token's history have it; only where `return` is in the search.
    pub(crate) deeds: Vec<Deed>,
    /// The guard's token: it may bake.
    pub(crate) token: bool,
    /// The secret that unlocks a TezSign at the start of its services is in place.
    pub(crate) secret: bool,
    pub(crate) plugged: bool,
    pub(crate) armed: bool,
    /// Its sign interface is claimed by a run.
    pub(crate) held: bool,
    pub(crate) marks: Marks,
    /// What it signed, a bit a level, by kind.
    pub(crate) signed: [u128; 2],
}

impl Machine {
    pub(crate) fn primary() -> Self {
        let bits = |last: u64| (10..=last).fold(0, |bits, at| bits | 1 << at);
        Self {
            powered: true,
            reachable: true,
            on_chain: true,
            running: true,
            guard: None,
            claims: Vec::new(),
            stopped: false,
            before: [bits(FIRST + 1), bits(FIRST)],
            latched: false,
            deeds: Vec::new(),
            token: false,
            secret: true,
            plugged: true,
            armed: true,
            held: false,
            marks: Marks::all(Mark::at(Position::start_of(level(FIRST)))),
            signed: [bits(FIRST + 1), bits(FIRST)],
        }
    }

    pub(crate) fn backup() -> Self {
        let marks = Marks::all(Mark::at(Position::start_of(level(1))));
        Self { running: false, secret: false, armed: false, marks, signed: [0; 2], before: [0; 2], ..Self::primary() }
    }

    pub(crate) fn can_sign(&self) -> bool {
        self.powered && self.running && self.plugged && self.armed && self.on_chain && !self.held
    }

    /// The highest level that it signed, of whatever kind.
    pub(crate) fn highest(&self) -> u64 {
        let last = |bits: u128| 127_u64.saturating_sub(u64::from(bits.leading_zeros()));
        last(self.signed[0]).max(last(self.signed[1]))
    }

    pub(crate) fn voted(&self, at: u64) -> bool {
        self.signed[1] >> at & 1 == 1
    }

    fn sign(&mut self, model: Model, of: usize, at: u64) {
        let (kind, position) = (KINDS[of], Position::start_of(level(at)));
        if !lets_through(model, self.marks.of(kind), kind, position) {
            return;
        }
        self.signed[of] |= 1 << at;
        let mark = Mark::at(position);
        match (model, kind) {
            (Model::Ledger, _) => self.marks = Marks::all(mark),
            (_, Kind::Block) => self.marks.block = mark,
            _ => (self.marks.attestation, self.marks.preattestation) = (mark, mark),
        }
    }

    /// Its services start, as at a boot: a TezSign is unlocked where the secret is in place.
    pub(crate) fn start(&mut self, model: Model) {
        let was = self.running;
        self.running = self.powered && (self.guard.is_none() || self.token);
        if self.running && !was && model == Model::TezSign {
            self.armed |= self.secret && self.plugged;
        }
    }

    /// Power goes: a TezSign is locked, a Ledger keeps what it was told.
    pub(crate) fn lose_power(&mut self, model: Model) {
        (self.powered, self.running, self.held) = (false, false, false);
        self.armed &= model == Model::Ledger;
    }

    /// Everything that lets it sign is taken away (S12).
    pub(crate) fn disarm(&mut self) {
        (self.token, self.running, self.armed, self.held) = (false, false, false, false);
    }
}

/// All of it at one moment.
#[derive(Debug, Clone)]
pub(crate) struct World {
    /// The highest block that any machine has.
    pub(crate) tip: u64,
    /// Seconds.
    pub(crate) clock: i64,
    /// When the tip came.
    pub(crate) came: i64,
    pub(crate) machines: Vec<Machine>,
    pub(crate) runs: Vec<Run>,
    pub(crate) left: Budget,
    /// A command that is under way.
    pub(crate) acting: Option<Acting>,
    /// The own node does not answer what was signed, until the next block.
    pub(crate) blind: bool,
    /// The next effect says that it is done, and is not.
    pub(crate) dud: bool,
    /// A person said about cable or power what was not so.
    pub(crate) false_word: bool,
    /// Cable or power came back without `standby`.
    pub(crate) restored: bool,
    /// At the start: the primary had signed nothing in the whole window.
    pub(crate) mute: bool,
    /// One key signed two different things; in the residue that `docs/hazards.md` names it is counted,
    /// elsewhere it is wrong.
    pub(crate) doubled: bool,
    /// Blocks since every run ended.
    pub(crate) after: u64,
    /// What does not hold, by the invariant's name.
    pub(crate) wrong: Option<String>,
}

impl World {
    pub(crate) fn new(setting: &Setting) -> Self {
        let reachable = setting.reachable && setting.primary.reachable;
        let mut machines = vec![Machine { reachable, ..setting.primary.clone() }];
        machines.extend((0..setting.sites).map(|_| setting.backup.clone()));
        let mut runs: Vec<Run> = (1..=setting.sites).map(|site| Run::new(site, 0, setting)).collect();
        runs.extend(setting.mirror.then(|| Run::new(0, 1, setting)));
        Self {
            tip: FIRST,
            clock: 0,
            came: 0,
            machines,
            runs,
            left: setting.budget,
            acting: None,
            blind: false,
            dud: false,
            false_word: false,
            restored: false,
            mute: false,
            doubled: false,
            after: 0,
            wrong: None,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(START + self.clock * 1000)
    }

    /// The head of the tool's node: one block behind the primary's, which is the worst that B allows for.
    pub(crate) fn head(&self) -> u64 {
        self.tip - 1
    }

    /// Who voted at a level, as far as the tool's node shows it: votes are in the next block, none is seen before.
    pub(crate) fn vote_seen(&self, at: u64) -> bool {
        at < self.head() && self.machines.iter().any(|machine| machine.voted(at))
    }

    pub(crate) fn ended(&self) -> bool {
        self.acting.is_none() && self.runs.iter().all(|run| run.end.is_some())
    }

    /// `docs/hazards.md`, "What no tool can exclude".
    pub(crate) fn residue(&self) -> bool {
        self.restored || (self.false_word && self.mute)
    }

    pub(crate) fn fail(&mut self, invariant: &str, why: impl std::fmt::Display) {
        assert!(PROPERTIES.contains(&invariant), "{invariant}");
        self.wrong.get_or_insert_with(|| format!("{invariant}: {why}"));
    }

    /// A block comes: every machine that can votes for it, and signs a candidate for the next.
    pub(crate) fn block(&mut self, model: Model) {
        self.tip += 1;
        self.clock += BLOCK;
        self.came = self.clock;
        self.blind = false;
        let tip = self.tip;
        for machine in self.machines.iter_mut().filter(|machine| machine.can_sign()) {
            machine.sign(model, 1, tip);
            machine.sign(model, 0, tip + 1);
        }
        for run in &mut self.runs {
            run.waiting = false;
        }
        self.after += u64::from(self.ended());
        self.count_doubles();
    }

    /// The property: no key signs two different things at one position. Two machines never sign the same bytes here.
    fn count_doubles(&mut self) {
        let mut seen = [0; 2];
        let mut double = None;
        for machine in &self.machines {
            for (of, seen) in seen.iter_mut().enumerate() {
                let both = *seen & machine.signed[of];
                if both != 0 {
                    double.get_or_insert((KINDS[of], both.trailing_zeros()));
                }
                *seen |= machine.signed[of];
            }
        }
        let Some((kind, at)) = double else { return };
        self.doubled = true;
        if !self.residue() {
            self.fail("double", format!("two signers signed a {kind} at +{at}"));
        }
    }
}
