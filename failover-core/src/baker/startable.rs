//! Could the baker be started here? Read before anything is stopped anywhere: the units as the service manager has
//! them, their programs, and the keys that the baker's client knows (S17).
//!
//! # The commands that are run
//! Those marked `*` as root, those marked `+` as they are, and again by `sudo -n` where "Permission denied" was said:
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl show -p Id,LoadState,ExecStart -- UNITS` | one block a unit; of `ExecStart={ path=P ; argv[]=... }` the path |
//! | `test -x P` *, and for a start script `test -e P.kept-by-failover` * | exit 0 or 1 |
//! | `cat -- FOLDER/public_key_hashs` + | JSON, `[{"name": ALIAS, "value": KEY}, ...]` (Octez v25); that there is no file is read from its words |

use std::time::Duration;

use super::elevation::{Elevation, last_words};
use super::files::as_needed;
use super::{BakerError, MarkFolder, UnitName};
use crate::host::Host;
use crate::tezos::KeyHash;

const SHORT: Duration = Duration::from_secs(10);

/// The properties that are asked for.
const PROPERTIES: &str = "Id,LoadState,ExecStart";

/// The client's file with the keys that it knows by name.
const WALLET: &str = "public_key_hashs";

/// What a start needs, as it was found; by default, nothing of it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Startable {
    /// What would keep it from starting, one sentence each. Empty: nothing that could be seen.
    pub missing: Vec<String>,
    /// The keys that the baker knows by name.
    pub wallet: Wallet,
}

/// The keys that the baker's client knows by name: one that it does not know, it does not bake for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wallet {
    /// Where they would be is not known, or they cannot be read.
    NotKnown {
        /// Why.
        why: String,
    },
    /// These.
    Read {
        /// The files, or where one would be.
        files: Vec<String>,
        /// The keys.
        keys: Vec<KeyHash>,
    },
}

impl Default for Wallet {
    fn default() -> Self {
        Self::NotKnown { why: "where its client keeps them is not known".to_owned() }
    }
}

/// One unit's block of `systemctl show`.
struct Unit {
    load_state: String,
    /// The program that it starts first; `None`: it names none.
    program: Option<String>,
}

fn parse(text: &str, unit: &UnitName) -> Result<Unit, String> {
    let value = |block: &str, key: &str| {
        block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
    };
    let mut blocks = text.split("\n\n").filter(|block| value(block, "Id").as_deref() == Some(unit.as_str()));
    let block = blocks.next().ok_or_else(|| format!("systemctl says nothing about {unit}"))?;
    let load_state =
        value(block, "LoadState").ok_or_else(|| format!("systemctl does not say whether {unit} is loaded"))?;
    let program = value(block, "ExecStart").and_then(|command| {
        let path = command.strip_prefix("{ path=")?.split(" ; ").next()?;
        path.starts_with('/').then(|| path.to_owned())
    });
    Ok(Unit { load_state, program })
}

/// The units and their programs.
pub(super) fn missing<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    units: &[UnitName],
) -> Result<Vec<String>, BakerError> {
    let mut argv = vec!["systemctl", "show", "-p", PROPERTIES, "--"];
    argv.extend(units.iter().map(UnitName::as_str));
    let out = host.ask(&argv, SHORT)?;
    let unclear = |host: &H, why: String| BakerError::Unclear { host: host.name().to_owned(), why };
    if out.code != 0 || out.may_be_cut() {
        return Err(unclear(host, format!("systemctl show exits {}: {}", out.code, last_words(&out))));
    }
    let (mut missing, mut programs) = (Vec::new(), Vec::new());
    for unit in units {
        let found = parse(&out.stdout, unit).map_err(|why| unclear(host, why))?;
        match found.load_state.as_str() {
            "loaded" => programs.extend(found.program.map(|program| (unit, program))),
            "masked" => missing.push(format!("{unit} is masked")),
            other => missing.push(format!("{unit} is not loaded but {other}")),
        }
    }
    for (unit, program) in programs {
        match elevation.ask(host, &["test", "-x", &program], SHORT)? {
            out if out.code == 0 => {}
            // An earlier version put a start script beside itself: it comes back with the start.
            out if out.code == 1 && is_kept(host, elevation, &program)? => {}
            out if out.code == 1 => missing.push(format!("{program}, which {unit} runs, cannot be executed")),
            out => {
                let said = last_words(&out);
                return Err(unclear(
                    host,
                    format!("whether {program} can be executed: test exits {}: {said}", out.code),
                ));
            }
        }
    }
    Ok(missing)
}

fn is_kept<H: Host>(host: &mut H, elevation: &mut Elevation, program: &str) -> Result<bool, BakerError> {
    if !program.ends_with("/tezsign.service.sh") {
        return Ok(false);
    }
    let mut is_there =
        |file: &str| -> Result<bool, BakerError> { Ok(elevation.ask(host, &["test", "-e", file], SHORT)?.code == 0) };
    Ok(is_there(&format!("{program}.kept-by-failover"))? && !is_there(program)?)
}

/// The keys that are known by name in these folders. `certain`: one of them is the baker's for sure, so that no file in
/// any of them means no key.
pub(super) fn wallet<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    folders: &[MarkFolder],
    certain: bool,
) -> Result<Wallet, BakerError> {
    if folders.is_empty() {
        return Ok(Wallet::default());
    }
    let (mut files, mut keys, mut read) = (Vec::new(), Vec::new(), false);
    for folder in folders {
        let path = format!("{folder}/{WALLET}");
        let out = as_needed(host, elevation, &["cat", "--", &path], SHORT)?;
        let absent = out.code != 0 && out.stderr.trim_end().ends_with("No such file or directory");
        if !absent {
            let known = match out.code {
                0 if !out.may_be_cut() => parse_wallet(&out.stdout),
                0 => Err("it is too long".to_owned()),
                _ => Err(last_words(&out)),
            };
            match known {
                Ok(known) => keys.extend(known),
                Err(why) => return Ok(Wallet::NotKnown { why: format!("{path} cannot be read: {why}") }),
            }
            read = true;
        }
        files.push(path);
    }
    if !read && !certain {
        return Ok(Wallet::NotKnown { why: format!("there is no {}", files.join(", ")) });
    }
    Ok(Wallet::Read { files, keys })
}

/// Keys of an unknown kind are not a baker's.
fn parse_wallet(text: &str) -> Result<Vec<KeyHash>, String> {
    #[derive(serde::Deserialize)]
    struct Named {
        value: String,
    }
    let named: Vec<Named> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    Ok(named.iter().filter_map(|key| key.value.parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_unit_runs_is_read_from_its_own_block() {
        let text = "Id=a.service\nLoadState=loaded\nExecStart={ path=/bake-buddy/node/bin/baker ; argv[]=/bake-buddy/node/bin/baker \
                    run ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }\n\n\
                    Id=b.service\nLoadState=masked\nExecStart=\n";
        let unit = |name: &str| parse(text, &name.parse().unwrap());
        let a = unit("a").unwrap();
        assert_eq!((a.load_state.as_str(), a.program.as_deref()), ("loaded", Some("/bake-buddy/node/bin/baker")));
        let b = unit("b").unwrap();
        assert_eq!((b.load_state.as_str(), b.program), ("masked", None));
        assert!(unit("c").is_err());
        assert!(parse("Id=a.service\n", &"a".parse().unwrap()).is_err());
    }

    #[test]
    fn a_wallet_is_read_or_not_known() {
        let text = r#"[{"name":"baker","value":"tz1VSUr8wwNhLAzempoch5d6hLRiTh8Cjcjb"},{"name":"odd","value":"sr1x"}]"#;
        assert_eq!(parse_wallet(text).unwrap().len(), 1);
        assert_eq!(parse_wallet("[]"), Ok(Vec::new()));
        for odd in ["", "{}", "[{\"name\":\"x\"}]", "<html>"] {
            assert!(parse_wallet(odd).is_err(), "{odd}");
        }
    }
}
