//! Who is asked, and for how long at most: said before the first answer, so that a person sees at once that something happens.

use std::time::Duration;

use failover_core::chain::http::CONNECT_DEADLINE;
use failover_core::chain::octez::ANSWER_DEADLINE;
use failover_core::config::Config;
use failover_core::remote_signer;

use crate::output::Output;

/// What a command asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The chain: the own node, and what else is configured.
    Chain,
    /// The chain, both machines, and the signer.
    All,
}

/// Says it, to a person at a terminal.
pub(crate) fn say(config: &Config, asks: Asks, out: &mut Output) {
    let chain = CONNECT_DEADLINE.saturating_add(ANSWER_DEADLINE);
    // No question to a signer or a machine has longer than one to a signer on another machine.
    let longest = if asks == Asks::All { chain.max(remote_signer::DEADLINE) } else { chain };
    if out.columns().is_some() {
        out.line(sentence(config, asks, longest));
    }
}

fn sentence(config: &Config, asks: Asks, longest: Duration) -> String {
    let mut who = vec![format!("the node {}", config.chain.node)];
    let others = config.chain.others.len() + usize::from(config.chain.tzkt.is_some());
    if others > 0 {
        who.push(format!("{others} other {}", if others == 1 { "source" } else { "sources" }));
    }
    if asks == Asks::All {
        who.push(format!("this machine's {}", config.signer.device.model()));
        if config.primary.machine.is_some() {
            who.push(format!("the primary, {}", config.primary_host()));
        }
    }
    format!("Asking {}; for each answer it waits {} s at most.", who.join(", "), longest.as_secs())
}
