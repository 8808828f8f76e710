//! How are a backup's marks kept up with the chain in quiet times? Every key of its device that signs for the baker goes to
//! 10 levels above the head on which the operator's sources agree. No mark is lowered, and no key stays able to sign.
//!
//! `cargo run --example raise -- /etc/failover/config.toml`, on the backup; or with the `failover.toml` that `failover drill
//! --serve DIR` writes. Where it is killed in the middle, keys stay unlocked: `failover disarm` locks them.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use failover_core::clock::{Clock as _, SystemClock};
use failover_core::config::{Config, secret};
use failover_core::decision::policy::CAP;
use failover_core::decision::{Judging, agreed_head, raise_by_hand};
use failover_core::effect::raise_marks;
use failover_core::facts::Gatherer;
use failover_core::guard::HistoryEvent;
use failover_core::operator::{Answer, Operator, OperatorError, Question};
use failover_core::permit::RunId;
use failover_core::session::{Wanted, open};
use failover_core::signer::{Cap, DeviceState, KeyName, Passphrase, SignerDevice as _, ledger};
use failover_core::state::StateDir;
use failover_core::tezos::Level;

/// So far above the head, in levels.
const MARGIN: u64 = 10;

/// Nobody sits here: the passphrase is in the file that the configuration names.
struct Unattended<'a>(&'a Config);

impl Operator for Unattended<'_> {
    fn ask(&mut self, _: &Question) -> Result<Answer, OperatorError> {
        Ok(Answer::No)
    }

    fn passphrase(&mut self) -> Result<Passphrase, OperatorError> {
        let what = "the passphrase";
        let file = self.0.signer.passphrase_file.as_deref();
        let file = file.ok_or(OperatorError::NoTerminal { what, flag: "passphrase_file" })?;
        let secret = secret("passphrase_file", file).map_err(|_| OperatorError::Cancelled)?;
        Ok(secret.passphrase)
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // A Ledger on USB is read by a child process: this program again.
    if let Some(code) = ledger::hid::serve_child(std::env::args_os()) {
        return Ok(code);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file] = arguments.as_slice() else { return Err("usage: raise CONFIG".into()) };
    let config = Config::read(Path::new(file))?;
    // Not while a run goes on here, which raises by itself (S7).
    let _lock = open::lock_here(&config)?;
    let state = Wanted::default().state(&config)?;
    let head = head(&config, &state)?;
    let mut device = open::device(&config.signer, Arc::default())?;
    let found = device.state()?;
    if let Some(key) = found.able_to_sign().first() {
        return Err(format!("{key} can sign now: this is no backup that waits").into());
    }
    let keys = signing(&config, &found)?;
    // A level below a mark, or far above the head, is refused here, and once more when the marks are read.
    let step = raise_by_hand(&found, keys, head.above(MARGIN), Cap::above(head, CAP))?;
    // While it lasts, any stop on this machine ends it (S13, S14).
    let permit = open::permit(&config, &state, RunId::random()?)?;
    let raised = raise_marks(step, &mut *device, &mut Unattended(&config), &SystemClock, Some(&permit));
    let _gone_where_stopped = permit.permits.end(&permit.run);
    let raised = raised?.raised;
    // `failover return` compares the marks with what was set last (S16).
    state.remember(SystemClock.now(), &HistoryEvent::Raised { raised: raised.clone() })?;
    for key in raised {
        println!("{}: {} before, {} read back", key.key, key.before.lowest(), key.after.lowest());
    }
    Ok(ExitCode::SUCCESS)
}

/// The head on which the own node and at least one other source agree: a single source may be wrong, or be made to lie.
fn head(config: &Config, state: &StateDir) -> Result<Level, Box<dyn Error>> {
    let mut gatherer = Gatherer::new(open::node(&config.chain.node), open::others(&config.chain, &[])?);
    let (chain, _) = gatherer.heads(&SystemClock);
    let pin = state.head_pin()?;
    let judging = Judging { chain: Some(config.baker.chain), without: &[], pin: pin.as_ref() };
    Ok(agreed_head(&chain, SystemClock.now(), &judging)?)
}

/// The device's names of the keys that sign for the baker, now or from a later cycle on. One that it does not have is an error:
/// with this device the backup could not take over.
fn signing(config: &Config, device: &DeviceState) -> Result<Vec<KeyName>, Box<dyn Error>> {
    let delegate = open::node(&config.chain.node).delegate(&config.baker.address)?;
    let mut keys = Vec::new();
    for expected in delegate.keys {
        let found = device.key(&expected.key);
        let key = found.ok_or_else(|| format!("the {} key {} is not on it", expected.role.name(), expected.key))?;
        if !keys.contains(&key.name) {
            keys.push(key.name.clone());
        }
    }
    Ok(keys)
}
