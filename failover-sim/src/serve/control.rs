//! Commands for the machines of a served world: one JSON line in, one JSON line out.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Door, Running, orders};
use crate::options::Side;
use crate::world::World;
use failover_core::baker::nonces::SCRIPT;
use failover_core::host::{HostError, Output};
use failover_core::permit::script::{CLAIM, GIVE_BACK, PERMIT};

/// The longest line.
const LINE: u64 = 1024 * 1024;
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// What ssh exits with when it could not do what it was asked.
const SSH_FAILED: i32 = 255;
/// Where the real programs are.
const PROGRAMS: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// Set for what a script calls that runs as root.
const AS_ROOT: &str = "FAILOVER_STAND_IN_AS_ROOT";

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    side: String,
    argv: Vec<String>,
    #[serde(default)]
    input: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Reply {
    Ran { code: i32, stdout: String, stderr: String },
    Unreachable { unreachable: String },
}

/// Takes commands on a unix socket, in the background.
pub(super) fn serve(world: &World, path: &Path, running: Running) -> io::Result<()> {
    // One that an earlier world left behind.
    let _none = fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    let (world, door) = (world.clone(), Door::Unix(path.to_owned()));
    std::thread::spawn(move || {
        running.accept(
            door,
            || listener.accept().map(|(stream, _)| stream),
            |stream| {
                let world = world.clone();
                std::thread::spawn(move || connection(&world, &stream));
            },
        );
    });
    Ok(())
}

fn connection(world: &World, stream: &UnixStream) -> io::Result<()> {
    let request: Request = serde_json::from_str(&read_line(stream)?)?;
    let argv: Vec<&str> = request.argv.iter().map(String::as_str).collect();
    let reply = match Side::named(&request.side).map(|side| Ok(world.run(side, &argv, &request.input)?.output)) {
        Some(Ok(Output { code, stdout, stderr })) => Reply::Ran { code, stdout, stderr },
        Some(Err(HostError::NotRun { what, .. })) => {
            Reply::Ran { code: 127, stdout: String::new(), stderr: format!("{what}: command not found\n") }
        }
        Some(Err(error)) => Reply::Unreachable { unreachable: error.to_string() },
        None if request.side == orders::WORLD => {
            let Output { code, stdout, stderr } = orders::run(world, &argv);
            Reply::Ran { code, stdout, stderr }
        }
        None => Reply::Unreachable { unreachable: format!("there is no side {:?}", request.side) },
    };
    write_line(stream, &serde_json::to_string(&reply)?)
}

fn read_line(stream: &UnixStream) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream).take(LINE).read_line(&mut line)?;
    Ok(line)
}

fn write_line(mut stream: &UnixStream, line: &str) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{line}\n").as_bytes())
}

/// Runs a command on a machine of a served world, for a stand-in program. A machine that cannot be reached exits
/// 255 with a word on standard error, as ssh does. The side `world` is the world itself: `book` prints what was
/// signed, `asked SIDE` what its TezSign was asked, `event JSON` lets an [`Event`](crate::Event) happen.
///
/// # Errors
/// The world is not served there, or does not answer.
pub fn stand_in(control: &Path, side: &str, argv: &[String]) -> io::Result<Output> {
    // Called by a script that runs as root.
    if std::env::var_os(AS_ROOT).is_some() {
        let argv: Vec<String> =
            ["sudo", "-n"].iter().map(|word| (*word).to_owned()).chain(argv.iter().cloned()).collect();
        return ask(control, side, &argv);
    }
    match argv.iter().position(|word| [CLAIM, PERMIT, GIVE_BACK].contains(&word.as_str())) {
        Some(at) => in_a_real_shell(control, side, argv, at),
        None => ask(control, side, argv),
    }
}

/// What touches permits, claims and locks runs in the real `sh`: those are real files. Whether the machine answers, and
/// whether it lets this user be root, the world says. What the one script starts and moves there belongs to the world: it
/// finds the stand-ins first.
fn in_a_real_shell(control: &Path, side: &str, argv: &[String], script: usize) -> io::Result<Output> {
    let before = argv.get(..script.saturating_sub(2)).unwrap_or_default();
    let probe: Vec<String> = before.iter().cloned().chain(["true".to_owned()]).collect();
    let probed = ask(control, side, &probe)?;
    if probed.code != 0 {
        return Ok(probed);
    }
    let words = argv.get(script.saturating_sub(1)..).unwrap_or_default();
    let mut shell = Command::new("/bin/sh");
    shell.args(words).env("PATH", PROGRAMS).env_remove("SUDO_USER");
    // The others without the stand-ins, which would put files into the simulated machine.
    if words.iter().any(|word| word == GIVE_BACK) {
        let bin = control.with_file_name(side).join("bin");
        shell.env("PATH", format!("{}:{PROGRAMS}", bin.display())).env(AS_ROOT, "1");
    }
    let out = shell.output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Output { code: out.status.code().unwrap_or(SSH_FAILED), stdout: text(&out.stdout), stderr: text(&out.stderr) })
}

fn ask(control: &Path, side: &str, argv: &[String]) -> io::Result<Output> {
    let stream = UnixStream::connect(control)?;
    let mut input = String::new();
    // The one script that is given something; all else would wait for a terminal.
    if argv.iter().any(|word| word == SCRIPT) {
        io::stdin().take(LINE).read_to_string(&mut input)?;
    }
    let request = Request { side: side.to_owned(), argv: argv.to_vec(), input };
    write_line(&stream, &serde_json::to_string(&request)?)?;
    Ok(match serde_json::from_str(&read_line(&stream)?)? {
        Reply::Ran { code, stdout, stderr } => Output { code, stdout, stderr },
        Reply::Unreachable { unreachable } => {
            Output { code: SSH_FAILED, stdout: String::new(), stderr: format!("ssh: {unreachable}\n") }
        }
    })
}
