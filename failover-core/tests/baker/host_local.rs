//! Commands on this machine, with real processes.

use std::time::Duration;

use failover_core::host::{Host, HostError, LocalHost, OUTPUT_LIMIT, Output};

const LONG: Duration = Duration::from_secs(60);

fn sh(line: &str, deadline: Duration) -> Result<Output, HostError> {
    LocalHost::new().run(&["sh", "-c", line], deadline)
}

#[test]
fn output_and_code_are_data() {
    let out = sh("echo out; echo err >&2; exit 3", LONG).unwrap();
    assert_eq!(out, Output { code: 3, stdout: "out\n".to_owned(), stderr: "err\n".to_owned() });
    let out = sh(r"printf 'a\377b'", LONG).unwrap();
    assert_eq!(out.stdout, "a\u{fffd}b");
    assert_eq!(sh("cat", LONG).unwrap().stdout, "", "there is nothing to read");
}

#[test]
fn a_flood_is_drained_and_cut() {
    let out = sh("head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2; exit 4", LONG).unwrap();
    assert_eq!((out.code, out.stdout.len(), out.stderr.len()), (4, OUTPUT_LIMIT, OUTPUT_LIMIT));
    assert!(out.may_be_cut());
    // One bad byte becomes three good ones; the limit holds after that.
    let out = sh(r"head -c 2000000 /dev/zero | tr '\0' '\377'", LONG).unwrap();
    assert!(out.stdout.len() <= OUTPUT_LIMIT && out.may_be_cut());
}

#[test]
fn the_deadline_kills_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    let pids = dir.path().join("pids");
    let line = format!("sleep 1000 & echo $! >{0}; echo $$ >>{0}; wait", pids.display());
    let lost = sh(&line, Duration::from_secs(2)).unwrap_err();
    assert!(matches!(lost, HostError::Lost { after, .. } if after == Duration::from_secs(2)), "{lost:?}");
    for pid in std::fs::read_to_string(pids).unwrap().lines() {
        // Gone, or dead and waiting for whoever adopted it. A signal is delivered when the process runs next.
        let ends = std::time::Instant::now() + LONG;
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = stat.rsplit(") ").next().unwrap_or_default();
            if state.is_empty() || state.starts_with('Z') || state.starts_with('X') {
                break;
            }
            assert!(std::time::Instant::now() < ends, "{stat}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_service_left_behind_with_the_pipes_is_not_waited_for() {
    let out = sh("sleep 1000 & echo started $!", LONG).unwrap();
    let pid = out.stdout.strip_prefix("started ").unwrap().trim();
    // It still runs: it was neither waited for nor killed. A start command may well start a service this way.
    assert_eq!(sh(&format!("kill {pid}"), LONG).unwrap().code, 0);
}

#[test]
fn a_command_that_a_signal_ended_is_lost() {
    match sh("kill -KILL $$", LONG) {
        Err(HostError::Lost { what, .. }) => assert!(what.contains("signal 9"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_run_did_not_run() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text");
    std::fs::write(&text, "no program").unwrap();
    for argv in [&[][..], &["no-such-program-anywhere"], &[text.to_str().unwrap()], &["echo", "a\0b"], &[""]] {
        let error = LocalHost::new().run(argv, LONG).unwrap_err();
        assert!(matches!(error, HostError::NotRun { .. }), "{argv:?}: {error:?}");
    }
}

#[test]
fn children_see_no_secret_and_send_no_analytics() {
    // This test's own process gets the secrets from a shell around it: a test must not change its environment.
    if std::env::var_os("TEZSIGN_UNLOCK_PASS").is_none() {
        let this = std::env::current_exe().unwrap();
        let again = std::process::Command::new(this)
            .args(["--exact", "host_local::children_see_no_secret_and_send_no_analytics"])
            .envs([("TEZSIGN_UNLOCK_PASS", "correct horse"), ("ELEVATION_PASSWORD", "battery staple")])
            .output()
            .unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
        return;
    }
    let seen = LocalHost::new().run(&["env"], LONG).unwrap().stdout;
    for secret in ["TEZSIGN_UNLOCK_PASS", "ELEVATION_PASSWORD", "correct horse", "battery staple"] {
        assert!(!seen.contains(secret), "{secret}");
    }
    assert!(seen.contains("DISABLE_TEZBAKE_ANALYTICS=true\n") && seen.contains("LC_ALL=C\n"));
}
