//! Who installed the guard of a unit, when and for what.

use std::{env, fmt, fs};

use crate::clock::Timestamp;
use crate::state::PlanId;

/// What a drop-in says of itself, as one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GuardNote {
    /// The version of this note: [`GuardNote::VERSION`].
    pub v: u32,
    /// When.
    pub at: Timestamp,
    /// By whom: user and host of the machine where this program ran.
    pub by: String,
    /// That machine's machine-id.
    pub machine: String,
    /// For which run's plan; `None`: by hand, for no run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
}

impl GuardNote {
    /// The version that is written.
    pub const VERSION: u32 = 1;

    /// How much is kept of who it was, in characters.
    const BY: usize = 200;

    /// A note of now. Control characters and what is past 200 characters are left out of `by`.
    #[must_use]
    pub fn new(at: Timestamp, by: &str, machine: &str, plan: Option<PlanId>) -> Self {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(Self::BY).collect();
        Self { v: Self::VERSION, at, by: clean(by), machine: clean(machine), plan }
    }

    /// A note of now, by who runs this program on this machine. What cannot be told is a question mark: a guard is never
    /// put off for it.
    #[must_use]
    pub fn here(at: Timestamp, plan: Option<PlanId>) -> Self {
        let user =
            ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| env::var(name).ok().filter(|v| !v.is_empty()));
        let line =
            |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|t| !t.is_empty());
        let known = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
        let by = format!("{}@{}", known(user), known(line("/proc/sys/kernel/hostname")));
        Self::new(at, &by, &known(line("/etc/machine-id")), plan)
    }

    /// The same by whom and for what, whenever that was.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.v, &self.by, &self.machine, self.plan) == (other.v, &other.by, &other.machine, other.plan)
    }
}

impl fmt::Display for GuardNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "installed at {} by {}", self.at, self.by)?;
        match self.plan {
            Some(plan) => write!(f, ", for the failover of plan {plan}"),
            None => f.write_str(", by hand"),
        }
    }
}
