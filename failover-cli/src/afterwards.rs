//! A process that outlives this one: what unlocks keys for a moment may be killed in it, and then this one locks them.

use std::ffi::OsString;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use failover_core::effect::UNLOCK_LATE;
use failover_core::signer::traits::ArmedBy;
use failover_core::signer::{HwmSetter, Selector, SignerDevice as _, registry};

/// How the program is told that it is this process.
const NAME: &str = "lock-afterwards";
/// What the parent says when it has locked them itself.
const DONE: &[u8] = b"done";
/// How often it tries, and how long it pauses: an unlock that was under way may still succeed.
const TRIES: usize = 30;
const PAUSE: Duration = Duration::from_secs(1);
/// Nothing that a parent says is longer.
const LONGEST: u64 = 64;

/// While this lives, keys are locked by somebody else if this process ends.
#[must_use = "without it nobody locks the keys when this process is killed"]
pub(crate) struct LocksAfterwards {
    child: Child,
}

impl LocksAfterwards {
    /// Starts it, in a group of its own: what a terminal sends to this process does not reach it.
    ///
    /// With the token of a guarded machine it locks nothing any more once that is there: the guard was lifted, and the
    /// keys bake.
    ///
    /// # Errors
    /// No process can be started.
    pub(crate) fn of(device: &Selector, token: Option<&Path>) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        // It gets nothing of this process' environment, least of all a passphrase (S9).
        command.args([NAME, &device.to_string()]).arg(token.unwrap_or(Path::new(""))).env_clear().process_group(0);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        Ok(Self { child })
    }

    /// Lets it go where the keys were read back as locked, or are now, and no unlock can open them any more; else it tries on.
    pub(crate) fn done_where_locked(self, read_back: bool, device: &mut dyn HwmSetter) {
        let locked = |device: &mut dyn HwmSetter| device.state().is_ok_and(|state| state.able_to_sign().is_empty());
        if !device.unlock_may_end() && (read_back || locked(device)) {
            self.done();
        }
    }

    /// The same where it can be started; `None` too for a device that is not unlocked.
    pub(crate) fn where_possible(device: &Selector, token: Option<&Path>) -> Option<Self> {
        (device.model().traits().armed_by == ArmedBy::Passphrase).then(|| Self::of(device, token).ok()).flatten()
    }

    /// The keys were read back as locked.
    fn done(mut self) {
        if let Some(mut input) = self.child.stdin.take() {
            let _it_locks_what_is_locked = input.write_all(DONE);
        }
        let _ended = self.child.wait();
    }
}

/// Serves as this process, where the program was started as it.
pub(crate) fn serve(args: &[OsString]) -> Option<ExitCode> {
    let [_, name, device, token] = args else { return None };
    if name != NAME {
        return None;
    }
    let device: Selector = device.to_str()?.parse().ok()?;
    let token = (!token.is_empty()).then(|| PathBuf::from(token));
    let mut said = Vec::new();
    let _what_was_read_counts = io::stdin().take(LONGEST).read_to_end(&mut said);
    // Twice, and apart: an unlock that was under way may open the keys after they read back as locked.
    let may_bake = || token.as_ref().is_some_and(|token| token.exists());
    let lock_them = || (0..TRIES).any(|attempt| may_bake() || lock(&device, attempt));
    let locked = said == DONE || {
        let first = lock_them();
        thread::sleep(UNLOCK_LATE);
        lock_them() && first
    };
    Some(ExitCode::from(u8::from(!locked)))
}

fn lock(device: &Selector, attempt: usize) -> bool {
    if attempt > 0 {
        thread::sleep(PAUSE);
    }
    let Ok(mut device) = registry::open(device, &registry::OpenOptions::default()) else { return false };
    let _read_back = device.disarm();
    device.state().is_ok_and(|state| state.able_to_sign().is_empty())
}
