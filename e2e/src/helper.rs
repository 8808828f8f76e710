//! Small programs that the tests need beside them, as this program with another first word.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use failover_core::host::Output;
use failover_core::signer::tezsign::usb::{PRODUCT, Usb, VENDOR};
use failover_core::signer::tezsign::{Connect as _, Interface};
use failover_sim::serve::stand_in;

/// How long a claim is tried, and then held.
const TRY: Duration = Duration::from_secs(2);
const HOLD: Duration = Duration::from_secs(60);

/// Does what the first word says; `None` where it is none of these.
pub(crate) fn run(word: &str, args: &[String]) -> Option<ExitCode> {
    let said = match (word, args) {
        ("stand-in", [control, side, argv @ ..]) => return Some(answer(Path::new(control), side, argv)),
        ("claim", [interface]) => claim(interface),
        ("reset", []) => reset(),
        _ => return None,
    };
    let mut out = io::stdout().lock();
    let _told = match &said {
        Ok(done) => writeln!(out, "{done}"),
        Err(why) => writeln!(out, "{why}"),
    };
    Some(ExitCode::from(u8::from(said.is_err())))
}

/// Is this program started as a command of a simulated machine, `WORLD/SIDE/bin/NAME`? Then it answers for it.
pub(crate) fn stands_in() -> Option<ExitCode> {
    let place = std::env::current_exe().ok()?;
    let name = place.file_name()?.to_str()?.to_owned();
    if name == env!("CARGO_PKG_NAME") {
        return None;
    }
    let machine = place.parent()?.parent()?;
    let (side, world) = (machine.file_name()?.to_str()?, machine.parent()?);
    let argv: Vec<String> = std::iter::once(name).chain(std::env::args().skip(1)).collect();
    Some(answer(&world.join("control.sock"), side, &argv))
}

/// A command of a simulated machine.
fn answer(control: &Path, side: &str, argv: &[String]) -> ExitCode {
    match stand_in(control, side, argv) {
        Ok(Output { code, stdout, stderr }) => {
            let _written = io::stdout().write_all(stdout.as_bytes()).and(io::stderr().write_all(stderr.as_bytes()));
            ExitCode::from(u8::try_from(code).unwrap_or(1))
        }
        Err(_) => ExitCode::from(255),
    }
}

/// A second process that claims an interface, as a baking service does; says so, and holds it.
fn claim(interface: &str) -> Result<String, String> {
    let interface = if interface == "sign" { Interface::Sign } else { Interface::Management };
    let mut usb = Usb::new(None).map_err(|e| e.to_string())?;
    let link = usb.open(interface, TRY).map_err(|e| e.to_string())?;
    let mut out = io::stdout().lock();
    let _told = writeln!(out, "claimed").and_then(|()| out.flush());
    std::thread::sleep(HOLD);
    drop(link);
    Ok("released".to_owned())
}

/// A USB reset of the TezSign, as another program may do it.
fn reset() -> Result<String, String> {
    let handle = rusb::open_device_with_vid_pid(VENDOR, PRODUCT).ok_or("no TezSign")?;
    handle.reset().map_err(|e| e.to_string())?;
    Ok("reset".to_owned())
}
