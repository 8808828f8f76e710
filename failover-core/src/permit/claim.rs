//! A claim: what a run leaves on another machine, so that no other run takes that machine for free.

use std::fs;
use std::io;
use std::time::Duration;

use super::disk::read;
use super::{PermitError, Permits, RunId};
use crate::clock::Timestamp;

/// What is in a claim.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Claim {
    /// The version of this file: [`Claim::VERSION`].
    pub v: u32,
    /// Whose.
    pub run: RunId,
    /// On which host it runs, as that calls itself: what a person types where its run is over and it cannot be asked.
    pub host: String,
    /// By whom: user and host. For people only.
    pub who: String,
    /// When. For people only: no age is compared.
    pub at: Timestamp,
}

impl Claim {
    /// The version that is written.
    pub const VERSION: u32 = 1;

    /// Reads a claim that another machine showed.
    ///
    /// # Errors
    /// In words: it is torn, or of a version that is not known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let claim: Self = serde_json::from_str(text.trim()).map_err(|e| e.to_string())?;
        if claim.v != Self::VERSION {
            return Err(format!("its version {} is not known", claim.v));
        }
        Ok(claim)
    }

    /// As its file has it: one line of JSON.
    #[must_use]
    pub fn line(&self) -> String {
        // Names and a time: there is nothing in it that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the run {} of {}, since {}", self.run, self.who, self.at)
    }
}

/// What a run asks of another machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimOrder {
    /// `CHAIN-BAKER`: the permits that are taken away.
    pub baker: String,
    /// What is left there.
    pub claim: Claim,
    /// This machine's own claim, of a run that is over: it is replaced.
    pub replace: Option<RunId>,
    /// Is this run of that machine over? Asked because a claim of it stands here.
    pub asked: Option<RunId>,
    /// What this machine's own root says of itself: where the same is found, it is this machine (H19).
    pub here: String,
    /// Only a look, which changes nothing there.
    pub look: bool,
    /// How long the whole of it may take.
    pub deadline: Duration,
}

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "claim")]
pub enum ClaimAnswer {
    /// Every permit there was taken away, and the claim stands.
    Made {
        /// Is the run that was asked about over? `None`: none was asked about.
        over: Option<bool>,
    },
    /// A run is going on there: nothing was touched.
    RunThere {
        /// Who, as its lock says.
        holder: String,
    },
    /// Somebody there is in the middle of an effect: nothing was touched.
    Busy {
        /// Who.
        holder: String,
    },
    /// Another run's claim stands there: nothing was touched.
    Claimed {
        /// Whose.
        by: Claim,
    },
    /// A failover is installed there that knows no permits: nothing was touched.
    Older {
        /// Its version.
        version: String,
    },
    /// A look: nothing there speaks against a claim.
    Free {
        /// As in [`ClaimAnswer::Made`].
        over: Option<bool>,
    },
    /// A look: this run's own claim stands there, and no other.
    Stands {
        /// As in [`ClaimAnswer::Made`].
        over: Option<bool>,
    },
    /// That machine is the one that this run lives on: its own permit is there (H19).
    Itself,
    /// That machine could not be asked, or runs no script: it is not excluded.
    Unasked {
        /// Why.
        why: String,
    },
}

impl Permits {
    /// The claims of runs of other machines that stand here.
    ///
    /// # Errors
    /// One cannot be read, is torn, or of a version that is not known: unknown, not none.
    pub fn claims(&self) -> Result<Vec<Claim>, PermitError> {
        let folder = self.part("claims");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(PermitError::system(&folder, &e)),
        };
        let mut claims = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| PermitError::system(&folder, &e))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            // One that went away meanwhile was replaced.
            let Some(text) = read(&entry.path())? else { continue };
            let claim = Claim::parse(&text).map_err(|why| PermitError::damaged(&entry.path(), why))?;
            if entry.file_name().to_string_lossy() != claim.run.to_string() {
                return Err(PermitError::damaged(&entry.path(), format!("it is of the run {}", claim.run)));
            }
            claims.push(claim);
        }
        claims.sort_by_key(|claim| claim.run);
        Ok(claims)
    }
}
