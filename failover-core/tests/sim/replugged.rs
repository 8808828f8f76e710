//! The backup's signer loses its plug in the middle of a run and gets it back: the run goes on, and holds the sign
//! interface again before it unlocks again (S1b).

use failover_core::clock::Timestamp;
use failover_sim::drill::journal_of;
use failover_sim::scenario::{Scenario, Stage, named};
use failover_sim::{Event, Side};

use crate::support::{BOTH, Case, name};

fn replug(s: &mut Stage<'_>, out: i64, back: i64) {
    let after = |seconds: i64| Timestamp::from_millis(s.world.now().millis() + seconds * 1000);
    s.world.at(after(out), Event::Unplug(Side::Backup));
    s.world.at(after(back), Event::Plug(Side::Backup));
}

#[test]
fn a_signer_that_is_plugged_in_again_is_held_again_and_the_run_goes_on() {
    let mut held_again = 0;
    let prepares: [fn(&mut Stage<'_>); 3] = [|s| replug(s, 14, 24), |s| replug(s, 20, 32), |s| replug(s, 30, 36)];
    for prepare in prepares {
        for model in BOTH {
            let case = Case { scenario: Scenario { prepare, ..named("planned").unwrap().clone() }, model, seed: 5 };
            let (scratch, drilled) = case.drill();
            let records: Vec<String> = journal_of(scratch.path()).unwrap().iter().map(name).collect();
            let end = drilled.end().unwrap();
            assert_eq!(end.exit, 0, "{case}: {}\n{records:?}", end.message);
            assert!(drilled.alarms.is_empty(), "{case}: {:?}", drilled.alarms);
            // Between a claim that went with the plug and the next unlock there is another claim.
            let arming: Vec<&str> = records
                .iter()
                .map(String::as_str)
                .filter(|r| matches!(*r, "after hold-signer" | "after unlock"))
                .collect();
            let unlocks = arming.iter().filter(|r| **r == "after unlock").count();
            if unlocks > 1 {
                held_again += 1;
                assert!(!arming.windows(2).any(|pair| pair == ["after unlock"; 2]), "{case}: {records:?}");
            }
        }
    }
    assert!(held_again > 0, "no run unlocked twice: that proves nothing");
}
