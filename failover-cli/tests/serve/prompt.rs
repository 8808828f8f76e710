//! A Ledger's prompt that nobody answers: what is said of it, by every command that meets it, and how each gets out (H10).

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::said::Said;
use crate::world::{Signer, World, program, until};

fn attended(world: &World, attended: bool) {
    world.event(&json!({ "device": ["backup", { "nobody-presses": !attended }] }));
}

fn press(world: &World) {
    world.event(&json!({ "press": "backup" }));
}

fn start(world: &World, args: &[&str]) -> Child {
    let mut command = world.program(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// `blind`: there is no plan that a statement could be about.
fn run(world: &World, blind: bool) -> Child {
    if blind {
        return start(world, &["run", "--yes"]);
    }
    let plan = world.plan();
    start(world, &["run", "--yes", "--confirm-disconnected", &plan, "--confirm-ledger-setting", &plan])
}

fn ended(child: Child) -> Said {
    let output = child.wait_with_output().unwrap();
    Said::of(output)
}

fn signal(child: &Child, name: &str) -> Instant {
    let told = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    Instant::now()
}

/// Ctrl-C and SIGTERM act at once, and what stands on the screen is said.
#[test]
fn h10_a_signal_ends_a_command_that_waits_for_the_buttons() {
    for name in ["INT", "TERM"] {
        let world = World::new(Signer::Ledger);
        attended(&world, false);
        let level = world.head() + 20;
        let raise = start(&world, &["hwm", "raise", &level.to_string()]);
        // No run waits for it: nobody is told to accept it.
        let shows = format!("level {level}, reject it there");
        // Meanwhile every other command says that it is there, or that somebody is at it.
        until("the prompt is on the screen", || world.call(&["hwm", "show"]).code != 0);
        let asked = signal(&raise, name);
        let raise = ended(raise);
        assert!(asked.elapsed() < Duration::from_secs(10), "it waited for the person");
        assert_eq!(raise.code, 1, "{raise:?}");
        assert!(raise.why().contains(&shows), "{raise:?}");
        let shown = world.call(&["hwm", "show"]);
        assert!(shown.code != 0 && shown.why().contains(&shows), "{shown:?}");
        // What `check` says before, and a run: refused, and the primary is left alone.
        let check = world.call(&["check"]);
        check.ends(4);
        assert!(check.out.contains(&shows), "{check:?}");
        let refused = ended(run(&world, true));
        refused.ends(4);
        assert!(refused.why().contains(&shows) && world.bakes("primary"), "{refused:?}");
        assert!(!format!("{raise:?}{shown:?}{check:?}{refused:?}").contains("accept"), "{shown:?}");
        let disarm = world.call(&["disarm"]);
        let next = disarm.ends(1)["next"].as_str().unwrap().to_owned();
        assert!(next.starts_with("reject the prompt on the device's screen, or unplug it"), "{next}");
        // Pressed late, it is read as what it is, and what was written down of it is over, whoever reads it.
        let note = world.state().join("machine").join("prompt");
        assert!(note.exists());
        press(&world);
        world.call(&["check"]);
        assert!(!note.exists());
        attended(&world, true);
        let again = world.call(&["hwm", "raise", &level.to_string()]);
        again.ends(0);
        assert_eq!(again.named("raised")[0]["already"], true, "{again:?}");
    }
}

#[test]
fn h10_a_run_is_interrupted_at_the_buttons_and_taken_up_again_once_the_prompt_is_gone() {
    for accepted in [false, true] {
        let world = World::new(Signer::Ledger);
        attended(&world, false);
        let child = run(&world, false);
        until("the run asks for the press", || {
            world.journal().last().is_some_and(|last| last["record"] == "before" && last["step"] == "authorize")
        });
        until("the prompt is on the screen", || world.call(&["hwm", "show"]).code != 0);
        let asked = signal(&child, "INT");
        let said = ended(child);
        assert!(asked.elapsed() < Duration::from_secs(10), "it waited for the person");
        let end = said.ends(6);
        let next = end["next"].as_str().unwrap();
        assert!(next.starts_with("reject the prompt on the Ledger's screen, then run `failover resume`"), "{next}");
        assert!(end["message"].as_str().unwrap().contains("accept or reject it there"), "{end}");
        // Whoever looks meanwhile may say that it can be accepted: the run takes it up.
        assert!(world.call(&["hwm", "show"]).why().contains("accept or reject it there"));
        // Taken up too early, it is not over for that.
        for _ in 0..2 {
            let early = world.call(&["resume", "--yes"]);
            let next = early.ends(4)["next"].as_str().unwrap().to_owned();
            assert!(next.contains("`failover resume` goes on with this run"), "{next}");
            let status = world.call(&["status"]);
            let journal = status.named("status").pop().unwrap();
            assert!(journal["says"].as_str().unwrap().contains("the primary was stopped by it"), "{journal}");
            assert!(status.ends(0)["next"].as_str().unwrap().contains("then run `failover resume`"), "{status:?}");
        }
        if accepted {
            press(&world);
        } else {
            world.event(&json!({ "device": ["backup", "rejects"] }));
        }
        attended(&world, true);
        let plan = world.call(&["run", "--plan-only"]).named("plan").remove(0);
        let plan = format!("{}:{}", plan["name"].as_str().unwrap(), plan["plan"].as_str().unwrap());
        let resumed =
            world.call(&["resume", "--yes", "--confirm-disconnected", &plan, "--confirm-ledger-setting", &plan]);
        resumed.ends(0);
        assert!(world.bakes("backup"));
        world.book();
    }
}

/// A press that comes after the command has given up, while the run still waits, counts where it is the right one.
#[test]
fn h10_a_late_press_is_taken() {
    let world = World::new(Signer::Ledger);
    attended(&world, false);
    let child = run(&world, false);
    until("the press was given up", || {
        world.journal().iter().any(|line| line["record"] == "after" && line["step"] == "authorize")
    });
    press(&world);
    attended(&world, true);
    let said = ended(child);
    said.ends(0);
    assert!(world.bakes("backup"));
}

/// In the words of a person, without `--json`.
fn told(world: &World, args: &[&str]) -> Command {
    let mut command = program(&["--config"]);
    command.arg(world.config()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `standby` says what will be on the screen before it is there, and ends at once.
#[test]
fn h10_standby_says_what_the_screen_will_show_and_ends_at_a_signal() {
    for name in ["INT", "TERM"] {
        let world = World::new(Signer::Ledger);
        attended(&world, false);
        let child = told(&world, &["standby", "--yes"]).spawn().unwrap();
        let note = world.state().join("machine").join("prompt");
        until("the prompt is on the screen", || note.exists() && world.call(&["hwm", "show"]).code != 0);
        let asked = signal(&child, name);
        let said = ended(child);
        assert!(asked.elapsed() < Duration::from_secs(6), "it waited for the person: {:?}", asked.elapsed());
        assert_eq!(said.code, 4, "{said:?}");
        let level = std::fs::read_to_string(note).unwrap().split(' ').next().unwrap().to_owned();
        assert!(said.out.contains(&format!("it shows \"Reset HWM\" and {level}.")), "{said:?}");
        let all = format!("{}{}", said.out, said.err);
        assert!(all.contains(&format!("level {level}, reject it there")), "{said:?}");
        assert!(
            all.contains("reject the prompt on the Ledger's screen, then run `failover standby` again"),
            "{said:?}"
        );
        // A stop looks four times, and waits out the silence of the device once.
        let begun = Instant::now();
        world.call(&["stand-down"]).ends(1);
        assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    }
}

/// What keeps a Ledger from signing is lost at power-off where its setting is off, which no question shows (H17).
#[test]
fn h17_a_stop_of_a_ledger_names_its_setting() {
    let world = World::new(Signer::Ledger);
    for command in ["disarm", "stand-down"] {
        let said = crate::world::finish(&mut told(&world, &[command]));
        assert!(said.code == 0 && said.out.contains("setting \"High Watermark\""), "{said:?}");
    }
}
