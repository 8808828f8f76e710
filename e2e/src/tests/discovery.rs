//! What is plugged in, and what is there but not accessible.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::failed::{Failed, Outcome, ensure};
use crate::ledger::UsbLedger;
use crate::program::{Program, text};
use crate::tezsign::UsbTezSign;
use crate::wire::Ready;

/// `hwm show` of a device.
pub(super) const fn show(device: &str) -> [&str; 5] {
    ["--json", "--device", device, "hwm", "show"]
}

/// One of each, both usable.
pub(super) fn both(program: &Program) -> Outcome {
    let tezsign = UsbTezSign::new("E2E0001")?;
    let ledger = UsbLedger::new("0001")?;
    let said = program.call(&["devices", "--json"])?.exits(0)?;
    let found = said.named("device");
    ensure(found.len() == 2, || format!("{} devices: {}", found.len(), said.out))?;
    let node = ledger.node().map(|node| format!("ledger:{}", node.display())).unwrap_or_default();
    for (record, selector) in found.iter().zip(["tezsign:E2E0001".to_owned(), node]) {
        ensure(text(record, "selector") == selector, || format!("{selector} is not in {record}"))?;
        ensure(record.get("accessible") == Some(&true.into()), || format!("not accessible: {record}"))?;
    }
    drop((tezsign, ledger));
    program.call(&["devices"])?.exits(0)?.says("No TezSign and no Ledger").map(|_| ())
}

/// Nobody may open them: what to do is said, for each.
pub(super) fn no_access(program: &Program) -> Outcome {
    let _devices = (UsbTezSign::new("E2E0001")?, UsbLedger::new("0001")?);
    let said = program.call_as_nobody(&["devices", "--json"])?;
    let found = said.named("device");
    ensure(found.len() == 2, || format!("{} devices: {}", found.len(), said.out))?;
    for record in &found {
        ensure(record.get("accessible") == Some(&false.into()), || format!("accessible: {record}"))?;
        let why = text(record, "why");
        ensure(why.contains("plugdev") && why.contains("udev"), || format!("it does not say what to do: {why}"))?;
    }
    for device in ["tezsign", "ledger"] {
        program.call_as_nobody(&show(device))?.exits(4)?.within(10)?.says("may not be opened by this user")?;
    }
    Ok(())
}

/// An interface that another process holds: which, and which process.
pub(super) fn busy(program: &Program) -> Outcome {
    let _device = UsbTezSign::new("E2E0001")?;
    let holder = program.helper(&["claim", "management"])?;
    holder.until_says("claimed")?;
    let name = format!("failover-e2e (pid {})", holder.id());
    program.call(&show("tezsign"))?.exits(4)?.within(10)?.says(&format!("is held by {name}"))?;
    let said = program.call(&["devices", "--json"])?;
    let found = said.named("device");
    let busy = found.first().map(|record| text(record, "busy")).unwrap_or_default();
    ensure(busy == format!("the management interface is held by {name}"), || said.out.clone())?;
    holder.kill()?;
    program.call(&show("tezsign"))?.exits(0).map(|_| ())
}

/// Two that fit: refused, both listed, and each can be named.
pub(super) fn two(program: &Program) -> Outcome {
    let (_one, two) = (UsbTezSign::new("E2E0001")?, UsbTezSign::new("E2E0002")?);
    let _ledgers = (UsbLedger::new("0001")?, UsbLedger::new("0001")?);
    program.call(&show("tezsign"))?.exits(4)?.says("tezsign:E2E0001")?.says("tezsign:E2E0002")?;
    program.call(&show("tezsign:E2E0002"))?.exits(0)?.says("\"serial\":\"E2E0002\"")?;
    let path = format!("tezsign:{}", two.usb.usb_path());
    program.call(&show(&path))?.exits(0)?.says("\"serial\":\"E2E0002\"")?;
    program.call(&show("ledger:0001"))?.exits(4)?.says("ledger:/dev/hidraw0")?.says("ledger:/dev/hidraw1")?;
    program.call(&show("ledger:/dev/hidraw1"))?.exits(0).map(|_| ())
}

/// All of it at once, for a user who may open all but one: each is named for what it is.
pub(super) fn mixed(program: &Program) -> Outcome {
    let open_to_all = |node: &Path| std::fs::set_permissions(node, Permissions::from_mode(0o666));
    let held = UsbTezSign::new("E2E0001")?;
    open_to_all(&held.usb.node())?;
    let holder = program.helper_as_nobody(&["claim", "management"])?;
    holder.until_says("claimed")?;
    let usable = UsbTezSign::new("E2E0002")?;
    open_to_all(&usable.usb.node())?;
    let ledger = UsbLedger::new("0001")?;
    let node = ledger.node().ok_or_else(|| Failed("the Ledger has no node".to_owned()))?;
    open_to_all(&node)?;
    let closed = UsbTezSign::new("E2E0003")?;
    let said = program.call_as_nobody(&["devices", "--json"])?;
    let found = said.named("device");
    ensure(found.len() == 4, || format!("{} devices: {}", found.len(), said.out))?;
    let one = |selector: &str| {
        let with = found.iter().find(|record| text(record, "selector") == selector);
        with.ok_or_else(|| Failed(format!("{selector} is not in {}", said.out)))
    };
    let is_free = |record: &Value| record.get("accessible") == Some(&true.into()) && text(record, "busy").is_empty();
    for selector in ["tezsign:E2E0002".to_owned(), format!("ledger:{}", node.display())] {
        let record = one(&selector)?;
        ensure(is_free(record), || format!("not usable: {record}"))?;
    }
    let busy = one("tezsign:E2E0001")?;
    let name = format!("the management interface is held by failover-e2e (pid {})", holder.id());
    ensure(text(busy, "busy") == name, || format!("not {name}: {busy}"))?;
    let denied: Vec<_> = found.iter().filter(|record| record.get("accessible") == Some(&false.into())).collect();
    let [denied] = denied.as_slice() else { return Err(Failed(format!("not one is inaccessible: {}", said.out))) };
    let why = text(denied, "why");
    ensure(why.contains("plugdev") && why.contains("udev"), || format!("it does not say what to do: {why}"))?;
    let place = closed.usb.usb_path();
    ensure(denied.to_string().contains(&place), || format!("it does not say where, {place}: {denied}"))?;
    holder.kill()
}

/// A TezSign that boots is waited for, within the deadline of what is asked.
pub(super) fn booting(program: &Program) -> Outcome {
    let device = UsbTezSign::new("E2E0001")?;
    for not_ready in [Ready::No, Ready::Stalls] {
        device.wire.set_ready(not_ready);
        program.call(&show("tezsign"))?.exits(1)?.within(8)?.says("did not answer ready within 3s")?;
        let waits = program.start(&show("tezsign"))?;
        std::thread::sleep(Duration::from_millis(1200));
        device.wire.set_ready(Ready::Yes);
        waits.end(Duration::from_secs(20))?.exits(0)?;
    }
    Ok(())
}

/// A Ledger that is locked, or has another app open, says so.
pub(super) fn other_app(program: &Program) -> Outcome {
    let device = UsbLedger::new("0001")?;
    device.sim.lock().open_app(Some("Bitcoin"));
    program.call(&show("ledger"))?.exits(4)?.says("Bitcoin")?;
    device.sim.lock().open_app(None);
    device.sim.lock().lock(true);
    program.call(&show("ledger"))?.exits(4)?.says("locked")?;
    device.sim.lock().lock(false);
    program.call(&show("ledger"))?.exits(0).map(|_| ())
}
