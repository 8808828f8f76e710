//! The claim's script, as `sh` would run it: permits and claims are real files, in a drill as on a real machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::command::Ran;
use failover_core::lock::FileLock;
use failover_core::permit::script;

/// Runs [`script::CLAIM`] with these words. A test holds it against the real `sh`.
pub(crate) fn claim(words: &[&str]) -> Ran {
    let [root, baker, lock, run, claim, replace, asked, seconds, by, here] = words else {
        return Ran::new(2, "", "sh: parameter not set\n");
    };
    let place = Place {
        root: PathBuf::from(root),
        baker: Path::new(root).join(baker),
        here,
        lock: PathBuf::from(lock),
        run,
        replace,
        asked,
    };
    match place.claim(claim, by, *seconds == "0") {
        Ok(said) => Ran::ok(said + "\n"),
        Err(error) => Ran::new(1, "", format!("{}: {error}\n", script::NAME)),
    }
}

/// Runs [`script::PERMIT`] with these words. A test holds it against the real `sh`.
pub(super) fn permit(words: &[&str]) -> Ran {
    let [root, baker, lock, run, head, tail, replace, _seconds, here] = words else {
        return Ran::new(2, "", "sh: parameter not set\n");
    };
    let baker = Path::new(root).join(baker);
    let place = Place { root: PathBuf::from(root), baker, here, lock: PathBuf::from(lock), run, replace, asked: "-" };
    match place.permit(head, tail) {
        Ok(said) => Ran::ok(said + "\n"),
        Err(error) => Ran::new(1, "", format!("{}: {error}\n", script::NAME)),
    }
}

struct Place<'a> {
    root: PathBuf,
    here: &'a str,
    baker: PathBuf,
    lock: PathBuf,
    run: &'a str,
    replace: &'a str,
    asked: &'a str,
}

impl Place<'_> {
    fn claim(&self, claim: &str, by: &str, look: bool) -> std::io::Result<String> {
        let own = look && self.baker.join("claims").join(self.run).exists();
        if let Some(against) = self.against(&boot()?, own) {
            return Ok(against);
        }
        if look {
            return Ok(self.standing().unwrap_or_else(|| self.end(if own { "stands" } else { "free" })));
        }
        self.folders()?;
        if let Some(standing) = self.standing() {
            return Ok(standing);
        }
        for path in files(&self.baker.join("permits")) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ended = self.baker.join("ended");
            fs::rename(&path, ended.join(&name))?;
            fs::write(ended.join(format!("{name}.by")), format!("{by}\n"))?;
        }
        if self.replace != "-" {
            // `rm -f`: one that is gone already is no failure.
            match fs::remove_file(self.baker.join("claims").join(self.replace)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::write(self.baker.join("claims").join(self.run), format!("{claim}\n"))?;
        Ok(self.end("made"))
    }

    fn permit(&self, head: &str, tail: &str) -> std::io::Result<String> {
        let boot = boot()?;
        if let Some(against) = self.against(&boot, false) {
            return Ok(against);
        }
        self.folders()?;
        if let Some(standing) = self.standing() {
            return Ok(standing);
        }
        let permit = self.baker.join("permits").join(self.run);
        if permit.exists() || self.baker.join("ended").join(self.run).exists() {
            return Err(std::io::Error::other("a permit of this run was made before"));
        }
        fs::write(permit, format!("{head}{boot}{tail}\n"))?;
        Ok("made".to_owned())
    }

    /// This machine itself, or a run that goes on here: that one is kept out where this run's claim stands.
    fn against(&self, boot: &str, own: bool) -> Option<String> {
        let here = fs::read_to_string(self.root.join("here")).unwrap_or_default();
        if here.trim() == format!("{} {boot}", self.here) {
            return Some("itself".to_owned());
        }
        (!own && FileLock::is_held_at(&self.lock)).then(|| format!("run {}", first(&self.lock)))
    }

    fn folders(&self) -> std::io::Result<()> {
        ["permits", "ended", "claims"].iter().try_for_each(|folder| fs::create_dir_all(self.baker.join(folder)))
    }

    fn standing(&self) -> Option<String> {
        let others = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name != self.run && name != self.replace
        };
        let standing = files(&self.baker.join("claims")).into_iter().find(others)?;
        Some(format!("claimed {}", first(&standing)))
    }

    fn end(&self, word: &str) -> String {
        let over =
            self.baker.join("ended").join(self.asked).exists() && !self.baker.join("permits").join(self.asked).exists();
        match (self.asked, over) {
            ("-", _) => word.to_owned(),
            (_, true) => format!("{word} over"),
            (_, false) => format!("{word} open"),
        }
    }
}

/// What a folder holds, in order, without what begins with a dot.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.'));
    files.sort();
    files
}

/// The name of this boot.
pub(super) fn boot() -> std::io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

pub(super) fn first(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use failover_core::clock::Timestamp;
    use failover_core::permit::{Claim, PermitKind, Root, RunId};
    use failover_core::tezos::{ChainId, Curve, KeyHash};

    const RUNS: [RunId; 3] = [RunId::from_bytes([1; 16]), RunId::from_bytes([2; 16]), RunId::from_bytes([3; 16])];

    fn line(run: RunId) -> String {
        let at = Timestamp::from_millis(0);
        Claim { v: Claim::VERSION, run, host: "h".to_owned(), who: "root@h".to_owned(), at }.line()
    }

    /// The same words to the real `sh`.
    fn real(words: &[&str]) -> Ran {
        let out = Command::new("sh").args(["-c", script::CLAIM, script::NAME]).args(words).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran::new(out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    }

    /// A machine, said what in which order, and what its files are afterwards.
    fn told(run: impl Fn(&[&str]) -> Ran) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::at(folder.path().join("machine"));
        let permits = root.of(ChainId::MAINNET, KeyHash::new(Curve::Bls, [3; 20]));
        let [mine, other, third] = RUNS;
        let baker = permits.baker().to_owned();
        let place = root.path().to_string_lossy().into_owned();
        let lock = root.path().join(format!("failover-{baker}.lock")).to_string_lossy().into_owned();
        let mut told = Vec::new();
        let own = root.here().unwrap();
        let mut say = |by: RunId, replace: &str, asked: &str, seconds: &str| {
            let here = if (by, seconds) == (other, "5") { own.as_str() } else { "elsewhere" };
            let (by, claim) = (by.to_string(), line(by));
            let out = run(&[&place, &baker, &lock, &by, &claim, replace, asked, seconds, "somebody", here]).output;
            assert_eq!(out.code, 0, "{}", out.stderr);
            told.push(out.stdout.trim().to_owned());
        };
        say(mine, "-", "-", "0");
        permits.begin(&other).unwrap();
        permits.make(&other, PermitKind::Run, "root@h", Timestamp::from_millis(0)).unwrap();
        say(other, "-", "-", "5");
        say(mine, "-", &other.to_string(), "0");
        say(mine, "-", &other.to_string(), "5");
        say(mine, "-", "-", "5");
        say(third, "-", "-", "0");
        say(third, "-", "-", "5");
        say(third, &mine.to_string(), &third.to_string(), "5");
        let mut left: Vec<String> = ["permits", "ended", "claims"]
            .iter()
            .flat_map(|part| files(&root.path().join(&baker).join(part)))
            .map(|path| format!("{} {}", path.strip_prefix(root.path()).unwrap().display(), first(&path)))
            .map(|line| if line.contains("permits") || line.contains("boot") { "a permit".to_owned() } else { line })
            .collect();
        told.append(&mut left);
        told
    }

    #[test]
    fn the_script_does_the_same_in_a_real_shell() {
        let (simulated, real) = (told(claim), told(real));
        assert_eq!(simulated, real);
        let [mine, other, third] = RUNS;
        assert_eq!(
            simulated.get(..8).unwrap(),
            [
                "free".to_owned(),
                "itself".to_owned(),
                "free open".to_owned(),
                "made over".to_owned(),
                "made".to_owned(),
                format!("claimed {}", line(mine)),
                format!("claimed {}", line(mine)),
                "made open".to_owned()
            ]
        );
        assert!(
            simulated.iter().any(|line| line.ends_with(&format!("claims/{third} {}", line_of(third)))),
            "{simulated:?}"
        );
        assert!(simulated.iter().any(|line| line.contains(&format!("ended/{other}.by somebody"))), "{simulated:?}");
    }

    fn line_of(run: RunId) -> String {
        line(run)
    }

    #[test]
    fn a_run_that_goes_on_there_is_seen_and_nothing_is_touched() {
        for run in [claim as fn(&[&str]) -> Ran, real] {
            let folder = tempfile::tempdir().unwrap();
            let root = Root::at(folder.path());
            let (chain, baker) = (ChainId::MAINNET, KeyHash::new(Curve::Bls, [3; 20]));
            let who = failover_core::lock::Holder::this("failover run", Timestamp::from_millis(0), None);
            let held = FileLock::acquire_under(&root, chain, baker, &who).unwrap();
            let permits = root.of(chain, baker);
            permits.begin(&RUNS[1]).unwrap();
            permits.make(&RUNS[1], PermitKind::Run, "root@h", Timestamp::from_millis(0)).unwrap();
            let lock = held.path().to_string_lossy().into_owned();
            let (mine, claim) = (RUNS[0].to_string(), line(RUNS[0]));
            let place = root.path().to_string_lossy().into_owned();
            let out =
                run(&[&place, permits.baker(), &lock, &mine, &claim, "-", "-", "5", "somebody", "elsewhere"]).output;
            assert!(out.stdout.starts_with("run {"), "{out:?}");
            assert_eq!(permits.look(&RUNS[1]), Ok(failover_core::permit::PermitState::Valid));
            assert!(permits.claims().unwrap().is_empty());
        }
    }
}
