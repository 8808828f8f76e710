//! Mark files, through the machine's own find and cat.

use crate::machine::Machine;
use failover_core::baker::command::Commands;
use failover_core::baker::{
    BakerError, BakerMachine, CommandControl, MarkFiles, MarkFolder, SystemdControl, TezbakeControl,
};
use failover_core::host::LocalHost;
use failover_core::mark_files::MarkFileError;
use failover_core::tezos::{ChainId, KeyHash};

const KEY: &str = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9";

/// A machine with octez-signer's marks in a folder, and that folder.
fn signer() -> (Machine, MarkFolder) {
    let machine = Machine::new();
    std::fs::create_dir(machine.path().join("base")).unwrap();
    let mark = format!(r#"{{"{KEY}":{{"level":15181989,"round":2,"hash":"00"}}}}"#);
    machine.write("base/attestation_high_watermarks", &format!(r#"{{"{}":{mark}}}"#, ChainId::MAINNET));
    machine.write("base/preendorsement_high_watermarks", "{}");
    let folder = machine.path().join("base").display().to_string().parse().unwrap();
    (machine, folder)
}

fn commands() -> Commands {
    let none = || vec!["true".to_owned()];
    Commands { start: none(), stop: none(), status: none(), restart_delay: 1 }
}

#[test]
fn every_control_reads_the_folders_that_are_named() {
    let (machine, folder) = signer();
    let controls = |folders: &[MarkFolder]| -> [Box<dyn BakerMachine>; 3] {
        [
            Box::new(TezbakeControl::new(machine.host()).with_mark_folders(folders.to_vec())),
            Box::new(SystemdControl::new(machine.host(), Vec::new()).with_mark_folders(folders.to_vec())),
            Box::new(CommandControl::new(LocalHost::new(), commands()).with_mark_folders(folders.to_vec())),
        ]
    };
    let key: KeyHash = KEY.parse().unwrap();
    let none: MarkFolder = "/nonexistent/.tezos-client".parse().unwrap();
    for mut control in controls(&[none.clone(), folder]) {
        let marks = control.marks(ChainId::MAINNET).unwrap();
        assert_eq!((marks.files.len(), &marks.absent), (2, &vec![none.to_string()]));
        assert_eq!(marks.highest(&[key]).unwrap().level.get(), 15_181_989, "{}", control.describe());
    }
    let [mut tezbake, named @ ..] = controls(&[]);
    assert_eq!(tezbake.marks(ChainId::MAINNET).unwrap().absent.len(), 2, "where TezBake puts them there is nothing");
    for mut control in named {
        let error = control.marks(ChainId::MAINNET).unwrap_err();
        assert!(matches!(error, BakerError::NoMarkFolder { .. }), "{}: {error}", control.describe());
    }
}

#[test]
fn signatorys_folder_is_read_beside_octez_bakers() {
    let machine = Machine::new();
    let folder = machine.path().join("watermark_v2");
    std::fs::create_dir(&folder).unwrap();
    let mark = format!(r#"{{"{KEY}":{{"attestation":{{"level":15181989,"round":2,"hash":null}}}}}}"#);
    machine.write(&format!("watermark_v2/{}.json", ChainId::MAINNET), &mark);
    machine.write(&format!("watermark_v2/{}.json", ChainId::of_network("shadownet").unwrap()), "{");
    let folder: MarkFolder = folder.display().to_string().parse().unwrap();
    let read = || SystemdControl::new(machine.host(), Vec::new()).with_mark_folders(vec![folder.clone()]);
    let marks = read().marks(ChainId::MAINNET).unwrap();
    assert_eq!((marks.files.len(), marks.other_chains.len()), (1, 1), "another chain's is passed over: {marks:?}");
    assert_eq!(marks.highest(&[KEY.parse::<KeyHash>().unwrap()]).unwrap().level.get(), 15_181_989);
    machine.write(&format!("watermark_v2/{}.json", ChainId::MAINNET), mark.trim_end_matches('}'));
    let error = read().marks(ChainId::MAINNET).unwrap_err();
    assert!(matches!(error, BakerError::MarkFile { error: MarkFileError::Cut { .. }, .. }), "{error}");
}

#[test]
fn one_file_that_is_not_whole_spoils_the_others() {
    let (machine, folder) = signer();
    machine.write("base/block_high_watermarks", "{\"Net");
    let read = || SystemdControl::new(machine.host(), Vec::new()).with_mark_folders(vec![folder.clone()]);
    let error = read().marks(ChainId::MAINNET).unwrap_err();
    let expected = machine.path().join("base/block_high_watermarks").display().to_string();
    match error {
        BakerError::MarkFile { path, error: MarkFileError::Cut { bytes: 5 }, .. } => assert_eq!(path, expected),
        other => panic!("{other}"),
    }
}

#[test]
fn a_folder_that_only_root_may_read_is_read_by_sudo_or_not_at_all() {
    let (machine, folder) = signer();
    machine.write("uid", "1000\n");
    machine.write("private", "");
    let read = || SystemdControl::new(machine.host(), Vec::new()).with_mark_folders(vec![folder.clone()]);
    let error = read().marks(ChainId::MAINNET).unwrap_err();
    assert!(matches!(error, BakerError::Elevation { .. }), "{error}");
    machine.write("sudo", "");
    assert_eq!(read().marks(ChainId::MAINNET).unwrap().files.len(), 2);
}

#[test]
fn a_folder_is_an_absolute_path() {
    for text in ["", "/", "base", "-L", "~/.tezos-client", "/a/../b", "/a\nb", "/a\0"] {
        assert!(text.parse::<MarkFolder>().is_err(), "{text:?}");
    }
}
