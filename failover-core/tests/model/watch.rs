//! `failover watch` after a run that is done: its own rule, each block.

use failover_core::watch::Judge;

use crate::eyes::{chain, device};
use crate::setting::Setting;
use crate::world::{World, offset};

/// What it does at a foreign position: everything that arms is taken away (S8, S12).
pub(crate) fn watch(world: &mut World, setting: &Setting) {
    for i in 0..world.runs.len() {
        let run = &world.runs[i];
        if run.end.as_deref() != Some("done") {
            continue;
        }
        let site = run.site;
        let here = &world.machines[site];
        // A later run there has the watch.
        if world.runs[i + 1..].iter().any(|later| later.site == site) {
            continue;
        }
        // A locked signer shows no marks, and signs nothing.
        if !(here.running || here.armed) {
            continue;
        }
        let mut judge = Judge::after(&run.kept.kept);
        let from = offset(judge.first());
        let facts = chain(world, setting, from);
        let state = device(&world.machines[site], setting.model);
        let seen = failover_core::facts::Observed { value: state, source: "device".to_owned(), at: world.now() };
        // Above everything that the backup signed: no doubt whose it is.
        let above = world.machines[site].highest().max(from) + 1;
        let foreign = (above..world.head()).any(|at| world.machines[run.other].voted(at));
        if !judge.judge(world.now(), &facts, &Ok(seen)).foreign.is_empty() {
            world.machines[site].disarm();
            world.runs[i].end = Some("done, then stopped by the watch".to_owned());
        } else if foreign {
            world.fail("S8", "the primary signs above the backup's mark, and the watch does nothing");
        }
    }
}
