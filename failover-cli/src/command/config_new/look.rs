//! What is there: read, and nothing else. Every look has a deadline, and why something is not known is said (S3, S10).

use std::time::Duration;

use failover_core::baker::{BakerError, MarkFolder, TezbakeControl, UnitName, setup};
use failover_core::chain::SourceUrl;
use failover_core::chain::octez::OctezNode;
use failover_core::chain::tzkt::Tzkt;
use failover_core::chain::{ChainError, ChainLevelSource as _, ChainNode as _, Delegate};
use failover_core::clock::{Clock as _, SystemClock};
use failover_core::config::{Control, Signer};
use failover_core::host::{self, Host, LocalHost, SshHost};
use failover_core::session::open;
use failover_core::signer::ledger::{Derivation, KeyPath};
use failover_core::signer::{DeviceState, Selector, SignerError};
use failover_core::tezos::{ChainId, KeyHash};

use crate::heads;
use crate::signals;

/// A node has this long for each answer: a person waits for it.
const DEADLINE: Duration = Duration::from_secs(3);
fn open(url: &SourceUrl) -> OctezNode<failover_core::chain::http::Http> {
    OctezNode::at(url).with_deadline(DEADLINE)
}

/// A node that answers: its chain, and its head in words.
pub(super) fn node(url: &SourceUrl) -> Result<(ChainId, String), ChainError> {
    let (head, verdict) = heads::look(&mut open(url), SystemClock.now(), None).head?;
    let network = head.chain_id.network().unwrap_or("a network without a known name");
    Ok((head.chain_id, format!("{network} ({}), head {:#}, {verdict}", head.chain_id, head.level)))
}

/// TzKT's chain and head.
pub(super) fn tzkt(url: &SourceUrl) -> Result<(ChainId, String), ChainError> {
    let head = Tzkt::at(url).with_deadline(DEADLINE).head()?;
    Ok((head.chain_id, format!("head {:#}", head.level)))
}

/// A baker, as the node knows it.
pub(super) fn delegate(url: &SourceUrl, baker: &KeyHash) -> Result<Delegate, ChainError> {
    open(url).delegate(baker)
}

/// The bakers whose keys a device has: those that vote with them now, and a key that is a baker itself.
pub(super) fn bakers(url: &SourceUrl, device: &DeviceState) -> Vec<KeyHash> {
    let keys: Vec<KeyHash> = device.keys.iter().map(|key| key.key).collect();
    let mut node = open(url);
    // Only a suggestion: what cannot be read suggests nothing, and the person is asked.
    let mut bakers = node.bakers_with(&keys).unwrap_or_default();
    if bakers.is_empty() {
        bakers = keys.into_iter().filter(|key| node.delegate(key).is_ok()).collect();
    }
    bakers
}

/// A device's keys, without any passphrase and without a press of a button.
pub(super) fn device(signer: &Signer) -> Result<DeviceState, SignerError> {
    open::device_state(signer, signals::flag())
}

/// Where on a Ledger one of these keys is: the usual path and the paths that the device itself names, on every curve.
pub(super) fn ledger_key(
    selector: &Selector,
    seen: &DeviceState,
    wanted: &[KeyHash],
) -> Option<(KeyPath, Derivation, DeviceState)> {
    let named = seen.keys.iter().filter_map(|key| key.name.as_str().split(' ').next()?.parse().ok());
    let mut paths: Vec<KeyPath> = std::iter::once(KeyPath::default()).chain(named).collect();
    paths.dedup();
    for path in paths {
        for curve in Derivation::ALL {
            let signer = Signer { path: Some(path.clone()), curve, ..Signer::of(selector.clone()) };
            let Ok(state) = device(&signer) else { continue };
            // The authorized key is listed at whatever path is asked.
            let here = |key: &&failover_core::signer::KeyState| key.name.as_str() == path.to_string();
            if state.keys.iter().find(here).is_some_and(|key| wanted.contains(&key.key)) {
                return Some((path, curve, state));
            }
        }
    }
    None
}

/// What runs the baker on a machine.
pub(super) struct Found {
    /// How it is controlled; else why that is not known.
    pub(super) control: Result<Control, String>,
    /// The services that say so.
    pub(super) units: Option<String>,
    /// What else a person should know.
    pub(super) notes: Vec<String>,
    /// Where it keeps its marks; for TezBake that is known without.
    pub(super) marks: Vec<MarkFolder>,
}

/// Looks for it.
pub(super) fn control<H: Host + Clone>(host: &H) -> Found {
    // Not by `tezbake info`, which exits 0 whatever it finds (2026-02): by the units that will be stopped.
    let tezbake = TezbakeControl::new(host.clone()).units();
    let setup = setup::look(host.clone());
    let mut notes: Vec<String> = setup.notes.iter().map(ToString::to_string).collect();
    let (control, units, marks) = match tezbake {
        Ok(units) => {
            let others: Vec<UnitName> = setup.units.into_iter().filter(|unit| !units.contains(unit)).collect();
            if !others.is_empty() {
                let others = shown(&others);
                notes.push(format!(
                    "{others}: not TezBake's, and signs too; it is neither stopped nor guarded with TezBake"
                ));
            }
            (Ok(Control::TezBake { instance: None, start: None }), units, Vec::new())
        }
        Err(error @ BakerError::Instances { .. }) => {
            (Err(format!("{error}; {}", error.next())), setup.units, Vec::new())
        }
        Err(_) if setup.units.is_empty() => {
            let why = format!("no service that signs was found on {}", host.name());
            (Err(why), Vec::new(), Vec::new())
        }
        Err(_) => {
            let units = setup.units.iter().map(ToString::to_string).collect();
            (Ok(Control::Systemd { units }), setup.units, setup.marks)
        }
    };
    let units = (!units.is_empty()).then(|| shown(&units));
    Found { control, units, notes, marks }
}

fn shown(units: &[UnitName]) -> String {
    units.iter().map(UnitName::as_str).collect::<Vec<_>>().join(", ")
}

/// The primary, tried once: no password is asked for, no new host key accepted.
pub(super) fn primary(mut primary: SshHost) -> Result<SshHost, String> {
    let identity = host::identity(&mut primary).map_err(|error| format!("{error}; {}", error.next()))?;
    if host::identity(&mut LocalHost::new()).is_ok_and(|here| here == identity) {
        return Err(format!("{} has this machine's own machine-id: the primary is another machine", primary.name()));
    }
    Ok(primary)
}

/// This machine's name.
pub(super) fn hostname() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    let typed = failover_core::config::name_fits(name) && name.chars().all(|c| c.is_ascii_graphic());
    (typed && name != "localhost").then(|| name.to_owned())
}
