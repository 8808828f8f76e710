//! The same control on the simulated machines: both speak the same commands.

use std::time::Duration;

use failover_core::baker::{BakerControl, BakerError, BakerState, MachineIdentity, SystemdControl, TezbakeControl};
use failover_core::clock::Clock;
use failover_core::host::HostError;
use failover_core::signer::Model;
use failover_sim::{Event, Side, World, WorldOptions};

#[test]
fn a_simulated_primary_stops_stays_stopped_and_starts() {
    let world = World::new(WorldOptions::new(Model::TezSign, 5));
    let mut primary = TezbakeControl::new(world.host(Side::Primary));
    assert_eq!(primary.identity().unwrap().machine_id, world.machine_id(Side::Primary));
    assert!(matches!(primary.state(), Ok(BakerState::Running { .. })));
    let delay = primary.restart_delay().unwrap();
    assert!(delay >= Duration::from_secs(3), "{delay:?}");

    primary.stop().unwrap();
    for _ in 0..2 {
        assert!(matches!(primary.state(), Ok(BakerState::Stopped { .. })));
        world.clock().sleep(delay * 2);
    }
    assert!(!world.bakes(Side::Primary));

    primary.start().unwrap();
    assert!(matches!(primary.state(), Ok(BakerState::Running { .. })));
}

#[test]
fn a_simulated_machine_without_power_is_unreachable_and_not_stopped() {
    let world = World::new(WorldOptions::new(Model::TezSign, 5));
    world.apply(Event::PowerOff(Side::Primary));
    let host = || world.host(Side::Primary);
    for state in [TezbakeControl::new(host()).state(), SystemdControl::new(host(), vec!["x".parse().unwrap()]).state()]
    {
        assert!(matches!(state, Err(BakerError::Host(HostError::Unreachable { .. }))), "{state:?}");
    }
}
