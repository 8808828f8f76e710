//! What a gadget keeps: keys, their locks, their marks (TezSign 2026-04-30, `keychain/`).

use std::collections::BTreeMap;

use super::super::message::Message;
use super::key::{SimKey, signature_of};
use failover_core::signer::tezsign::message::{KeyStatus, LockState};
use failover_core::signer::{Mark, Marks, Passphrase};
use failover_core::tezos::{KeyHash, Kind, Level, Position, Round};

/// A mark as the gadget keeps it: level 0 is a level like any other.
type RawMark = (u64, u32);

#[derive(Debug)]
struct Entry {
    key: SimKey,
    /// Was it unlocked or made since boot? A key that was not is "unknown" to lock.
    loaded: bool,
    unlocked: bool,
    corrupted: bool,
    /// Both slots of its state file are bad: not even an unlock reads them.
    unreadable: bool,
    /// A file of the key itself is cut off: nothing opens it.
    cut_off: bool,
    /// Its state file was unlinked: nothing is stored any more.
    unlinked: bool,
    /// Block, preattestation, attestation.
    marks: [RawMark; 3],
}

impl Entry {
    fn new(key: SimKey) -> Self {
        let marks = [(0, 0); 3];
        let (loaded, unlocked, corrupted, unreadable) = (false, false, false, false);
        Self { key, loaded, unlocked, corrupted, unreadable, cut_off: false, unlinked: false, marks }
    }
}

/// Why a signature is refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SignRefusal {
    NotFound,
    BadPayload,
    Locked,
    Corrupted,
    Stale,
}

#[derive(Debug)]
pub(super) struct Store {
    passphrase: Option<Passphrase>,
    deterministic: bool,
    keys: BTreeMap<String, Entry>,
    derived: usize,
}

impl Store {
    pub(super) fn new(passphrase: Option<Passphrase>, keys: Vec<SimKey>) -> Self {
        let mut store = Self { deterministic: passphrase.is_some(), passphrase, keys: BTreeMap::new(), derived: 0 };
        store.set_keys(keys);
        store
    }

    pub(super) fn set_keys(&mut self, keys: Vec<SimKey>) {
        self.derived = keys.len();
        self.keys = keys.into_iter().map(|key| (key.alias.clone(), Entry::new(key))).collect();
    }

    pub(super) fn set_passphrase(&mut self, passphrase: Passphrase) {
        self.passphrase = Some(passphrase);
    }

    pub(super) fn power_cycle(&mut self) {
        for entry in self.keys.values_mut() {
            entry.loaded = false;
            entry.unlocked = false;
        }
    }

    pub(super) fn corrupt(&mut self, alias: &str) {
        if let Some(entry) = self.keys.get_mut(alias) {
            entry.corrupted = true;
            entry.marks = [(0, 0); 3];
        }
    }

    pub(super) fn ruin(&mut self, alias: &str) {
        if let Some(entry) = self.keys.get_mut(alias) {
            entry.unreadable = true;
        }
    }

    pub(super) fn cut_off(&mut self, alias: &str) {
        if let Some(entry) = self.keys.get_mut(alias) {
            entry.cut_off = true;
        }
    }

    pub(super) fn unlink(&mut self, alias: &str) {
        if let Some(entry) = self.keys.get_mut(alias) {
            entry.unlinked = true;
        }
    }

    pub(super) fn set_marks(&mut self, alias: &str, marks: Marks) {
        if let Some(entry) = self.keys.get_mut(alias) {
            let raw = |kind| marks.of(kind).0.map_or((0, 0), |p| (p.level.get(), p.round.0));
            entry.marks = Kind::ALL.map(raw);
        }
    }

    pub(super) fn overview(&self) -> Vec<(String, KeyHash, bool, Marks)> {
        let mark = |(level, round)| Mark(Level::new(level).map(|level| Position::new(level, Round(round))));
        let all = |e: &Entry| {
            let [block, preattestation, attestation] = e.marks.map(mark);
            Marks { block, preattestation, attestation }
        };
        self.keys.values().map(|e| (e.key.alias.clone(), e.key.hash, e.unlocked, all(e))).collect()
    }

    pub(super) fn status(&self) -> Vec<KeyStatus> {
        self.keys.values().map(Entry::status).collect()
    }

    pub(super) fn init_info(&self) -> (bool, bool) {
        (self.passphrase.is_some(), self.deterministic)
    }

    pub(super) fn init_master(&mut self, passphrase: &[u8], deterministic: bool) -> Result<(), &'static str> {
        if self.passphrase.is_some() {
            return Err("master json already initialized");
        }
        self.passphrase = Some(Passphrase::new(passphrase.to_vec()));
        self.deterministic = deterministic;
        Ok(())
    }

    pub(super) fn opens(&self, passphrase: &[u8]) -> bool {
        self.passphrase.as_ref().is_some_and(|p| p.expose() == passphrase)
    }

    /// A new key; the recorded derivation gives `consensus` and `companion` their recorded keys.
    pub(super) fn create(&mut self, alias: &str, passphrase: &[u8]) -> Result<SimKey, &'static str> {
        let alias = alias.trim().to_lowercase();
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if alias.is_empty() || alias.len() > 64 || !alias.chars().all(legal) {
            return Err("invalid key_id");
        }
        if !self.opens(passphrase) {
            return Err("seed corrupted or bad password");
        }
        if self.keys.contains_key(&alias) {
            return Err("key_id already exists");
        }
        let key = SimKey::recorded().into_iter().nth(self.derived).filter(|_| passphrase == super::PASSPHRASE);
        let seed = format!("{} {}", String::from_utf8_lossy(passphrase), self.derived);
        let key = SimKey { alias: alias.clone(), ..key.unwrap_or_else(|| SimKey::of_seed(&alias, &seed)) };
        self.derived += 1;
        self.keys.insert(alias, Entry { loaded: true, ..Entry::new(key.clone()) });
        Ok(key)
    }

    pub(super) fn delete(&mut self, alias: &str) -> Result<(), &'static str> {
        self.keys.remove(&alias.trim().to_lowercase()).map(|_| ()).ok_or("key not found")
    }

    pub(super) fn unlock(&mut self, alias: &str, passphrase: &[u8]) -> Result<(), String> {
        let opens = self.opens(passphrase);
        let entry = self
            .keys
            .get_mut(alias)
            .ok_or_else(|| format!("open keystore/keys/{alias}/meta.json: no such file or directory"))?;
        if entry.cut_off {
            return Err("short".to_owned());
        }
        if !opens {
            return Err("bad password or corrupted key (unwrap)".to_owned());
        }
        if entry.unreadable {
            return Err("load state: state corrupted: checksum".to_owned());
        }
        entry.loaded = true;
        entry.unlocked = true;
        Ok(())
    }

    pub(super) fn lock(&mut self, alias: &str) -> Result<(), &'static str> {
        let entry = self.keys.get_mut(alias).filter(|e| e.loaded).ok_or("unknown key")?;
        entry.unlocked = false;
        if std::mem::take(&mut entry.unlinked) {
            entry.marks = [(0, 0); 3];
        }
        Ok(())
    }

    pub(super) fn set_level(&mut self, alias: &str, level: u64) -> Result<(), String> {
        let entry = self.keys.get_mut(alias).ok_or("unknown key")?;
        if !entry.unlocked {
            return Err("key locked".to_owned());
        }
        for (kind, (current, _)) in Kind::ALL.into_iter().zip(entry.marks) {
            if level <= current {
                return Err(format!("level must be greater than current {kind} level (current={current})"));
            }
        }
        entry.marks = [(level, 0); 3];
        entry.corrupted = false;
        Ok(())
    }

    /// Signs; strictly increasing on (level, round) for each key and kind.
    pub(super) fn sign(&mut self, tz4: &str, bytes: &[u8]) -> Result<(KeyHash, Message, Vec<u8>), SignRefusal> {
        let entry =
            self.keys.values_mut().find(|e| e.loaded && e.key.hash.to_string() == tz4).ok_or(SignRefusal::NotFound)?;
        let message = Message::parse(entry.key.hash.curve(), bytes)
            .filter(|m| i32::try_from(m.level).is_ok() && i32::try_from(m.round.0).is_ok())
            .ok_or(SignRefusal::BadPayload)?;
        if !entry.unlocked {
            return Err(SignRefusal::Locked);
        }
        if entry.corrupted {
            return Err(SignRefusal::Corrupted);
        }
        let next = (message.level, message.round.0);
        let [block, preattestation, attestation] = &mut entry.marks;
        let mark = match message.kind {
            Kind::Block => block,
            Kind::Preattestation => preattestation,
            Kind::Attestation => attestation,
        };
        if next <= *mark {
            return Err(SignRefusal::Stale);
        }
        *mark = next;
        let signature = signature_of(&entry.key.public_key, bytes);
        Ok((entry.key.hash, message, signature))
    }
}

impl Entry {
    fn status(&self) -> KeyStatus {
        let shown = self.unlocked && !self.corrupted;
        let [block, preattestation, attestation] = if shown { self.marks } else { [(0, 0); 3] };
        KeyStatus {
            key: self.key.alias.clone(),
            // The real gadget returns before it sets the lock of a corrupted key.
            lock_state: if shown { LockState::Unlocked } else { LockState::Locked }.into(),
            tz4: self.key.hash.to_string(),
            public_key: self.key.public_key.clone(),
            proof: self.key.proof.clone(),
            block_level: block.0,
            preattestation_level: preattestation.0,
            attestation_level: attestation.0,
            block_round: block.1,
            preattestation_round: preattestation.1,
            attestation_round: attestation.1,
            state_corrupted: self.corrupted && self.unlocked,
        }
    }
}
