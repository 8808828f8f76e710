//! Did this machine bake until now? Whoever stops the one that bakes must hear it (H43), and nothing waits for the answer (S12).

use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use failover_core::baker::BakerState;
use failover_core::config::{Config, Control};
use failover_core::guard::{Guard, GuardStatus};
use failover_core::session::open;

const NOBODY: &str = "nobody bakes now unless another machine does: look with `failover status`";

/// A look that began before anything was stopped.
pub(super) struct Baked {
    token: Option<String>,
    running: Option<Receiver<String>>,
}

impl Baked {
    /// By the token, and by what runs here, as far as it is known when it is asked for.
    pub(super) fn before(config: &Config, state: &Path) -> Self {
        let (say, said) = mpsc::channel();
        let backup = config.backup.clone();
        // A command of the person's own is not run beside the one that stops.
        let systemd = !matches!(backup.control, Control::Command { .. });
        let look = move || {
            if let Ok(BakerState::Running { what }) = open::control(&backup).ok()?.state() {
                say.send(format!("{} ran here", what.join(", "))).ok()?;
            }
            Some(())
        };
        // Not waited for where it hangs: it ends with the process.
        let began = systemd && thread::Builder::new().spawn(look).is_ok();
        Self { running: began.then_some(said), ..Self::of(state) }
    }

    /// By the token alone: it is there where this machine was to bake.
    pub(super) fn of(state: &Path) -> Self {
        let token = match Guard::new(state).status() {
            GuardStatus::Lifted(token) => Some(format!("this machine might bake since {}, {}", token.at, token.by)),
            GuardStatus::Guarded | GuardStatus::Unknown(_) => None,
        };
        Self { token, running: None }
    }

    /// After the stop: says among what was done what baked here until then. Did anything?
    pub(super) fn told(self, what: &mut Vec<String>) -> bool {
        let ran = self.running.and_then(|running| running.try_recv().ok()).or(self.token);
        what.extend(ran.iter().map(|ran| format!("until now {ran}")));
        ran.is_some()
    }
}

/// The last line of a stop that is proven, where something baked here until then.
pub(super) fn after_it(baked: bool, next: String) -> String {
    if baked { format!("{NOBODY}; {next}") } else { next }
}
