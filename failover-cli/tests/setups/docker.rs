//! Containers: told, and controlled by commands; the scripts of the page do what it says.

use std::fs;
use std::process::{Command, Output};

use failover_core::baker::command::Commands;
use failover_core::baker::{BakerControl as _, BakerState, CommandControl};

use crate::machine::{Machine, blocks, understood};

/// A machine with a container that bakes and one that does not.
fn containers() -> Machine {
    let machine = Machine::new();
    machine.write(
        "containers",
        "baker tezos/tezos:octez-v25.1 \"/bin/sh /when-active.sh /usr/local/bin/entrypoint.sh octez-baker --without-dal\"\n\
         node tezos/tezos:octez-v25.1 \"/usr/local/bin/entrypoint.sh octez-node\"\n",
    );
    machine.write("states", "running\n");
    machine
}

/// A script of the page, run on this machine.
fn script(machine: &Machine, named: &str, args: &[&str]) -> Output {
    let text = blocks("docker.md", "sh").into_iter().find(|text| text.contains(named)).unwrap();
    machine.write("script.sh", &text);
    let path = format!("{}:/usr/bin:/bin", machine.path("bin").display());
    let mut command = Command::new("/bin/sh");
    command.arg(machine.path("script.sh")).args(args).env("PATH", path).env("TOKEN", machine.path("state/ACTIVE"));
    command.output().unwrap()
}

#[test]
fn containers_are_told_and_the_pages_scripts_do_what_they_say() {
    let machine = containers();
    let (backup, warned) = machine.config_new();
    assert!(warned.contains("the container baker (tezos/tezos:octez-v25.1) signs: no guard holds it"), "{warned}");
    assert!(!warned.contains("the container node"), "{warned}");
    assert!(backup.contains("FILL IN") && backup.contains("docs/setups/docker.md"), "{backup}");
    let config = understood(&machine, "docker.md");
    assert_eq!(
        (&config["backup"], &config["primary"]),
        (&"commands on this machine".into(), &"commands on root@primary".into())
    );

    // The script in front of the baker: with a token, and with a folder that docker made in its place.
    let gate = || script(&machine, "when-active.sh", &["/bin/echo", "bakes"]);
    assert!(!gate().status.success() && gate().stdout.is_empty());
    fs::create_dir_all(machine.path("state/ACTIVE")).unwrap();
    assert!(!gate().status.success() && gate().stdout.is_empty(), "a folder is no token");
    fs::remove_dir(machine.path("state/ACTIVE")).unwrap();
    machine.write("state/ACTIVE", "{}");
    assert_eq!(gate().stdout, b"bakes\n");
}

#[test]
fn the_status_is_one_word_or_none() {
    let machine = containers();
    let word = || String::from_utf8(script(&machine, "status.sh", &[]).stdout).unwrap();
    for (state, said) in [
        ("running", "running\n"),
        ("restarting", "running\n"),
        ("paused", "running\n"),
        ("exited", "stopped\n"),
        ("created", "stopped\n"),
    ] {
        machine.write("states", &format!("{state}\n"));
        assert_eq!(word(), said, "{state}");
    }
    // Another container's baker.
    machine.write("procs/another", "    900 octez-baker     /usr/local/bin/octez-baker run\n");
    assert_eq!(word(), "running\n");
    fs::remove_file(machine.path("procs/another")).unwrap();
    // No daemon, no such container: nobody knows.
    fs::remove_file(machine.path("states")).unwrap();
    assert_eq!(word(), "");
}

#[test]
fn the_pages_commands_stop_and_start_the_container() {
    let machine = containers();
    let config: toml::Value = toml::from_str(&blocks("docker.md", "toml")[0]).unwrap();
    let argv = |key: &str| -> Vec<String> {
        let words = config["backup"][key].as_array().unwrap();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let status = machine.path("status.sh");
    fs::write(&status, blocks("docker.md", "sh").into_iter().find(|text| text.contains("status.sh")).unwrap()).unwrap();
    let status = ["/bin/sh".to_owned(), status.display().to_string()].to_vec();
    let commands = Commands { start: argv("start"), stop: argv("stop"), status, restart_delay: 1 };
    machine.runs("tezsign", "tezsign", "/usr/local/bin/tezsign run", &[]);
    // Its `failover` says that the machine is guarded.
    machine.link("failover", "guarded");
    let mut control = CommandControl::new(machine.host(), commands);
    assert!(matches!(control.state(), Ok(BakerState::Running { .. })));
    control.stop().unwrap();
    machine.write("states", "exited\n");
    assert!(matches!(control.state(), Ok(BakerState::Stopped { .. })));
    assert!(!machine.is_active("tezsign"), "stopped with it");
    control.start().unwrap_err();
    assert!(!machine.is_active("tezsign"), "and not started without the token");
    let log = || fs::read_to_string(machine.path("log")).unwrap();
    assert_eq!(log(), "docker stop -t 1 baker\nstop tezsign.service\n", "nothing was started without the token");
    fs::create_dir_all(machine.path("root/var/lib/failover")).unwrap();
    machine.write("root/var/lib/failover/ACTIVE", "{}");
    control.start().unwrap();
    let started = "start tezsign.service\ndocker start baker\n";
    assert_eq!(log(), format!("docker stop -t 1 baker\nstop tezsign.service\n{started}"));
    assert!(machine.is_active("tezsign"), "before the baker that asks it");
}

#[test]
fn a_docker_that_does_not_answer_is_told() {
    let machine = containers();
    fs::remove_file(machine.path("containers")).unwrap();
    let notes: Vec<String> = machine.look().notes.iter().map(ToString::to_string).collect();
    let told = "containers that sign could not be looked for: docker ps exits 1: Cannot connect to the Docker daemon";
    assert!(notes.iter().any(|note| note.starts_with(told)), "{notes:?}");
}
