//! Where a service keeps what it signed: read from what it runs and from its environment, never guessed from its name.

use std::time::Duration;

use super::elsewhere::Users;
use super::service::Service;
use crate::baker::MarkFolder;
use crate::baker::elevation::{Elevation, last_words};
use crate::baker::files::as_needed;
use crate::host::Host;

/// For what only asks.
const SHORT: Duration = Duration::from_secs(10);

/// Where Signatory looks for its configuration, and where it keeps its files, by default (v1.4, `cmd/commands/root.go`,
/// `pkg/config/config.go`).
const SIGNATORY: (&str, &str) = ("/etc/signatory.yaml", "/var/lib/signatory");

/// `None`: what it runs keeps no marks in files.
pub(super) fn of<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    service: &Service,
    users: &Users,
) -> Option<Result<MarkFolder, String>> {
    let (program, words) = service.signer()?;
    let found = match program {
        "signatory" => signatory(host, elevation, service, users, words),
        "signer" => base(host, elevation, service, users, words, ".tezos-signer"),
        _ if program.starts_with("octez-signer") => base(host, elevation, service, users, words, ".tezos-signer"),
        _ if program.starts_with("tezsign") => return None,
        _ => base(host, elevation, service, users, words, ".tezos-client"),
    };
    Some(found.and_then(|folder| folder.parse().map_err(|error| format!("{error}"))))
}

/// The word behind one of these options.
fn told<'a>(words: &'a [String], options: &[&str]) -> Option<&'a str> {
    words.iter().enumerate().find_map(|(at, word)| {
        let after = options.contains(&word.as_str()).then(|| words.get(at + 1)).flatten();
        let joined = || options.iter().find_map(|option| word.strip_prefix(option)?.strip_prefix('='));
        after.map(String::as_str).or_else(joined)
    })
}

/// The base folder of one of Octez's programs: `--base-dir`, else `TEZOS_CLIENT_DIR` for the baker, else below HOME.
fn base<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    service: &Service,
    users: &Users,
    words: &[String],
    folder: &str,
) -> Result<String, String> {
    let environment = environment(host, elevation, service, users)?;
    let known = |name: &str| value(&environment, name);
    match told(words, &["--base-dir", "-d"]) {
        Some(word) => expand(word, known).ok_or_else(|| format!("{word} in what it runs is not understood")),
        None => match known("TEZOS_CLIENT_DIR").filter(|_| folder == ".tezos-client") {
            Some(folder) => Ok(folder),
            None => Ok(format!("{}/{folder}", known("HOME").ok_or("its HOME is not known")?)),
        },
    }
}

/// Signatory's folder of marks.
fn signatory<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    service: &Service,
    users: &Users,
    words: &[String],
) -> Result<String, String> {
    let environment = environment(host, elevation, service, users)?;
    let known = |name: &str| value(&environment, name);
    let clear = |word: &str| expand(word, known).ok_or_else(|| format!("{word} in what it runs is not understood"));
    let file = clear(told(words, &["--config", "-c"]).unwrap_or(SIGNATORY.0))?;
    let text = text(host, elevation, &file)?.ok_or_else(|| format!("{file} is not there"))?;
    if let Some(driver) = below(&text, "watermark:", "driver:").filter(|driver| driver != "file") {
        return Err(format!("its watermark driver is {driver}, which keeps none in files"));
    }
    let base = match told(words, &["--base-dir"]) {
        Some(word) => clear(word)?,
        None => match text.lines().find_map(|line| line.strip_prefix("base_dir:")) {
            Some(word) => clear(&plain(word))?,
            None => SIGNATORY.1.to_owned(),
        },
    };
    Ok(format!("{}/watermark_v2", base.trim_end_matches('/')))
}

/// A scalar of YAML, as a person writes a path.
fn plain(text: &str) -> String {
    text.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']).to_owned()
}

/// The value of a key in the indented lines below another.
fn below(text: &str, section: &str, key: &str) -> Option<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with(section)).skip(1);
    let mut inside = lines.take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t', '#']));
    inside.find_map(|line| line.trim_start().strip_prefix(key).map(plain))
}

/// A file's text; `None`: it is not there.
fn text<H: Host>(host: &mut H, elevation: &mut Elevation, path: &str) -> Result<Option<String>, String> {
    let out = as_needed(host, elevation, &["cat", "--", path], SHORT).map_err(|error| error.to_string())?;
    match out.code {
        0 => Ok(Some(out.stdout)),
        _ if out.stderr.contains("No such file or directory") => Ok(None),
        code => Err(format!("cat {path} exits {code}: {}", last_words(&out))),
    }
}

type Environment = Vec<(String, String)>;

/// What it has in its environment: later ones come over earlier ones, files over all of them.
fn environment<H: Host>(
    host: &mut H,
    elevation: &mut Elevation,
    service: &Service,
    users: &Users,
) -> Result<Environment, String> {
    let mut all: Environment = users.home(&service.user).map(|home| ("HOME".to_owned(), home)).into_iter().collect();
    all.extend(service.environment.iter().cloned());
    for file in &service.files {
        let Some(text) = text(host, elevation, file)? else { continue };
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
        let set = lines.filter_map(|line| line.split_once('='));
        all.extend(
            set.map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned())),
        );
    }
    Ok(all)
}

fn value(environment: &Environment, name: &str) -> Option<String> {
    environment.iter().rev().find(|(of, _)| of == name).map(|(_, value)| value.clone())
}

/// A word with `$NAME`, `${NAME}` and `${NAME:-ELSE}` filled in; `None`: something in it is not known.
fn expand(word: &str, known: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut whole, mut rest) = (String::new(), word);
    while let Some((before, after)) = rest.split_once('$') {
        whole.push_str(before);
        let (name, otherwise);
        if let Some(inner) = after.strip_prefix('{') {
            let (inside, behind) = inner.split_once('}')?;
            (name, otherwise) = inside.split_once(":-").map_or((inside, None), |(name, other)| (name, Some(other)));
            rest = behind;
        } else {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            (name, otherwise) = (after.get(..end)?, None);
            rest = after.get(end..)?;
        }
        let found = known(name).filter(|value| !value.is_empty());
        whole.push_str(&found.or_else(|| otherwise.map(str::to_owned))?);
    }
    whole.push_str(rest);
    // What a shell would do with these is not known.
    (!whole.is_empty() && !whole.contains(['`', '(', ')', '*', '~', '"', '\'', '\\'])).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_in_a_word_makes_it_unknown() {
        let known = |name: &str| (name == "HOME").then(|| "/var/tezos".to_owned());
        for (word, whole) in [
            ("$HOME/.tezos-client", Some("/var/tezos/.tezos-client")),
            ("${HOME}/x", Some("/var/tezos/x")),
            ("${BASE:-/srv}/x", Some("/srv/x")),
            ("/srv/client", Some("/srv/client")),
            ("$BASE/x", None),
            ("${BASE}", None),
            ("${BASE", None),
            ("~/x", None),
            ("$(pwd)", None),
            ("", None),
        ] {
            assert_eq!(expand(word, known).as_deref(), whole, "{word}");
        }
    }

    #[test]
    fn options_are_read_as_octez_takes_them() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let base = |text: &str| told(&words(text), &["--base-dir", "-d"]).map(str::to_owned);
        assert_eq!(base("--base-dir /a run").as_deref(), Some("/a"));
        assert_eq!(base("-d /a run").as_deref(), Some("/a"));
        assert_eq!(base("--base-dir=/a run").as_deref(), Some("/a"));
        assert_eq!((base("run --data-dir /a"), base("--base-dir")), (None, None));
    }

    #[test]
    fn a_key_of_yaml_below_another() {
        let text = "base_dir: \"/srv/s\" # here\nwatermark:\n  # the store\n  driver: aws\nvaults:\n  driver: kms\n";
        assert_eq!(below(text, "watermark:", "driver:").as_deref(), Some("aws"));
        assert_eq!(below("watermark:\nvaults:\n  driver: kms\n", "watermark:", "driver:"), None);
        assert_eq!(plain(" \"/srv/s\" # here"), "/srv/s");
    }
}
