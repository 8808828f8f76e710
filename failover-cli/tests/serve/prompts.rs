//! Whatever a person types at a question, or a terminal does to it: it is an answer, a no, or the same question again.

use serde_json::json;

use crate::terminal::answer;
use crate::tmux::Tmux;
use crate::world::{Signer, World, until};

const SENTENCE: &str = "the signer of mybaker is unplugged";

/// An emergency run in a shell that can stop and continue it, up to the question about the cable.
fn asked(world: &World, columns: u16) -> Tmux {
    let run = format!("{}; echo \"it ended: $?\"", world.line("run --emergency"));
    let tmux = Tmux::start(columns, 60, &[("PS1", "shell> ")], "true");
    tmux.until("a shell", |line| line.starts_with("shell>"));
    tmux.keys(&["-l", &run]);
    tmux.keys(&["Enter"]);
    answer(&tmux, "Type the baker's", "mybaker");
    tmux.until("the cable", |line| line.contains("Enter alone, or no: neither."));
    tmux
}

fn times(tmux: &Tmux, what: &str) -> usize {
    tmux.joined().join("\n").matches(what).count()
}

fn ends(tmux: &Tmux, code: i32) {
    let end = format!("it ended: {code}");
    tmux.until(&end, |line| line.starts_with(&end));
}

/// Ctrl-Z and back, resized, keys of another keyboard, a pasted line more than was asked for: the question stands, and the right
/// sentence still counts.
#[test]
fn a_question_stands_whatever_is_done_to_its_terminal() {
    let world = World::new(Signer::TezSign);
    world.event(&json!({ "unplug": "primary" }));
    let tmux = asked(&world, 40);
    // What is to be typed is never broken by us, so that it can be copied.
    assert!(tmux.joined().iter().any(|line| line == &format!("  {SENTENCE}")), "{:#?}", tmux.joined());
    tmux.keys(&["-l", "the signer of"]);
    tmux.keys(&["C-z"]);
    tmux.until("it is stopped", |line| line.contains("Stopped"));
    tmux.keys(&["-l", "fg; echo \"it ended: $?\""]);
    tmux.keys(&["Enter"]);
    tmux.until("the question again", |_| times(&tmux, "Enter alone, or no: neither.") == 2);
    tmux.resize(100, 30);
    // Another keyboard's dash and quote, and what moves a cursor, are no sentence.
    tmux.keys(&["-l", "the signer of mybaker\u{2019}s \u{2014} is unplugged"]);
    tmux.keys(&["Enter"]);
    tmux.until("told", |line| line.contains("tries"));
    tmux.keys(&["-H", "1b", "5b", "32", "4a"]);
    tmux.keys(&["-l", SENTENCE]);
    tmux.keys(&["Enter"]);
    tmux.until("told again", |line| line.contains("try is"));
    // A line more in what is pasted answers no later question.
    tmux.keys(&["-l", SENTENCE]);
    tmux.keys(&["Enter", "y", "e", "s", "Enter"]);
    // It counts, and the run waits as it must; that it goes on from here is tested elsewhere.
    let said = |record: &serde_json::Value| record["asked"]["question"] == "disconnected" && record["answer"] == "yes";
    until("the statement is written down", || world.journal().iter().any(said));
    tmux.keys(&["C-c"]);
    ends(&tmux, 6);
    let asked = world.journal().iter().filter(|record| record["record"] == "asked").count();
    assert_eq!(asked, 2, "whether to go on, and the cable: what was pasted besides answers nothing");
}

/// Ctrl-D is no answer, and neither are 10,000 characters.
#[test]
fn the_end_of_input_and_a_flood_are_no_answer() {
    let world = World::new(Signer::TezSign);
    world.event(&json!({ "unplug": "primary" }));
    let tmux = asked(&world, 80);
    tmux.keys(&["C-d"]);
    ends(&tmux, 8);
    let flooded = Tmux::start(80, 60, &[], &world.line("run --emergency"));
    answer(&flooded, "Type the baker's name,", "mybaker");
    flooded.until("the cable", |line| line.contains("Enter alone, or no: neither."));
    for _ in 0..20 {
        flooded.keys(&["-l", &"x".repeat(500)]);
    }
    flooded.keys(&["Enter"]);
    flooded.until("told", |line| line.contains("tries are left"));
    flooded.keys(&["C-c"]);
    assert_eq!(flooded.ended(), 8, "{:#?}", flooded.text());
    assert!(!world.bakes("backup"));
}
