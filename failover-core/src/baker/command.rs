//! Anything else that bakes, by three commands of the user's own.
//!
//! They are run as they are, argv lists, no shell and no sudo in front. What they say of the machine is theirs to
//! prove: `status` must look at processes, too, if something other than its own service could sign there.

use std::time::Duration;

use super::elevation::last_words;
use super::{
    BakerControl, BakerError, BakerMachine, BakerState, BootGuards, Claims, Looks, MachineIdentity, MarkFiles,
    MarkFolder, Payouts, Readiness, SeedNonces, ServiceLog, UnlockSecrets,
};
use crate::host::Host;
use crate::permit::Root;

mod machine;

const STATUS: Duration = Duration::from_secs(10);
const STOP: Duration = Duration::from_secs(60);
const START: Duration = Duration::from_secs(180);

/// The commands, as the configuration has them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commands {
    /// Starts the baker, within 180 s.
    pub start: Vec<String>,
    /// Stops what signs, within 60 s.
    pub stop: Vec<String>,
    /// Prints one word, `running` or `stopped`, within 10 s. Its exit code is ignored.
    pub status: Vec<String>,
    /// How long the services wait before they restart by themselves, in seconds.
    #[serde(default = "Commands::default_restart_delay")]
    pub restart_delay: u64,
}

impl Commands {
    /// The default: 30 s, more than any service of TezBake waits (20 s).
    #[must_use]
    pub const fn default_restart_delay() -> u64 {
        30
    }
}

/// A baker behind three commands.
///
/// ```
/// use failover_core::baker::{BakerControl, BakerState, CommandControl, command::Commands};
/// use failover_core::host::LocalHost;
/// let argv = |words: &str| words.split(' ').map(str::to_owned).collect();
/// let commands = Commands { start: argv("true"), stop: argv("true"), status: argv("echo stopped"), restart_delay: 30 };
/// let state = CommandControl::new(LocalHost::new(), commands).state()?;
/// assert!(matches!(state, BakerState::Stopped { .. }));
/// # Ok::<(), failover_core::baker::BakerError>(())
/// ```
#[derive(Debug)]
pub struct CommandControl<H> {
    host: H,
    commands: Commands,
    mark_folders: Vec<MarkFolder>,
    root: Root,
}

impl<H: Host> CommandControl<H> {
    /// Controls a baker by these commands.
    #[must_use]
    pub fn new(host: H, commands: Commands) -> Self {
        Self { host, commands, mark_folders: Vec::new(), root: Root::usual() }
    }

    /// Reads mark files in these folders: the base folders of octez-baker and octez-signer. There `sudo -n` is used
    /// where this user may not read.
    #[must_use]
    pub fn with_mark_folders(mut self, folders: Vec<MarkFolder>) -> Self {
        self.mark_folders = folders;
        self
    }

    /// Where permits, claims and locks of that machine lie, where it is not [`Root::USUAL`].
    #[must_use]
    pub fn with_root(mut self, root: Root) -> Self {
        self.root = root;
        self
    }

    fn change(&mut self, argv: &[String], deadline: Duration) -> Result<(), BakerError> {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let out = self.host.run(&words, deadline)?;
        super::elevation::allowed(&self.host, &words, &out)?;
        super::elevation::succeeded(&self.host, &argv.join(" "), &out)
    }
}

impl<H: Host> BakerControl for CommandControl<H> {
    fn describe(&self) -> String {
        format!("{} on {}", self.commands.status.first().map_or("nothing", String::as_str), self.host.name())
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        let argv: Vec<&str> = self.commands.status.iter().map(String::as_str).collect();
        let out = self.host.run(&argv, STATUS)?;
        let asked = || vec![self.commands.status.join(" ")];
        match out.stdout.trim() {
            "running" => Ok(BakerState::Running { what: asked() }),
            "stopped" => Ok(BakerState::Stopped { checked: asked() }),
            "" => Err(BakerError::Unclear {
                host: self.host.name().to_owned(),
                why: format!("the status command printed nothing and exits {}: {}", out.code, last_words(&out)),
            }),
            other => Err(BakerError::Unclear {
                host: self.host.name().to_owned(),
                why: format!(
                    "the status command printed {:?}, neither running nor stopped",
                    other.chars().take(80).collect::<String>()
                ),
            }),
        }
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        let argv = self.commands.stop.clone();
        self.change(&argv, STOP)
    }

    fn start(&mut self) -> Result<(), BakerError> {
        let argv = self.commands.start.clone();
        self.change(&argv, START)
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        Ok(Duration::from_secs(self.commands.restart_delay))
    }
}

/// What three commands do not tell: whether a start would work, what pays, what unlocks keys, what there is to complain of.
impl<H: Host> BakerMachine for CommandControl<H> {
    fn machine_identity(&mut self) -> Option<&mut dyn MachineIdentity> {
        Some(self)
    }
    fn looks(&mut self) -> Option<&mut dyn Looks> {
        None
    }
    fn mark_files(&mut self) -> Option<&mut dyn MarkFiles> {
        Some(self)
    }
    fn seed_nonces(&mut self) -> Option<&mut dyn SeedNonces> {
        Some(self)
    }
    fn boot_guards(&mut self) -> Option<&mut dyn BootGuards> {
        Some(self)
    }
    fn unlock_secrets(&mut self) -> Option<&mut dyn UnlockSecrets> {
        None
    }
    fn claims(&mut self) -> Option<&mut dyn Claims> {
        Some(self)
    }
    fn readiness(&mut self) -> Option<&mut dyn Readiness> {
        None
    }
    fn payouts(&mut self) -> Option<&mut dyn Payouts> {
        None
    }
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog> {
        None
    }
}
