//! Nonce files, through the machine's own find, cat and sh.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::machine::Machine;
use failover_core::baker::nonces::{MERGE, SCRIPT};
use failover_core::baker::{BakerError, MarkFolder, NoncesError, SeedNonces, SystemdControl};
use failover_core::clock::Timestamp;
use failover_core::host::{Host, HostError, LocalHost, Output};
use failover_core::nonces::{NonceFileError, NonceFileName, Nonces};
use failover_core::tezos::{BlockHash, ChainId, NonceHash};

const CHAIN: ChainId = ChainId::MAINNET;
const OLD: &str = "NetXdQprcVkpa_nonces";
const NEW: &str = "NetXdQprcVkpa_stateful_nonces";

fn at() -> Timestamp {
    "2026-11-22T03:00:00Z".parse().unwrap()
}

/// Both files' texts for these nonces.
fn texts(nonces: &[u8]) -> [String; 2] {
    let hex = |n: u8| format!("{n:02x}").repeat(32);
    let stateful = |n: &u8| {
        let (hash, block) = (NonceHash::of(&[*n; 32]), BlockHash::new([*n; 32]));
        format!(
            r#"{{"nonce":"{}","hash":"{hash}","block":"{block}","cycle":7,"level":{},"round":0,"state":"committed"}}"#,
            hex(*n),
            100 + u64::from(*n)
        )
    };
    let legacy = |n: &u8| format!(r#"{{"block":"{}","nonce":"{}"}}"#, BlockHash::new([*n; 32]), hex(*n));
    let list = |entries: Vec<String>| format!("[{}]", entries.join(","));
    [list(nonces.iter().map(stateful).collect()), list(nonces.iter().map(legacy).collect())]
}

fn nonces(of: &[u8]) -> Nonces {
    let [stateful, legacy] = texts(of);
    let parse = |name, text: &str| Nonces::parse(name, text).unwrap();
    parse(NonceFileName::Stateful, &stateful).union(&parse(NonceFileName::Legacy, &legacy)).unwrap()
}

/// A machine whose baker has these nonces, and its base folder.
fn baker(of: &[u8]) -> (Machine, PathBuf) {
    let machine = Machine::new();
    let folder = machine.path().join("base");
    fs::create_dir(&folder).unwrap();
    let [stateful, legacy] = texts(of);
    fs::write(folder.join(NEW), stateful).unwrap();
    fs::write(folder.join(OLD), legacy).unwrap();
    (machine, folder)
}

fn control(machine: &Machine, folders: &[&Path]) -> SystemdControl<LocalHost> {
    let folders: Vec<MarkFolder> = folders.iter().map(|f| f.display().to_string().parse().unwrap()).collect();
    SystemdControl::new(machine.host(), Vec::new()).with_mark_folders(folders)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn h16_merged_copied_with_owner_and_mode_and_read_back() {
    let (machine, folder) = baker(&[1, 2]);
    // Root may give the file away, as TezBake does.
    let me = fs::metadata(&folder).unwrap().uid();
    let owner = if me == 0 { 12_345 } else { me };
    std::os::unix::fs::chown(folder.join(NEW), Some(owner), None).unwrap();
    fs::set_permissions(folder.join(NEW), fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::read_to_string(folder.join(NEW)).unwrap();
    let merged = control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[2, 3, 4]), at()).unwrap();
    assert_eq!((merged.added, merged.theirs.unwrap().unrevealed, merged.here.unwrap().unrevealed), (2, 3, 4));
    assert_eq!(control(&machine, &[&folder]).nonces(CHAIN).unwrap(), nonces(&[1, 2, 3, 4]));
    let copies = [OLD, NEW].map(|name| format!("{name}.20261122T030000Z.before-failover"));
    assert_eq!(names(&folder), [OLD, &copies[0], NEW, &copies[1]]);
    assert_eq!(fs::read_to_string(folder.join(&copies[1])).unwrap(), before);
    for name in [NEW, &copies[1]] {
        let file = fs::metadata(folder.join(name)).unwrap();
        assert_eq!((file.uid(), file.mode() & 0o7777), (owner, 0o640), "{name}");
    }
    // Again: nothing to write, and nothing is written.
    let again = control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[2, 3, 4]), at()).unwrap();
    assert!(again.added == 0 && again.kept.is_empty(), "{again:?}");
    assert_eq!(names(&folder).len(), 4);
}

#[test]
fn a_baker_without_nonces_gets_files_with_its_folders_owner_and_mode() {
    let machine = Machine::new();
    let folder = machine.path().join("base");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o2750)).unwrap();
    let me = fs::metadata(&folder).unwrap().uid();
    let owner = if me == 0 { 12_345 } else { me };
    std::os::unix::fs::chown(&folder, Some(owner), None).unwrap();
    let merged = control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[3]), at()).unwrap();
    assert!(merged.added == 1 && merged.kept.is_empty(), "{merged:?}");
    assert_eq!(names(&folder), [OLD, NEW]);
    let file = fs::metadata(folder.join(NEW)).unwrap();
    assert_eq!((file.uid(), file.mode() & 0o7777), (owner, 0o640));
}

/// A copy of that name is never written over, whatever it is.
#[test]
fn a_copy_is_never_written_over() {
    let (machine, folder) = baker(&[1]);
    let copy = folder.join(format!("{NEW}.20261122T030000Z.before-failover"));
    fs::write(&copy, "somebody's").unwrap();
    let error = control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[2]), at()).unwrap_err();
    assert!(matches!(error, BakerError::Failed { .. }), "{error}");
    assert_eq!(fs::read_to_string(&copy).unwrap(), "somebody's");
    assert_eq!(control(&machine, &[&folder]).nonces(CHAIN).unwrap(), nonces(&[1]));
}

#[test]
fn s3_a_file_that_is_not_whole_is_unknown_and_nothing_is_written() {
    for (spoil, text) in [("cut", "[{\"nonce\": \"00"), ("empty", ""), ("odd", "{}"), ("not text", "[\u{fffd}]")] {
        let (machine, folder) = baker(&[1]);
        fs::write(folder.join(NEW), text).unwrap();
        let error = control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[2]), at()).unwrap_err();
        match &error {
            BakerError::Nonces(NoncesError::File { path, .. }) => assert!(path.ends_with(NEW), "{error}"),
            other => panic!("{spoil}: {other}"),
        }
        assert!(control(&machine, &[&folder]).nonces(CHAIN).is_err());
        assert_eq!((names(&folder).len(), fs::read_to_string(folder.join(NEW)).unwrap().as_str()), (2, text));
    }
    let (machine, folder) = baker(&[1]);
    fs::remove_file(folder.join(NEW)).unwrap();
    symlink("/dev/null", folder.join(NEW)).unwrap();
    let error = control(&machine, &[&folder]).nonces(CHAIN).unwrap_err();
    assert!(matches!(&error, BakerError::Nonces(NoncesError::File { error: NonceFileError::NotAFile, .. })), "{error}");
}

#[test]
fn a_conflict_writes_nothing() {
    let (machine, folder) = baker(&[1]);
    let [_, legacy] = texts(&[1]);
    let other = legacy.replace(&"01".repeat(32), &"02".repeat(32));
    let theirs = Nonces::parse(NonceFileName::Legacy, &other).unwrap();
    let error = control(&machine, &[&folder]).merge_nonces(CHAIN, &theirs, at()).unwrap_err();
    assert!(matches!(error, BakerError::Nonces(NoncesError::Conflict { .. })), "{error}");
    assert_eq!(names(&folder), [OLD, NEW]);
}

#[test]
fn another_chains_files_are_passed_over_and_no_file_is_no_empty_one() {
    let (machine, folder) = baker(&[1]);
    for name in [OLD, NEW] {
        fs::rename(folder.join(name), folder.join(name.replace("NetXdQprcVkpa", "NetXsqzbfFenS"))).unwrap();
    }
    let found = control(&machine, &[&folder]).nonces(CHAIN).unwrap();
    assert!(found.is_absent() && found.count().is_none());
}

#[test]
fn the_bakers_folder_is_told_from_the_signers_or_nothing_is_written() {
    let (machine, folder) = baker(&[1]);
    let signer = machine.path().join("signer");
    fs::create_dir(&signer).unwrap();
    control(&machine, &[&signer, &folder]).merge_nonces(CHAIN, &nonces(&[2]), at()).unwrap();
    assert_eq!((names(&signer).len(), names(&folder).len()), (0, 4));
    // Two bakers: whose nonces they are is not known.
    fs::write(signer.join(NEW), "[]").unwrap();
    let error = control(&machine, &[&signer, &folder]).merge_nonces(CHAIN, &nonces(&[3]), at()).unwrap_err();
    assert!(matches!(error, BakerError::Nonces(NoncesError::Folder { .. })), "{error}");
    let none = machine.path().join("nowhere");
    let error = control(&machine, &[&none]).merge_nonces(CHAIN, &nonces(&[3]), at()).unwrap_err();
    assert!(matches!(error, BakerError::Nonces(NoncesError::Folder { .. })), "{error}");
    let error = control(&machine, &[]).nonces(CHAIN).unwrap_err();
    assert!(matches!(error, BakerError::NoMarkFolder { .. }), "{error}");
}

/// A machine on which something writes the file whenever it is read.
struct StillWritten(LocalHost, PathBuf);

impl Host for StillWritten {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        let out = self.0.run(argv, deadline)?;
        // After the last file was read, and before the second look.
        if argv.first() == Some(&"cat") && argv.last().is_some_and(|path| path.ends_with(NEW)) {
            fs::write(&self.1, texts(&[9]).concat()).unwrap();
        }
        Ok(out)
    }
}

#[test]
fn a_file_that_is_still_written_is_unknown() {
    let (machine, folder) = baker(&[1]);
    let named: MarkFolder = folder.display().to_string().parse().unwrap();
    let host = StillWritten(machine.host(), folder.join(NEW));
    let error = SystemdControl::new(host, Vec::new()).with_mark_folders(vec![named]).nonces(CHAIN).unwrap_err();
    assert!(matches!(&error, BakerError::Nonces(NoncesError::File { error: NonceFileError::Changed, .. })), "{error}");
}

/// The tool may be killed while it writes: what came until then is no file.
#[test]
fn a_text_that_is_cut_off_on_its_way_is_not_put_in_place() {
    let (machine, folder) = baker(&[1]);
    let (before, base) = (fs::read_to_string(folder.join(NEW)).unwrap(), folder.display().to_string());
    let argv = ["sh", "-c", MERGE, SCRIPT, &base, NEW, "copy", "100"];
    let out = machine.host().feed(&argv, "[{\"nonce\":", Duration::from_secs(10)).unwrap();
    assert!(out.code == 1 && out.stderr.contains("cut off"), "{out:?}");
    assert_eq!(fs::read_to_string(folder.join(NEW)).unwrap(), before);
    assert_eq!(names(&folder), [OLD, NEW]);
}

/// Nobody who lists processes sees a nonce, and root's rights are asked for where they are needed.
#[test]
fn nonces_are_in_no_argument_and_root_writes() {
    let (machine, folder) = baker(&[1]);
    machine.write("uid", "1000\n");
    let error = control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[2]), at()).unwrap_err();
    assert!(matches!(&error, BakerError::Elevation { what, .. } if !what.contains("umask")), "{error}");
    machine.write("sudo", "");
    control(&machine, &[&folder]).merge_nonces(CHAIN, &nonces(&[2]), at()).unwrap();
    let log = fs::read_to_string(machine.path().join("log")).unwrap();
    assert!(log.contains("failover-nonces") && !log.contains(&"02".repeat(32)), "{log}");
}
