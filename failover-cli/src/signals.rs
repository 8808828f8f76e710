//! Signals: Ctrl-C, SIGTERM and a closed terminal end a run in the safe direction, not in the middle of a step.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::output::Output;

/// A flag that is set by the first of these signals. The run looks at it before every step and every wait, disarms the
/// backup where it does not bake yet, and ends as interrupted.
pub(crate) fn cancel(out: &mut Output) -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&flag)) {
            out.warn(format!("signal {signal} will end this process at once: {error}"));
        }
    }
    flag
}
