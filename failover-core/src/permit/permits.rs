//! The permits of one baker on one machine: made once, taken away by anybody, never put back.

use std::fs::{self};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::disk::{boot, create, exists, private, read, sync};
use super::{Claim, ClaimOrder, EffectLock, PermitError, Root, RunId};
use crate::clock::Timestamp;
use crate::host::host_name;
use crate::tezos::{ChainId, KeyHash};

/// The folders: runs that have begun and have no permit yet, permits, and what was taken away or is over.
const BEGUN: &str = "begun";
const PERMITS: &str = "permits";
const ENDED: &str = "ended";

/// For what a permit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PermitKind {
    /// A run: it may unlock, raise, authorize, lift the guard and start.
    Run,
    /// What unlocks or raises and locks again: it may start nothing.
    Marks,
}

/// What is in a permit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Permit {
    /// The version of this file: [`Permit::VERSION`].
    pub v: u32,
    /// Whose.
    pub run: RunId,
    /// For what.
    pub kind: PermitKind,
    /// The boot in which it was made, as `/proc/sys/kernel/random/boot_id` has it: in another one it is void.
    pub boot: String,
    /// By whom: user and host. For people only.
    pub who: String,
    /// When. For people only: no age is compared.
    pub at: Timestamp,
}

impl Permit {
    /// The version that is written.
    pub const VERSION: u32 = 1;
}

/// How a run's permit stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermitState {
    /// There is none, and there never was.
    NotMade,
    /// It is there, and of this boot.
    Valid,
    /// It was taken away.
    Gone {
        /// By whom, where that was written down.
        by: Option<String>,
    },
    /// It is of another boot, and so void.
    OtherBoot,
}

/// The permits and claims of one baker on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permits {
    root: Root,
    folder: PathBuf,
    baker: String,
}

impl Root {
    /// The permits and claims of one baker on this machine.
    #[must_use]
    pub fn of(&self, chain: ChainId, baker: KeyHash) -> Permits {
        Permits::new(self.clone(), format!("{chain}-{baker}"))
    }

    /// Takes away every permit of every baker on this machine (S14). Nothing is asked, locked or created for it.
    ///
    /// # Errors
    /// One is still there. The others are gone all the same.
    pub fn take_away_all(&self, by: &str) -> Result<usize, PermitError> {
        let (mut taken, mut first) = (0, None);
        for permits in self.every()? {
            match permits.take_away(by) {
                Ok(count) => taken += count,
                Err(error) => first = first.or(Some(error)),
            }
        }
        first.map_or(Ok(taken), Err)
    }

    /// The permits of every baker on this machine.
    pub(super) fn every(&self) -> Result<Vec<Permits>, PermitError> {
        let entries = match fs::read_dir(self.path()) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(PermitError::system(self.path(), &e)),
        };
        let bakers = entries.flatten().filter(|entry| entry.path().join("permits").is_dir());
        Ok(bakers.filter_map(|entry| Some(Permits::new(self.clone(), entry.file_name().into_string().ok()?))).collect())
    }
}

impl Permits {
    pub(super) fn new(root: Root, baker: String) -> Self {
        let folder = root.path().join(&baker);
        Self { root, folder, baker }
    }

    /// The root that they lie under.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// `CHAIN-BAKER`, the folder's name below the root.
    #[must_use]
    pub fn baker(&self) -> &str {
        &self.baker
    }

    /// A folder in it: `permits`, `claims`, `begun` or `ended`. It may not be there yet.
    #[must_use]
    pub fn part(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A run has begun, and has no permit yet: what takes permits away from now on takes this from it, and it makes none
    /// any more (S14).
    ///
    /// # Errors
    /// The system refused. Then a permit cannot be made here either.
    pub fn begin(&self, run: &RunId) -> Result<(), PermitError> {
        self.prepare()?;
        let path = self.part(BEGUN).join(run.to_string());
        fs::write(&path, "\n").map_err(|e| PermitError::system(&path, &e))
    }

    fn prepare(&self) -> Result<(), PermitError> {
        self.root.prepare()?;
        for folder in [self.folder.clone(), self.part(PERMITS), self.part(BEGUN), self.part(ENDED)] {
            private(&folder)?;
        }
        Ok(())
    }

    /// Makes the permit of a run that has begun, durably, and reads it back. Once in a run.
    ///
    /// # Errors
    /// It is there already or was there before, the run was stopped before or never begun, or the system refused.
    pub fn make(&self, run: &RunId, kind: PermitKind, who: &str, at: Timestamp) -> Result<(), PermitError> {
        self.prepare()?;
        match self.look(run)? {
            PermitState::NotMade => {}
            PermitState::Gone { by } => return Err(PermitError::Gone { by }),
            _ => return Err(PermitError::damaged(&self.path(run), "a permit of this run was made before")),
        }
        self.still_begun(run)?;
        let permit = Permit { v: Permit::VERSION, run: *run, kind, boot: boot()?, who: who.to_owned(), at };
        let mut text = serde_json::to_vec(&permit).map_err(|e| PermitError::damaged(&self.path(run), e))?;
        text.push(b'\n');
        create(&self.path(run), &text)?;
        // A stop takes what is begun first, and permits then: one of the two sees the other.
        if let Err(gone) = self.still_begun(run) {
            self.take_one(PERMITS, &run.to_string(), &self.taken_by(run).unwrap_or_default())?;
            return Err(gone);
        }
        match self.look(run)? {
            PermitState::Valid => Ok(()),
            PermitState::Gone { by } => Err(PermitError::Gone { by }),
            _ => Err(PermitError::damaged(&self.path(run), "it does not read back as it was written")),
        }
    }

    /// How a run's permit stands now.
    ///
    /// # Errors
    /// It cannot be read, is torn, or of a version that is not known: unknown, and neither there nor gone.
    pub fn look(&self, run: &RunId) -> Result<PermitState, PermitError> {
        let path = self.path(run);
        let Some(text) = read(&path)? else {
            return Ok(match self.is_ended(run)? {
                true => PermitState::Gone { by: self.taken_by(run) },
                false => PermitState::NotMade,
            });
        };
        let permit: Permit = serde_json::from_str(&text).map_err(|e| PermitError::damaged(&path, e))?;
        if permit.v != Permit::VERSION {
            return Err(PermitError::damaged(&path, format!("its version {} is not known", permit.v)));
        }
        if permit.run != *run {
            return Err(PermitError::damaged(&path, format!("it is of the run {}", permit.run)));
        }
        Ok(if permit.boot == boot()? { PermitState::Valid } else { PermitState::OtherBoot })
    }

    /// A stop takes this away; on a full disk it leaves nothing else behind.
    fn still_begun(&self, run: &RunId) -> Result<(), PermitError> {
        match exists(&self.part(BEGUN).join(run.to_string()))? {
            true => Ok(()),
            false => Err(PermitError::Gone { by: self.taken_by(run) }),
        }
    }

    fn is_ended(&self, run: &RunId) -> Result<bool, PermitError> {
        exists(&self.part(ENDED).join(run.to_string()))
    }

    /// Takes away every permit of this baker here, and from a run that has begun the right to make one. Needs nothing but the right to (S14).
    ///
    /// # Errors
    /// One is still there.
    pub fn take_away(&self, by: &str) -> Result<usize, PermitError> {
        self.take(by, |_| true)
    }

    /// The same, but for one: a run that begins takes away those that dead runs left, and never its own.
    ///
    /// # Errors
    /// One is still there.
    pub fn take_away_others(&self, by: &str, own: &RunId) -> Result<usize, PermitError> {
        let own = own.to_string();
        self.take(by, |name| name != own)
    }

    /// The run is over: its permit is no more.
    ///
    /// # Errors
    /// It is still there.
    pub fn end(&self, run: &RunId) -> Result<(), PermitError> {
        let run = run.to_string();
        self.take("its own end", |name| name == run).map(|_| ())
    }

    /// Is a run known here: has it, or had it, a permit on this machine?
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn knows(&self, run: &RunId) -> Result<bool, PermitError> {
        Ok(self.path(run).exists() || self.part(ENDED).join(run.to_string()).exists())
    }

    /// Waits for the effect lock of this machine; see [`Root::effect_lock`].
    ///
    /// # Errors
    /// [`PermitError::Busy`], or the system refused.
    pub fn effect_lock(&self, what: &str, patience: Duration) -> Result<EffectLock, PermitError> {
        self.root.effect_lock(what, patience)
    }

    fn take(&self, by: &str, wanted: impl Fn(&str) -> bool) -> Result<usize, PermitError> {
        let begun = self.take_from(BEGUN, by, &wanted);
        let taken = self.take_from(PERMITS, by, &wanted)?;
        begun.map(|_| taken)
    }

    fn take_from(&self, folder: &str, by: &str, wanted: impl Fn(&str) -> bool) -> Result<usize, PermitError> {
        let permits = self.part(folder);
        let entries = match fs::read_dir(&permits) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(e) => return Err(PermitError::system(&permits, &e)),
        };
        let (mut taken, mut wrong) = (0, None);
        for entry in entries {
            let entry = entry.map_err(|e| PermitError::system(&permits, &e))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') || !wanted(&name) {
                continue;
            }
            match self.take_one(folder, &name, by) {
                Ok(()) => taken += 1,
                Err(error) => wrong = wrong.or(Some(error)),
            }
        }
        if taken > 0 {
            // The names matter more than that they are durable: a reboot voids them anyway.
            let _void_after_a_boot = sync(&permits);
        }
        wrong.map_or(Ok(taken), Err)
    }

    fn take_one(&self, folder: &str, name: &str, by: &str) -> Result<(), PermitError> {
        let (path, ended) = (self.part(folder).join(name), self.part(ENDED).join(name));
        // Moved where that is possible, so that its run knows by whom; else, as on a full disk, removed.
        let moved = fs::rename(&path, &ended).or_else(|_| fs::remove_file(&path));
        match moved {
            Ok(()) => {}
            // Somebody else was quicker.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(PermitError::system(&path, &e)),
        }
        let _for_people = fs::write(self.part(ENDED).join(format!("{name}.by")), format!("{by}\n"));
        match fs::symlink_metadata(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(_) => Err(PermitError::damaged(&path, "it is still there")),
            Err(e) => Err(PermitError::system(&path, &e)),
        }
    }

    fn taken_by(&self, run: &RunId) -> Option<String> {
        let text = read(&self.part(ENDED).join(format!("{run}.by"))).ok()??;
        let line: String = text.lines().next()?.chars().filter(|c| !c.is_control()).take(200).collect();
        (!line.is_empty()).then_some(line)
    }

    fn path(&self, run: &RunId) -> PathBuf {
        self.part(PERMITS).join(run.to_string())
    }
}

/// What a run has in its hands of its own permit. A run that is new calls [`Permits::begin`] before anything else: without that
/// no permit is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPermit {
    /// The permits of this machine.
    pub permits: Permits,
    /// Which run it is.
    pub run: RunId,
    /// For people: user and host, and the command.
    pub who: String,
    /// Runs of this machine's journals: a claim of one of them is this machine's own.
    pub known: Vec<RunId>,
}

impl RunPermit {
    /// Is the permit there, now?
    ///
    /// # Errors
    /// [`PermitError::Gone`], [`PermitError::OtherBoot`], or it cannot be told.
    pub fn valid(&self) -> Result<(), PermitError> {
        match self.permits.look(&self.run)? {
            PermitState::Valid => Ok(()),
            PermitState::OtherBoot => Err(PermitError::OtherBoot),
            PermitState::Gone { by } => Err(PermitError::Gone { by }),
            PermitState::NotMade => Err(PermitError::Gone { by: None }),
        }
    }

    /// What this run asks of another machine. A claim that stands here asks for its own run there.
    ///
    /// # Errors
    /// The claims of this machine cannot be read.
    pub fn order(&self, at: Timestamp, look: bool, deadline: Duration) -> Result<ClaimOrder, PermitError> {
        let asked = self.permits.claims()?.first().map(|claim| claim.run);
        let claim = Claim { v: Claim::VERSION, run: self.run, host: hostname(), who: self.who.clone(), at };
        let (baker, here) = (self.permits.baker().to_owned(), self.permits.root().here()?);
        Ok(ClaimOrder { baker, claim, replace: None, asked, here, look, deadline })
    }

    /// Is this the claim of a run of this machine? One of a machine with another name never is: its journals may have been
    /// copied here.
    ///
    /// # Errors
    /// It cannot be looked at.
    pub fn is_own(&self, claim: &Claim) -> Result<bool, PermitError> {
        Ok(claim.host == hostname() && (self.known.contains(&claim.run) || self.permits.knows(&claim.run)?))
    }
}

/// How this machine calls itself: what a person types in a statement about it.
#[must_use]
pub fn hostname() -> String {
    let name: String = host_name().chars().filter(|c| !c.is_control() && !c.is_whitespace()).take(64).collect();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
