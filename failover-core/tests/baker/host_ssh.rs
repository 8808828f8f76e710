//! Commands over ssh, against a real sshd on loopback.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use failover_core::baker::{BakerControl, BakerError, CommandControl, MarkFiles, SystemdControl, command::Commands};
use failover_core::host::{self, Host, HostError, LocalHost, OUTPUT_LIMIT, SshOptions};
use failover_core::mark_files::{MarkFileError, PrimaryMarks};
use failover_core::tezos::ChainId;

use crate::sshd::{LONG, Sshd, free_port, host, succeed};

#[test]
fn a_command_runs_with_its_words_as_they_are() {
    let sshd = Sshd::start();
    let words = ["", " ", "it's", "a\nb", "$HOME", "`id`", "\\", "*", "~", "\"", "a;b|c&d", "--", "-n", "\u{1f512}"];
    let argv: Vec<&str> = ["printf", "%s|"].into_iter().chain(words).collect();
    let out = sshd.host().run(&argv, LONG).unwrap();
    assert_eq!(out.stdout, words.map(|word| format!("{word}|")).concat());
    assert_eq!((out.code, out.stderr.as_str()), (0, ""));

    // Both streams, apart and whole; no input; a plain language; the identity of the machine.
    let out = sshd.sh("echo out; echo err >&2; cat; echo $LC_ALL", LONG).unwrap();
    assert_eq!((out.stdout.as_str(), out.stderr.as_str()), ("out\nC\n", "err\n"));
    let here = host::identity(&mut LocalHost::new());
    let there = host::identity(&mut sshd.host());
    assert_eq!(here.is_ok(), there.is_ok());
    assert_eq!(here.ok(), there.ok());
}

#[test]
fn every_exit_code_is_the_commands_own() {
    let sshd = Sshd::start();
    for code in [0, 3, 124, 126, 127, 151, 255] {
        assert_eq!(sshd.sh(&format!("exit {code}"), LONG).unwrap().code, code);
    }
    let error = sshd.host().run(&["no-such-program-anywhere"], LONG).unwrap_err();
    assert!(matches!(error, HostError::NotRun { .. }), "{error:?}");
    let error = sshd.sh("kill -KILL $$", LONG).unwrap_err();
    assert!(matches!(error, HostError::Lost { .. }), "{error:?}");
}

#[test]
fn a_flood_does_not_hide_the_end() {
    let sshd = Sshd::start();
    let out = sshd.sh("head -c 3000000 /dev/zero; exit 5", LONG).unwrap();
    assert_eq!((out.code, out.stdout.len()), (5, OUTPUT_LIMIT));
    assert!(out.may_be_cut());
}

#[test]
fn a_service_left_behind_does_not_hide_the_end() {
    let sshd = Sshd::start();
    let out = sshd.sh("sleep 1000 & echo $!", LONG).unwrap();
    succeed("kill", &[out.stdout.trim()]);
}

#[test]
fn another_host_key_is_another_machine_and_a_new_one_is_new() {
    let sshd = Sshd::start();
    let none = SshOptions { known_hosts: Some(sshd.file("nothing")), ..sshd.options("host") };
    let error = host(sshd.options("other")).run(&["true"], LONG).unwrap_err();
    assert!(matches!(error, HostError::HostKey { .. }), "{error:?}");
    let error = host(none).run(&["true"], LONG).unwrap_err();
    assert!(matches!(error, HostError::NewHost { .. }), "{error:?}");
    assert!(!sshd.file("nothing").exists(), "an unknown key was taken for good");
}

#[test]
fn a_stranger_is_denied() {
    let sshd = Sshd::start();
    let options = SshOptions { identity: Some(sshd.file("stranger")), ..sshd.options("host") };
    let error = host(options).run(&["true"], LONG).unwrap_err();
    assert!(matches!(error, HostError::Denied { .. }), "{error:?}");
}

#[test]
fn nobody_there_is_unreachable() {
    let sshd = Sshd::start();
    let refused = SshOptions { port: Some(free_port()), ..sshd.options("host") };
    // Accepts, and never says a word.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let silent = SshOptions {
        port: Some(silent.local_addr().unwrap().port()),
        connect_timeout: Duration::from_secs(1),
        ..sshd.options("host")
    };
    for options in [refused, silent] {
        let error = host(options).run(&["true"], LONG).unwrap_err();
        assert!(matches!(error, HostError::Unreachable { .. }), "{error:?}");
    }
}

#[test]
fn no_ssh_and_a_wrong_option_are_no_run() {
    let sshd = Sshd::start();
    std::fs::write(sshd.file("bad"), "Nonsense yes\n").unwrap();
    let bad = SshOptions { config_file: Some(sshd.file("bad")), ..sshd.options("host") };
    let none = SshOptions { program: "/nonexistent/ssh".into(), ..sshd.options("host") };
    for options in [bad, none] {
        let error = host(options).run(&["true"], LONG).unwrap_err();
        assert!(matches!(error, HostError::NotRun { .. }), "{error:?}");
    }
}

#[test]
fn a_command_that_outlives_its_deadline_is_lost_and_ended_there_too() {
    let sshd = Sshd::start();
    let pid = sshd.file("pid");
    let line = format!("echo $$ >{}; exec sleep 1000", pid.display());
    let error = sshd.sh(&line, Duration::from_secs(5)).unwrap_err();
    assert!(matches!(error, HostError::Lost { .. }), "{error:?}");
    let pid = std::fs::read_to_string(pid).unwrap();
    let gone = || !std::path::Path::new("/proc").join(pid.trim()).exists();
    for _ in 0..600 {
        if gone() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the remote command runs on");
}

#[test]
fn a_server_that_freezes_in_the_middle_is_lost() {
    let sshd = Sshd::start();
    // The command freezes the sshd of its own session: with it, everything that would tell of its end.
    let line = "session=$PPID
        while [ \"$(cat /proc/$session/comm)\" != sshd ]; do session=$(awk '/^PPid/ { print $2 }' /proc/$session/status); done
        echo $session >FILE; kill -STOP $session; sleep 1000"
        .replace("FILE", &sshd.file("session").display().to_string());
    let error = sshd.sh(&line, LONG).unwrap_err();
    assert!(matches!(error, HostError::Lost { .. }), "{error:?}");
    let session = std::fs::read_to_string(sshd.file("session")).unwrap();
    succeed("kill", &["-KILL", session.trim()]);
}

#[test]
fn sudo_that_wants_a_password_is_a_refusal_of_rights() {
    let sshd = Sshd::start();
    let bin = sshd.file("bin");
    std::fs::create_dir(&bin).unwrap();
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/systemctl");
    for program in ["sudo", "id"] {
        std::os::unix::fs::symlink(data.join(program), bin.join(program)).unwrap();
    }
    std::fs::write(sshd.file("uid"), "1000\n").unwrap();
    let there = || host(SshOptions { path: Some(bin.clone()), ..sshd.options("host") });
    let mut baker = SystemdControl::new(there(), vec!["octez-baker".parse().unwrap()]);
    assert!(matches!(baker.stop(), Err(BakerError::Elevation { .. })));

    let argv = |words: &str| words.split(' ').map(str::to_owned).collect();
    let commands = Commands { start: argv("true"), stop: argv("sudo -n halt"), status: argv("id"), restart_delay: 1 };
    assert!(matches!(CommandControl::new(there(), commands).stop(), Err(BakerError::Elevation { .. })));
}

#[test]
fn marks_are_read_over_ssh_and_half_a_file_is_no_mark() {
    let sshd = Sshd::start();
    let folder = sshd.file("a base's folder");
    let read = || {
        let folders = vec![folder.display().to_string().parse().unwrap()];
        SystemdControl::new(sshd.host(), Vec::new()).with_mark_folders(folders).marks(ChainId::MAINNET)
    };
    let marks = read().unwrap();
    assert_eq!((marks.files.len(), marks.absent), (0, vec![folder.display().to_string()]));
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(read().unwrap(), PrimaryMarks::default());

    let key = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh";
    let entry = format!(r#"[{{"delegate":"{key}","highwatermark":{{"round":1,"level":15181989}}}}]"#);
    let text = format!(r#"{{"blocks":[],"preattestations":[],"attestations":{entry}}}"#);
    let file = folder.join("NetXdQprcVkpa_highwatermarks");
    std::fs::write(&file, &text).unwrap();
    std::fs::write(folder.join("NetXsqzbfFenS_highwatermarks"), "another chain's").unwrap();
    std::fs::write(folder.join("NetXdQprcVkpa_nonces"), "[]").unwrap();
    let marks = read().unwrap();
    assert_eq!(marks.highest(&[key.parse().unwrap()]).unwrap().level.get(), 15_181_989);
    assert_eq!((marks.files.len(), marks.other_chains.len()), (1, 1));

    let wrong = || match read() {
        Err(BakerError::MarkFile { error, .. }) => error,
        other => panic!("{other:?}"),
    };
    let half = text.split_at(text.len() / 2).0;
    std::fs::write(&file, half).unwrap();
    assert_eq!(wrong(), MarkFileError::Cut { bytes: half.len() as u64 });
    std::fs::write(&file, "").unwrap();
    assert_eq!(wrong(), MarkFileError::Empty);
    std::fs::write(&file, b"{\"blocks\":\xff\xfe").unwrap();
    assert!(matches!(wrong(), MarkFileError::Malformed { .. }));
    std::fs::File::create(&file).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(wrong(), MarkFileError::TooLarge { bytes: 1 << 40 }, "and nobody reads it");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/nonexistent", &file).unwrap();
    assert_eq!(wrong(), MarkFileError::NotAFile);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(wrong(), MarkFileError::NotAFile);
}

#[test]
fn marks_that_are_still_written_are_unknown() {
    let sshd = Sshd::start();
    let (folder, bin) = (sshd.file("base"), sshd.file("bin"));
    let file = folder.join("block_high_watermarks");
    for made in [&folder, &bin] {
        std::fs::create_dir(made).unwrap();
    }
    std::fs::write(&file, "{}").unwrap();
    // Whoever reads the file changes it just after.
    let cat = bin.join("cat");
    std::fs::write(&cat, "#!/bin/sh\n/bin/cat \"$@\" && touch -d 2001-01-01 \"$2\"\n").unwrap();
    succeed("chmod", &["755", cat.to_str().unwrap()]);
    let read = |options| {
        let folders = vec![folder.display().to_string().parse().unwrap()];
        SystemdControl::new(host(options), Vec::new()).with_mark_folders(folders).marks(ChainId::MAINNET)
    };
    assert_eq!(read(sshd.options("host")).unwrap().files.len(), 1);
    let error = read(SshOptions { path: Some(bin), ..sshd.options("host") }).unwrap_err();
    assert!(matches!(error, BakerError::MarkFile { error: MarkFileError::Changed, .. }), "{error}");
    assert!(error.next().contains("stop what signs"), "{error}");
}
