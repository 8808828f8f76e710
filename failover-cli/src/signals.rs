//! Signals: Ctrl-C, SIGTERM and a closed terminal end a run in the safe direction, not in the middle of a step.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::output::Output;

/// The flag, which is set by nothing until [`cancel`] was called.
pub(crate) fn flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    Arc::clone(FLAG.get_or_init(Arc::default))
}

/// A flag that is set by the first of these signals. The run looks at it before every step and every wait, disarms the
/// backup where it does not bake yet, and ends as interrupted.
pub(crate) fn cancel(out: &mut Output) -> Arc<AtomicBool> {
    let flag = flag();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&flag)) {
            out.warn(format!("signal {signal} will end this process at once: {error}"));
        }
    }
    flag
}
