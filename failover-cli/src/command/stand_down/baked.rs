//! Did this machine bake until now? Whoever stops the one that bakes must hear it (H43), and nothing waits for the answer (S12).

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use failover_core::baker::BakerState;
use failover_core::config::Config;
use failover_core::guard::{Guard, GuardStatus};
use failover_core::session::open;

/// A look at the services takes some milliseconds; the stop is not kept longer from one that hangs.
const LOOK: Duration = Duration::from_millis(200);
const NOBODY: &str = "nobody bakes now unless another machine does: look with `failover status`";

/// What was seen before anything was stopped.
pub(super) struct Baked(Option<String>);

impl Baked {
    /// By what runs here, and by the token.
    pub(super) fn before(config: &Config, state: &Path) -> Self {
        let (say, said) = mpsc::channel();
        let backup = config.backup.clone();
        // Not waited for where it hangs: it ends with the process.
        let look = thread::Builder::new().spawn(move || {
            let running = match open::control(&backup).ok()?.state() {
                Ok(BakerState::Running { what }) => Some(format!("{} ran here", what.join(", "))),
                _ => None,
            };
            say.send(running).ok()
        });
        let running = look.ok().and_then(|_| said.recv_timeout(LOOK).ok().flatten());
        Self(running.or_else(|| Self::of(state).0))
    }

    /// By the token alone: it is there where this machine was to bake.
    pub(super) fn of(state: &Path) -> Self {
        Self(match Guard::new(state).status() {
            GuardStatus::Lifted(token) => Some(format!("this machine might bake since {}, {}", token.at, token.by)),
            GuardStatus::Guarded | GuardStatus::Unknown(_) => None,
        })
    }

    /// For the list of what was done.
    pub(super) fn what(&self) -> Option<String> {
        self.0.as_ref().map(|ran| format!("until now {ran}; nobody bakes now unless another machine does"))
    }

    /// The last line, after this.
    pub(super) fn told(&self, next: String) -> String {
        if self.0.is_some() { format!("{NOBODY}; {next}") } else { next }
    }
}
