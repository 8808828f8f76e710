//! The boot guard of units on one machine: installed, and read back from the service manager.
//!
//! # The commands that are run
//! `TOKEN` is the guard's token, `FOLDER` what it lies in, `UNIT` a unit with `.service`. Those marked `*` may have
//! `sudo -n` in front, where `id -u` did not print 0.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `test -e TOKEN` * | exit 1, and nothing said: it is not there; 0: it is; anything else is unknown |
//! | `busctl --json=short get-property org.freedesktop.systemd1 /org/freedesktop/systemd1/unit/UNIT org.freedesktop.systemd1.Unit Id LoadState NeedDaemonReload DropInPaths RequiresMountsFor Asserts` | `{"type":...,"data":...}` a property, in this order, exit 0; the unit's name with everything but letters and digits as `_2e` |
//! | the same, `org.freedesktop.systemd1.Service ExecConditionEx SuccessExitStatus` | likewise |
//! | `cat -- /etc/systemd/system/UNIT.d/zz-failover-guard.conf` | the drop-in; exit 1 and "No such file or directory": there is none |
//!
//! And where it is lifted: `sh -c WRITE failover-guard FOLDER ACTIVE TEXT` *, exit 0. Where it is installed, after the units were read by `systemctl show` as in [`systemd`](super::systemd):
//!
//! | argv | what is read from it |
//! |---|---|
//! | `sh -c REMOVE failover-guard TOKEN` * | exit 0; `rm -f`, and the folder is synced |
//! | `sh -c WRITE failover-guard /etc/systemd/system/UNIT.d zz-failover-guard.conf TEXT` * | exit 0; the scripts are [`REMOVE`] and [`WRITE`], the same for every path and text |
//! | `systemctl daemon-reload` * | exit 0 |

use std::path::Path;

use super::BakerError;
use crate::clock::Timestamp;
use crate::guard::{BootGuard, GuardNote, Lift};

mod units;

/// Keeps what signs on a machine from starting again: after a reboot, by a timer, by hand (S1a, H3).
pub trait BootGuards {
    /// Reads whether what signs there could start again by itself: from the units as the service manager has loaded
    /// them, never by trying a start. It costs a command for the machine and three for each unit.
    ///
    /// # Errors
    /// What is not clearly held or open is an error: unknown (S3). [`BakerError::NoUnits`] where there are no units, so that
    /// a start command has to ask `failover guard check` itself.
    fn boot_guard(&mut self) -> Result<BootGuard, BakerError>;

    /// Keeps what signs there from starting again: takes the guard's token away, reads back that it is gone, then ties
    /// every unit that is read back inactive to it by a drop-in, and lets the service manager read its files again.
    /// Needs no approval (S12); doing it again does no harm. The proof is a later [`BootGuards::boot_guard`].
    ///
    /// # Errors
    /// A unit is not stopped, or has a drop-in of that name that this program did not write: the others are guarded all
    /// the same. The token is still there, or a command failed. [`BakerError::NoUnits`] where there are no units.
    fn install_boot_guard(&mut self, note: &GuardNote) -> Result<(), BakerError>;

    /// Puts the guard's token there: the units that are tied to it may start again. Starts nothing.
    ///
    /// # Errors
    /// The token could not be written. [`BakerError::NoUnits`] where there are no units.
    fn lift_boot_guard(&mut self, lift: &Lift, now: Timestamp) -> Result<(), BakerError>;

    /// The guard's token that what signs there looks for; `None`: nothing there looks for one by itself.
    fn guard_token(&mut self) -> Option<&Path>;
}

/// Takes a file away, durably: its path is `$1`. A folder that is not there holds no file.
pub const REMOVE: &str = r#"rm -f -- "$1" || exit 1
folder=${1%/*}
if [ -d "$folder" ]; then sync -- "$folder"; fi"#;

/// Writes a file whole or not at all: folder `$1`, name `$2`, text `$3`. What is written beside it ends in no `.conf`, so
/// that systemd does not read it.
pub const WRITE: &str = r#"set -e
umask 022
mkdir -p -- "$1"
sync -- "$1/.."
printf '%s' "$3" >"$1/.$2.new"
sync -- "$1/.$2.new"
mv -f -- "$1/.$2.new" "$1/$2"
sync -- "$1""#;

/// The scripts' name in the list of processes.
pub const SCRIPT: &str = "failover-guard";
