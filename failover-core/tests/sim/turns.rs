//! There and back: the machine that lost is made the backup, and the next failover goes to it.

use failover_core::signer::{Arming, SignerDevice as _};
use failover_sim::Side;

use crate::support::{BOTH, Case};

/// Issue 5: ten times there and back without a double signature.
#[test]
fn ten_failovers_there_and_back() {
    for model in BOTH {
        let case = Case::new("planned", model, 11);
        let (_scratch, mut rehearsal) = case.rehearsal();
        let mut backup = Side::Backup;
        for turn in 1..=20 {
            let end = rehearsal.session(None).unwrap().clone();
            assert_eq!(end.exit, 0, "{model} turn {turn}: {}", end.message);
            let world = rehearsal.world().clone();
            assert!(world.bakes(backup) && !world.bakes(backup.other()), "{model} turn {turn}");
            let parts = rehearsal.turn_round().unwrap_or_else(|error| panic!("{model} turn {turn}: {error}"));
            assert!(parts.iter().all(|part| part.done) && parts.len() == 5, "{parts:?}");
            // Ready, and not able to sign; the other one bakes on.
            backup = backup.other();
            let keys = world.signer(backup).state().unwrap().keys;
            assert!(keys.iter().all(|key| key.arming == Arming::Disarmed), "{keys:?}");
            assert!(world.bakes(backup.other()), "{model} turn {turn}");
        }
        let drilled = rehearsal.finish();
        assert!(drilled.alarms.is_empty(), "{model}: {:?}", drilled.alarms);
        println!("{model}: {} failovers, {} signatures, none twice", drilled.ends.len(), drilled.signatures);
    }
}
