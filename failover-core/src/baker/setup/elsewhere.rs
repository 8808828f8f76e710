//! What signs and is no service of the machine: users' own services, and containers.

use std::time::Duration;

use super::Note;
use crate::baker::elevation::{Elevation, last_words};
use crate::baker::files::{Reader, as_needed};
use crate::baker::{BakerError, process, systemd};
use crate::host::{Host, HostError, Output};

/// For what only asks.
const SHORT: Duration = Duration::from_secs(10);

/// Where services of every user lie, beside each one's own.
const OF_ALL: [&str; 3] = ["/etc/systemd/user", "/usr/lib/systemd/user", "/usr/local/lib/systemd/user"];

/// The longest unit file that is read, in bytes.
const UNIT_LIMIT: u64 = 64 * 1024;

/// More homes or files than this are not looked through.
const MOST: usize = 500;

/// A line a container: no name and no image has a space in it (docker 20.10 to 29).
const FORMAT: &str = "{{.Names}} {{.Image}} {{.Command}}";

/// The users of a machine and their homes.
pub(super) struct Users(Result<Vec<(String, String)>, String>);

impl Users {
    pub(super) fn read<H: Host>(host: &mut H, elevation: &mut Elevation) -> Self {
        let out = match as_needed(host, elevation, &["getent", "passwd"], SHORT) {
            Ok(out) if out.code == 0 && !out.may_be_cut() => out,
            Ok(out) => return Self(Err(format!("getent exits {}: {}", out.code, last_words(&out)))),
            Err(error) => return Self(Err(error.to_string())),
        };
        let user = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            fields.nth(4).filter(|home| home.starts_with('/')).map(|home| (name, home.to_owned()))
        };
        Self(Ok(out.stdout.lines().filter_map(user).collect()))
    }

    /// A user's home, as systemd sets HOME.
    pub(super) fn home(&self, name: &str) -> Option<String> {
        let users = self.0.as_ref().ok()?;
        users.iter().find(|(of, _)| of == name).map(|(_, home)| home.clone())
    }
}

/// Users' own services that sign, each by its file.
pub(super) fn user_units<H: Host>(host: &mut H, elevation: &mut Elevation, users: &Users) -> Vec<Note> {
    let unknown = |why: String| vec![Note::Unknown { what: "users' own services that sign", why }];
    let homes = match &users.0 {
        Ok(users) => users.iter().map(|(_, home)| home.trim_end_matches('/')).filter(|home| may_be(home)),
        Err(why) => return unknown(why.clone()),
    };
    let mut folders: Vec<String> = homes.map(|home| format!("{home}/.config/systemd/user")).collect();
    folders.extend(OF_ALL.map(str::to_owned));
    folders.sort();
    folders.dedup();
    if folders.len() > MOST {
        return unknown(format!("{} homes are too many", folders.len()));
    }
    match signing(&mut Reader::new(host, elevation), &folders) {
        Ok(paths) => paths.into_iter().map(|path| Note::UserUnit { path }).collect(),
        Err(error) => unknown(error.to_string()),
    }
}

/// Is it more than a word for "no home"? What lies below a file cannot be looked for.
fn may_be(home: &str) -> bool {
    !home.is_empty() && home != "/nonexistent" && !home.starts_with("/dev/")
}

fn signing<H: Host>(reader: &mut Reader<'_, H>, folders: &[String]) -> Result<Vec<String>, BakerError> {
    const SERVICES: [&str; 1] = ["*.service"];
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let (entries, _) = reader.list(&folders, &SERVICES)?;
    if entries.len() > MOST {
        return Err(reader.unlisted(format!("{} files are too many", entries.len())));
    }
    reader.read_ahead(entries.iter(), &folders, &SERVICES)?;
    let mut found = Vec::new();
    for entry in &entries {
        // A link to nothing is how systemd masks one.
        if let Ok(text) = reader.text(entry, UNIT_LIMIT)?
            && starts(&text).iter().any(|exec| systemd::runs_a_signer(exec))
        {
            found.push(entry.path.clone());
        }
    }
    Ok(found)
}

/// What the `ExecStart=` lines of a unit file say, without the signs in front of the program.
fn starts(text: &str) -> Vec<String> {
    let whole = text.replace("\\\n", " ");
    let lines = whole.lines().filter_map(|line| line.trim().strip_prefix("ExecStart")?.trim_start().strip_prefix('='));
    lines.map(|exec| exec.trim().trim_start_matches(['@', '-', ':', '+', '!']).to_owned()).collect()
}

/// Containers that sign, running or not.
pub(super) fn containers<H: Host>(host: &mut H, elevation: &mut Elevation) -> Vec<Note> {
    let unknown = |why: String| vec![Note::Unknown { what: "containers that sign", why }];
    match listed(host, elevation) {
        Err(BakerError::Host(HostError::NotRun { .. })) => Vec::new(),
        Err(error) => unknown(error.to_string()),
        Ok(out) if out.code != 0 || out.may_be_cut() => {
            unknown(format!("docker ps exits {}: {}", out.code, last_words(&out)))
        }
        Ok(out) => out.stdout.lines().filter_map(container).collect(),
    }
}

fn listed<H: Host>(host: &mut H, elevation: &mut Elevation) -> Result<Output, BakerError> {
    const ARGV: [&str; 6] = ["docker", "ps", "--all", "--no-trunc", "--format", FORMAT];
    let out = host.ask(&ARGV, SHORT)?;
    // Who is not in docker's group may not ask; root may.
    match out.code != 0 && out.stderr.contains("permission denied") {
        true => elevation.ask(host, &ARGV, SHORT),
        false => Ok(out),
    }
}

fn container(line: &str) -> Option<Note> {
    let mut words = line.split_ascii_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let (name, image) = (words.next()?.to_owned(), words.next()?.to_owned());
    let command: Vec<&str> = words.collect();
    let signs = command.iter().any(|word| process::is_signer(word)) && !process::runs_no_baker(&command);
    signs.then_some(Note::Container { name, image })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_told_by_its_command() {
        let signs = |line: &str| container(line).is_some();
        assert!(signs("baker tezos/tezos:octez-v25.1 \"/usr/local/bin/entrypoint.sh octez-baker --without-dal\""));
        assert!(signs("signer ecadlabs/signatory:v1.4.0 \"/bin/signatory -c /signatory.yaml serve\""));
        for other in [
            "node tezos/tezos:octez-v25.1 \"/usr/local/bin/entrypoint.sh octez-node\"",
            "accuser tezos/tezos:octez-v25.1 \"octez-baker run accuser\"",
            "octez-baker-exporter x/y:1 \"/exporter\"",
            "",
        ] {
            assert!(!signs(other), "{other}");
        }
    }

    #[test]
    fn what_a_unit_file_starts() {
        let text =
            "[Service]\nExecStart=-/usr/bin/octez-signer \\\n  launch socket signer\n#ExecStart=/x\nExecStartPre=/y\n";
        assert_eq!(starts(text), ["/usr/bin/octez-signer    launch socket signer"]);
        assert!(systemd::runs_a_signer(&starts(text)[0]));
    }
}
