//! What a tired person reads and types at 3 a.m., in a real terminal or as a script reads it: no line leads into harm or in a circle.

use serde_json::json;

use crate::said::Said;
use crate::ssh::over_ssh;
use crate::terminal::answer;
use crate::tmux::Tmux;
use crate::world::{Signer, World, finish, host, program, until};

/// The program in a terminal of 80 columns.
fn terminal(world: &World, args: &str) -> Tmux {
    Tmux::start(80, 40, &[], &world.line(args))
}

/// What the terminal holds, each paragraph in one line.
fn read(tmux: &Tmux) -> String {
    tmux.text().join("\n").replace("\n  ", " ").replace("\n    ", " ")
}

fn next(said: &Said, code: i32) -> String {
    said.ends(code)["next"].as_str().unwrap().to_owned()
}

/// The signer of a primary that bakes is what keeps its keys safe: nobody is sent to unplug it by a plan that stops it.
#[test]
fn a_plan_for_a_primary_that_can_be_stopped_sends_nobody_to_the_cable() {
    for signer in [Signer::TezSign, Signer::Ledger] {
        let world = World::new(signer);
        let healthy = world.call(&["run", "--plan-only"]);
        let said = next(&healthy, 0);
        assert!(said.starts_with("unplug nothing now"), "{said}");
        assert!(said.ends_with(": failover run"), "{said}");
        let emergency = world.call(&["run", "--plan-only", "--emergency"]);
        let (said, plan) = (next(&emergency, 0), emergency.named("plan").remove(0));
        assert!(said.starts_with("unplug the primary's signer, then within 10 minutes: failover run"), "{said}");
        // The very words that the flags take are in the record, for who reads that.
        let statement = plan["statement"].as_str().unwrap();
        assert_eq!(statement, format!("{}:{}", plan["name"].as_str().unwrap(), plan["plan"].as_str().unwrap()));
        assert!(said.ends_with(&format!("--emergency --confirm-disconnected {statement}")), "{said}");
        // A statement holds for the run that the plan was shown for: pasted, it is that one.
        let wider = world.call(&["run", "--plan-only", "--emergency", "--margin", "20", "--without", "tzkt"]);
        let line = next(&wider, 0);
        let words = shlex::split(line.split_once(": failover ").unwrap().1).unwrap();
        assert_eq!(words[..6], ["run", "--emergency", "--margin", "20", "--without", "tzkt"], "{line}");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        // Nobody is there to say yes to it: that is all that is missing.
        let pasted = world.call(&words);
        assert!(pasted.ends(2)["message"].as_str().unwrap().contains("no terminal to ask"), "{pasted:?}");
        assert!(world.bakes("primary"));
    }
}

/// The commonest night: which one is behind, by how much, and no right source is to be left out.
#[test]
fn h20_a_node_that_is_behind_is_named_alike_by_every_command() {
    let world = World::new(Signer::TezSign);
    world.event(&json!({ "node-behind": 50 }));
    for words in [&["level"][..], &["run", "--plan-only"], &["hwm", "raise", "15400000"]] {
        let said = world.call(words);
        let (why, next) = (said.why(), next(&said, 3));
        assert!(why.starts_with("the node is 5") && why.contains(" levels behind tzkt "), "{words:?}: {why}");
        assert!(why.contains("its newest block") && why.contains(" old"), "{words:?}: {why}");
        assert!(next.starts_with("wait until the node has caught up"), "{words:?}: {next}");
        assert!(next.contains("--node") && next.find("--without").is_none_or(|at| at > next.find("--node").unwrap()));
    }
    let check = world.call(&["check"]);
    let row = check.named("check").into_iter().find(|row| row["what"] == "run").unwrap();
    assert!(row["says"].as_str().unwrap().starts_with("the node is 5") && row["ready"] == false, "{row}");
    let tmux = terminal(&world, "run");
    assert_eq!(tmux.ended(), 3, "{:#?}", tmux.text());
    assert!(read(&tmux).contains("levels behind tzkt"), "{:#?}", tmux.text());
    assert!(world.bakes("primary"));
}

/// Whoever stands at a machine without power says so at once, in the words of the one question about it.
#[test]
fn the_true_answer_for_a_dead_machine_is_given_first() {
    let (mut world, mut sshd) = over_ssh();
    world.call(&["check"]);
    sshd.stop();
    world.event(&json!({ "power-off": "primary" }));
    world.configure(|text| text);
    let no = terminal(&world, "run");
    answer(&no, "Type the baker's name, mybaker,", "mybaker");
    answer(&no, "and nobody runs failover on primary", "and nobody runs failover on primary");
    answer(&no, "Enter alone, or no: neither.", "no");
    assert_eq!(no.ended(), 3, "{:#?}", no.text());
    // One question, and a no to both: it is not asked a second time.
    assert_eq!(read(&no).matches("is switched off").count(), 1, "{:#?}", no.text());
    let tmux = terminal(&world, "run");
    answer(&tmux, "Type the baker's name, mybaker,", "mybaker");
    answer(&tmux, "and nobody runs failover on primary", "and nobody runs failover on primary");
    answer(&tmux, "the machine primary of mybaker is switched off", "the machine primary of mybaker is off");
    answer(&tmux, "2 tries are left", "the machine primary of mybaker is switched off");
    // It counts, and the run waits as it must; that it goes on from here is tested elsewhere.
    until("the statement is written down", || {
        world.journal().iter().any(|record| record["answer"] == "yes" && record["asked"]["question"] == "powered-off")
    });
    tmux.keys(&["C-c"]);
    assert_eq!(tmux.ended(), 6, "{:#?}", tmux.text());
    let text = read(&tmux);
    assert!(text.contains("the signer of mybaker on primary is unplugged"), "both are named by host and baker: {text}");
    assert!(text.contains("\"off\" was typed where it says switched"), "the nearest of both: {text}");
    let asked: Vec<_> = world.journal().into_iter().filter(|record| record["record"] == "asked").collect();
    let said = |question: &str, answer: &str| {
        asked
            .iter()
            .any(|r| r["asked"]["question"] == question && r["answer"] == answer && r["asked"]["host"] == "primary")
    };
    assert!(said("disconnected", "no") && said("powered-off", "yes") && said("powered-off", "no"), "{asked:#?}");
}

/// Whoever stops the machine that bakes reads which one it is, that it bakes, and that nobody bakes then; and types its name.
#[test]
fn h43_what_stops_the_machine_that_bakes_says_so_and_asks_for_its_name() {
    let world = World::new(Signer::TezSign);
    world.run().ends(0);
    until("the backup signs", || world.book().backup > 0);
    let (stops, nobody) = (format!("stop what bakes on {}", host()), "Once it is stopped, nobody bakes");
    for (command, named) in [("standby", true), ("guard install", false)] {
        let tmux = terminal(&world, command);
        if named {
            answer(&tmux, "Type the baker's name, mybaker,", "mybaker");
        }
        answer(&tmux, "Enter alone, or no, is no.", "stop what bakes on another");
        answer(&tmux, "2 tries are left", "no");
        assert!([3, 4].contains(&tmux.ended()), "{command}: {:#?}", tmux.text());
        let text = read(&tmux);
        assert!(text.contains(&format!("{} bakes now:", host())) && text.contains(nobody), "{command}: {text}");
        assert!(text.contains(&stops), "{command}: {text}");
        assert!(!named || text.contains(&format!("This makes {} the backup of mybaker:", host())), "{text}");
        assert!(world.bakes("backup"), "{command}");
    }
    // It is not gated, and says what it did.
    let down = world.call(&["stand-down"]);
    assert!(next(&down, 0).starts_with("nobody bakes now unless another machine does"), "{down:?}");
    assert!(down.named("disarmed")[0]["what"].to_string().contains("until now"), "{down:?}");
    assert!(!world.bakes("backup"));
    // What is over is not what is so now.
    let resumed = world.call(&["resume"]);
    assert!(next(&resumed, 0).contains("failover status"), "{resumed:?}");
    assert!(!resumed.out.contains("keep `failover watch`"), "{resumed:?}");
    let status = next(&world.call(&["status"]), 0);
    assert!(status.contains("nobody bakes: `failover run`") && !status.contains("start the primary"), "{status}");
    // Nothing ran: nothing is said of it.
    let again = world.call(&["stand-down"]);
    assert!(!again.out.contains("nobody bakes now"), "{again:?}");
}

/// `return` says what it will do before it asks whether to.
#[test]
fn return_shows_what_it_will_do_before_it_asks() {
    let world = World::new(Signer::TezSign);
    let plan = world.plan();
    assert!(crate::crash::cut(&world, &plan, |record| record["record"] == "after" && record["step"] == "stop-primary"));
    world.call(&["stand-down"]).ends(0);
    let tmux = terminal(&world, "return");
    answer(&tmux, "Type the baker's name, mybaker,", "mybaker");
    assert_eq!(tmux.ended(), 0, "{:#?}", tmux.text());
    let text = read(&tmux);
    let order =
        ["its job back, as the machine that bakes for mybaker:", "stays the backup", "Go on with this plan? Type"];
    let at: Vec<_> = order.iter().map(|what| text.find(what).unwrap_or_else(|| panic!("no {what}: {text}"))).collect();
    assert!(at.is_sorted(), "{text}");
    assert!(world.bakes("primary"));
}

/// `status` says what follows from who bakes, and its table is one in 80 columns.
#[test]
fn status_says_who_bakes_and_fits_the_terminal() {
    let world = World::new(Signer::TezSign);
    assert!(next(&world.call(&["status"]), 0).starts_with("nothing needs to be done; "));
    let tmux = terminal(&world, "status");
    assert_eq!(tmux.ended(), 0);
    let text = tmux.text();
    let at = text.iter().position(|line| line.starts_with("consensus  ")).unwrap_or_else(|| panic!("{text:#?}"));
    let marks = ["    block           ", "    preattestation  ", "    attestation     "];
    for (line, mark) in text[at + 1..].iter().zip(marks) {
        assert!(line.starts_with(mark), "{text:#?}");
    }
    world.event(&json!({ "unreachable": "primary" }));
    let unseen = next(&world.call(&["status"]), 0);
    assert!(unseen.contains("not seen from here") && unseen.contains("failover run"), "{unseen}");
    world.event(&json!({ "reachable": "primary" }));
    world.run().ends(0);
    let bakes = next(&world.call(&["status"]), 0);
    assert!(bakes.contains("this machine bakes") && bakes.contains("failover watch"), "{bakes}");
}

/// Only what is well is ticked; what is merely told has a mark of its own, and is not missing.
#[test]
fn check_ticks_only_what_is_well() {
    let mut world = World::new(Signer::TezSign);
    world.without("passphrase_file");
    let state = |what: &str| {
        let rows = world.call(&["check"]).named("check");
        let row = rows.into_iter().find(|row| row["what"] == what).unwrap();
        (row["state"].as_str().unwrap().to_owned(), row["ready"].as_bool().unwrap())
    };
    for (what, is) in [
        ("services here", ("well", true)),
        ("passphrase", ("told", true)),
        ("damage and marks", ("told", true)),
        ("drill", ("missing", false)),
    ] {
        assert_eq!(state(what), (is.0.to_owned(), is.1), "{what}");
    }
    let plain = finish(program(&["--config"]).arg(world.config()).arg("check"));
    assert!(plain.out.contains("[-] passphrase: asked for") && plain.out.contains("[x] services here"), "{plain:?}");
}

/// A drill counts for the configuration with which it was made, also where its state folder was not there yet.
#[test]
fn a_drill_before_the_first_check_counts() {
    let mut world = World::new(Signer::TezSign);
    let fresh = world.path("fresh-state");
    let state = world.state().display().to_string();
    world.configure(|text| {
        text.replacen(&format!("state = {state:?}"), &format!("state = {:?}", fresh.display().to_string()), 1)
    });
    assert!(!fresh.exists());
    world.call(&["drill"]).ends(0);
    let rows = world.call(&["check"]).named("check");
    let drill = rows.iter().find(|row| row["what"] == "drill").unwrap();
    assert_eq!((&drill["state"], drill["says"].as_str()), (&json!("well"), Some("0 days ago")), "{rows:?}");
    // Where it cannot be remembered, that is said at once, and not by a `check` that goes on asking.
    std::fs::remove_dir_all(&fresh).unwrap();
    std::fs::write(&fresh, "no folder").unwrap();
    let lost = world.call(&["drill"]);
    lost.ends(0);
    assert!(lost.named("warning")[0]["message"].as_str().unwrap().contains("does not learn of this drill"), "{lost:?}");
}

/// While the node does not answer, a person sees who is asked, and for how long at most.
#[test]
fn who_is_asked_stands_there_before_the_first_answer() {
    let world = World::new(Signer::TezSign);
    let node = world.json()["node"].as_str().unwrap().to_owned();
    world.event(&json!({ "rpc": "hangs" }));
    for command in ["check", "run", "status", "level", "activity"] {
        let tmux = terminal(&world, command);
        let first = format!("Asking the node {node}");
        tmux.until(&first, |line| line.starts_with(&first));
        let text = tmux.text();
        assert!(text.first().is_some_and(|line| line.starts_with("Asking the node")), "{command}: {text:#?}");
        assert!(!text.iter().any(|line| line.starts_with("Next:")), "{command}, before it ended: {text:#?}");
        let most = if ["level", "activity"].contains(&command) { 15 } else { 25 };
        assert!(read(&tmux).contains(&format!("it waits {most} s at most")), "{command}: {text:#?}");
    }
}
