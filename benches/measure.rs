//! What the benchmarks share: a rate, and a row of the table. Rates are this machine's; the ratios can be compared.

use std::time::{Duration, Instant};

/// How long one rate is measured. Without optimisation, as tests build it, it is only seen to run.
const FOR: Duration = if cfg!(debug_assertions) { Duration::ZERO } else { Duration::from_millis(500) };

/// How often a second `work` can be done, by the best of three.
pub(crate) fn per_second(mut work: impl FnMut()) -> f64 {
    work();
    let mut best: f64 = 0.0;
    for _ in 0..3 {
        let (begun, mut done) = (Instant::now(), 0_u32);
        loop {
            work();
            done += 1;
            if done.is_multiple_of(16) && begun.elapsed() >= FOR {
                break;
            }
        }
        best = best.max(f64::from(done) / begun.elapsed().as_secs_f64());
    }
    best
}

/// The head of a table.
pub(crate) fn title(name: &str) {
    println!("{name:<44} {:>14} {:>8}", "a second", "ratio");
}

/// One row: a rate, and how it stands to the first.
pub(crate) fn row(what: &str, rate: f64, ratio: f64) {
    println!("  {what:<42} {rate:>14.0} {ratio:>8.2}");
}
