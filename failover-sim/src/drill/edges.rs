//! What a drill asks beside its node and its own machine: another source, the primary's signer.

use super::OTHER_DEADLINE;
use crate::options::Side;
use crate::source::Source;
use crate::wire::Edge;
use crate::world::World;
use failover_core::chain::ChainLevelSource;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::host::Host;
use failover_core::remote_signer::RemoteSigner;
use failover_core::signer::Selector;

/// The primary's signer, asked by programs there.
pub(super) fn remote_signer(world: &World, primary: Side) -> RemoteSigner<Box<dyn Host>> {
    let host: Box<dyn Host> = Box::new(world.host(primary).over(world.wire(Edge::PrimarySigner)));
    RemoteSigner::new(host, Selector::any(world.options().model)).of(world.options().chain)
}

/// The real code of another source over a simulated one.
pub(super) fn other(world: &World, source: Source) -> Box<dyn ChainLevelSource> {
    let node = world.source(source).over(world.wire(Edge::Source));
    match source {
        Source::Tzkt => Box::new(Tzkt::new(node).with_deadline(OTHER_DEADLINE)),
        Source::Node => Box::new(OctezNode::new(node).with_deadline(OTHER_DEADLINE)),
    }
}
