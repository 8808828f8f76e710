//! One connection for every command, whatever the login shell and the person's ssh_config are, against a real sshd.

use std::time::Duration;

use failover_core::host::{Host, HostError, OUTPUT_LIMIT, SshOptions};

use crate::sshd::{LONG, Sshd, host, succeed};

/// A login shell that prints before and after, as start files and a motd do.
fn shell(shell: &str, before: &str) -> Sshd {
    Sshd::with(&[format!("ForceCommand {before} exec {shell} -c \"$SSH_ORIGINAL_COMMAND\"")])
}

#[test]
fn a_hundred_commands_are_one_connection() {
    let sshd = Sshd::start();
    let (mut one, mut other) = (sshd.host(), None);
    for n in 0..100 {
        let host = if n % 2 == 0 { &mut one } else { other.get_or_insert_with(|| one.clone()) };
        let line = format!("echo {n}; echo err{n} >&2; exit {n}");
        let out = host.run(&["sh", "-c", &line], LONG).unwrap();
        assert_eq!((out.code, out.stdout, out.stderr), (n, format!("{n}\n"), format!("err{n}\n")));
    }
    assert_eq!(sshd.logins(), 1);
}

#[test]
fn start_files_are_neither_output_nor_error() {
    let noise = "echo motd; printf 'no newline'; echo 'stty: Inappropriate ioctl for device' >&2; printf x >&2;";
    for (name, package) in [("sh", "dash"), ("bash", "bash"), ("fish", "fish"), ("tcsh", "tcsh")] {
        let there = std::process::Command::new(name).args(["-c", "true"]).output();
        assert!(there.is_ok(), "there is no {name}: install the Debian package {package}");
        let sshd = shell(name, noise);
        let mut host = sshd.host();
        let words = ["it's", "$HOME", "!", "a b", "\\"];
        let argv: Vec<&str> = ["printf", "%s|"].into_iter().chain(words).collect();
        let out = host.run(&argv, LONG).unwrap();
        assert_eq!((out.stdout, out.stderr), (words.map(|word| format!("{word}|")).concat(), String::new()), "{name}");
        assert_eq!(host.run(&["sh", "-c", "exit 3"], LONG).unwrap().code, 3, "{name}");
    }
    let sshd = shell("/usr/sbin/nologin", "");
    let error = sshd.host().run(&["true"], LONG).unwrap_err();
    assert!(matches!(&error, HostError::NotRun { why, .. } if why.contains("not available")), "{error:?}");
}

#[test]
fn a_persons_configuration_does_not_break_a_command() {
    let sshd = Sshd::start();
    let lines = "SessionType none\nRemoteCommand echo hijacked\nRequestTTY force\nForkAfterAuthentication yes\n\
                 StdinNull yes\nControlMaster auto\nControlPath /nonexistent/%C\nLogLevel DEBUG\n";
    std::fs::write(sshd.file("odd"), lines).unwrap();
    let options = SshOptions { config_file: Some(sshd.file("odd")), ..sshd.options("host") };
    let out = host(options).run(&["echo", "here"], LONG).unwrap();
    assert_eq!((out.stdout.as_str(), out.stderr.as_str()), ("here\n", ""));
}

/// An ssh from before OpenSSH 8.7 knows none of three options.
#[test]
fn an_older_ssh_does_as_well() {
    let sshd = Sshd::start();
    let older = sshd.file("older");
    let script = "#!/bin/sh\ncase \"$*\" in *SessionType*) \
                  echo 'command-line: line 0: Bad configuration option: sessiontype' >&2; exit 255;; esac\nexec ssh \"$@\"\n";
    std::fs::write(&older, script).unwrap();
    succeed("chmod", &["+x", older.to_str().unwrap()]);
    let out = host(SshOptions { program: older, ..sshd.options("host") }).run(&["echo", "here"], LONG).unwrap();
    assert_eq!(out.stdout, "here\n");
    assert_eq!(sshd.logins(), 1);
}

/// Kills the process that carries this session there.
const END_OF_SESSION: &str = "session=$PPID
    while [ \"$(cat /proc/$session/comm)\" != sshd ]; do session=$(awk '/^PPid/ { print $2 }' /proc/$session/status); done
    kill -KILL $session; sleep 20";

#[test]
fn what_was_asked_while_it_went_is_unknown_and_it_is_not_opened_for_ever() {
    let sshd = Sshd::start();
    let mut host = sshd.host();
    for logins in 1..=2 {
        let error = host.run(&["sh", "-c", END_OF_SESSION], LONG).unwrap_err();
        assert!(matches!(error, HostError::Lost { .. }), "{error:?}");
        assert_eq!(sshd.logins(), logins);
    }
    let error = host.ask(&["true"], LONG).unwrap_err();
    assert!(matches!(error, HostError::Unreachable { .. }), "{error:?}");
    assert_eq!(sshd.logins(), 2);
    // Later it is.
    std::thread::sleep(Duration::from_secs(11));
    assert_eq!(host.run(&["true"], LONG).unwrap().code, 0);
    assert_eq!(sshd.logins(), 3);
}

/// As by a NAT that forgets: nothing was asked meanwhile, so nothing is lost.
#[test]
fn a_session_that_ended_between_two_questions_is_opened_anew() {
    let sshd = Sshd::start();
    let mut host = sshd.host();
    let later = "(sleep 1; kill -KILL $session) >/dev/null 2>&1 </dev/null &";
    let end = END_OF_SESSION.replace("kill -KILL $session; sleep 20", later);
    assert!(end.contains(later));
    host.run(&["sh", "-c", &end], LONG).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(host.ask(&["echo", "on"], LONG).unwrap().stdout, "on\n");
    assert_eq!(sshd.logins(), 2);
}

#[test]
fn refused_right_after_it_answered_is_a_limit_and_not_a_death() {
    let mut sshd = Sshd::start();
    let mut host = sshd.host();
    host.run(&["true"], LONG).unwrap();
    sshd.end();
    let _lost = host.run(&["sh", "-c", END_OF_SESSION], LONG).unwrap_err();
    let error = host.run(&["true"], LONG).unwrap_err();
    assert!(matches!(error, HostError::Limited { .. }), "{error:?}");
    assert!(!error.next().contains("unplug"), "{}", error.next());
}

#[test]
fn a_login_shell_that_never_ends_is_out_of_reach_and_nothing_was_asked() {
    let sshd = Sshd::with(&["ForceCommand echo still reading the start files; sleep 1000".to_owned()]);
    let error = sshd.host().run(&["true"], Duration::from_secs(3)).unwrap_err();
    assert!(matches!(&error, HostError::Unreachable { why, .. } if why.contains("login shell")), "{error:?}");
}

/// By way of another machine, as the person's own configuration says.
#[test]
fn a_jump_host_is_the_persons_own_business() {
    let (jump, sshd) = (Sshd::start(), Sshd::start());
    let (_, _) = (jump.options("host"), sshd.options("host"));
    let known = |sshd: &Sshd| std::fs::read_to_string(sshd.file("known host")).unwrap();
    std::fs::write(jump.file("both"), known(&jump) + &known(&sshd)).unwrap();
    std::fs::copy(sshd.file("user.pub"), jump.file("authorized")).unwrap();
    let lines = format!(
        "Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n\
         Host target\n  HostName 127.0.0.1\n  Port {}\n  ProxyJump 127.0.0.1:{}\n",
        sshd.file("user").display(),
        jump.file("both").display(),
        sshd.port,
        jump.port
    );
    std::fs::write(jump.file("client"), lines).unwrap();
    let options = SshOptions { config_file: Some(jump.file("client")), ..SshOptions::default() };
    let mut host = failover_core::host::SshHost::new("target", options).unwrap();
    for n in 0..5 {
        assert_eq!(host.run(&["echo", &n.to_string()], LONG).unwrap().stdout, format!("{n}\n"));
    }
    assert_eq!((jump.logins(), sshd.logins()), (1, 1));
}

/// A deadline ends the command there, and the connection stays.
#[test]
fn a_deadline_is_the_commands_and_not_the_connections() {
    let sshd = Sshd::start();
    let mut host = sshd.host();
    let error = host.run(&["sleep", "1000"], Duration::from_secs(1)).unwrap_err();
    assert!(matches!(error, HostError::Lost { .. }), "{error:?}");
    assert_eq!(host.run(&["echo", "on"], LONG).unwrap().stdout, "on\n");
    assert_eq!(sshd.logins(), 1);
}

/// What a command leaves behind may print whenever it likes.
#[test]
fn what_is_left_behind_is_not_heard_later() {
    let sshd = Sshd::start();
    let mut host = sshd.host();
    let left = "sh -c 'trap \"\" PIPE; while sleep 0.01; do echo LATE; echo LATE >&2; done' & echo $!";
    let out = host.run(&["sh", "-c", left], LONG).unwrap();
    for _ in 0..20 {
        let said = host.run(&["sh", "-c", "sleep 0.05; echo mine"], LONG).unwrap();
        assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("mine\n", ""));
    }
    let pid: String = out.stdout.lines().find(|line| *line != "LATE").unwrap().to_owned();
    succeed("kill", &["-KILL", &pid]);
}

#[test]
fn a_hundred_megabytes_are_read_to_their_end_and_not_kept() {
    let sshd = Sshd::start();
    let mut host = sshd.host();
    for line in ["yes | head -c 100000000; exit 5", "head -c 100000000 /dev/zero >&2; exit 5"] {
        let out = host.run(&["sh", "-c", line], LONG).unwrap();
        assert_eq!(out.code, 5);
        assert!(out.stdout.len() <= OUTPUT_LIMIT && out.stderr.len() <= OUTPUT_LIMIT);
    }
    assert_eq!(sshd.logins(), 1);
}
