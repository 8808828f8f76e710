//! What pays rewards to delegators beside a baker (TezPay): stopped with it, and started by nobody but a person.
//!
//! It signs nothing that a baker signs, so nothing waits for it and no fence asks for it. Two machines that both run it
//! would pay twice, and `tezbake start` starts it (seen on TezBake 2026-04).
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl --no-block stop -- UNITS` * | exit 0 |
//! | `systemctl disable -- UNITS` * | exit 0: a reboot does not start it either, and a person still can |

use super::TezbakeControl;
use crate::baker::unit_state::{Activity, UnitState};
use crate::baker::{BakerError, Payouts, UnitName, instance};
use crate::host::Host;

impl<H: Host> Payouts for TezbakeControl<H> {
    /// As the units were found last.
    fn pays(&mut self) -> Vec<UnitName> {
        let ours = self.known.first().and_then(instance::id);
        let pays = |unit: &&UnitName| instance::pays(unit) && ours.is_some() && instance::id(unit) == ours;
        self.all.iter().filter(pays).cloned().collect()
    }

    /// Asks them to stop. Nothing here kills them: a payment that is under way is written down at its end. Not by the
    /// guard: a person whose wallet is on that machine starts them there again, and must not have to lift the guard for
    /// it.
    fn stop_pays(&mut self) -> Result<(), BakerError> {
        let pays: Vec<UnitName> = self.shown_pays()?.into_iter().map(|(unit, _)| unit).collect();
        if pays.is_empty() {
            return Ok(());
        }
        let stopped = self.systemctl.ask_to_stop(&pays);
        stopped.and(self.systemctl.disable(&pays))
    }

    /// Those that run.
    fn paying(&mut self) -> Result<Vec<UnitName>, BakerError> {
        let mut running = Vec::new();
        for (unit, state) in self.shown_pays()? {
            match state.activity() {
                Activity::Running(_) => running.push(unit),
                Activity::Stopped => {}
                Activity::Unclear(words) => return Err(self.systemctl.unclear(format!("{unit} is {words}"))),
            }
        }
        Ok(running)
    }
}

impl<H: Host> TezbakeControl<H> {
    /// Without what is left of one that was removed: nothing is there to stop, nor to start.
    fn shown_pays(&mut self) -> Result<Vec<(UnitName, UnitState)>, BakerError> {
        let pays = self.pays();
        if pays.is_empty() {
            return Ok(Vec::new());
        }
        let mut shown = self.systemctl.show_now(&pays)?;
        shown.retain(|(_, state)| state.is_loaded() || matches!(state.activity(), Activity::Running(_)));
        Ok(shown)
    }
}
