//! A whole run as a person does it: in a real terminal, every question typed, the passphrase too.

use crate::tmux::Tmux;
use crate::world::{Signer, World};

/// The one line of the passphrase's file.
fn passphrase(world: &World) -> String {
    std::fs::read_to_string(world.path("passphrase")).unwrap().trim().to_owned()
}

/// Types a line once it is asked for.
pub(crate) fn answer(tmux: &Tmux, asked: &str, typed: &str) {
    tmux.until(asked, |line| line.contains(asked));
    tmux.keys(&["-l", typed]);
    tmux.keys(&["Enter"]);
}

#[test]
fn a_person_at_a_terminal_reads_is_asked_and_sees_it_done() {
    let mut world = World::new(Signer::TezSign);
    world.without("passphrase_file");
    let check = Tmux::start(80, 30, &[], &world.line("check"));
    assert_eq!(check.ended(), 4, "{:#?}", check.text());
    let rows = check.text();
    assert!(
        rows.iter().any(|row| row == " ✓  services here                 nothing signs on this machine"),
        "{rows:#?}"
    );
    assert!(rows.iter().any(|row| row == " ✗  drill                         none on this machine yet"), "{rows:#?}");

    let tmux = Tmux::start(80, 30, &[], &world.line("run"));
    let answer = |asked: &str, typed: &str| answer(&tmux, asked, typed);
    // A slip is told and asked again, and a word that only confirms is known in capitals; so is an Enter too many.
    answer("Type the baker's name, mybaker,", "mybakr");
    answer("tries are left", "MyBaker.");
    answer("not shown while you type", "");
    answer("Nothing was typed", &passphrase(&world));
    assert_eq!(tmux.ended(), 0, "{:#?}", tmux.text());
    let text = tmux.text();
    // Every question and every answer but the passphrase is still there.
    let at =
        |what: &str| text.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what}: {text:#?}"));
    let order = ["floor about", "Type the baker's name", "not shown while you type", " ✓  7  ", "Next: "].map(at);
    assert!(order.is_sorted(), "{order:?} {text:#?}");
    assert!(text.iter().any(|line| line == "MyBaker."), "{text:#?}");
    assert!(!text.iter().any(|line| line.contains(&passphrase(&world))), "{text:#?}");
    let count = |what: &str| text.iter().filter(|line| line.contains(what)).count();
    // Left as it stood at the question that came in the middle of it, and once more at the end.
    assert_eq!((count(" 0  "), count(" ✓  7  ")), (2, 1), "{text:#?}");
    let book = world.book();
    assert!(book.primary > 0 && book.backup > 0, "{book:?}");
}

/// Whoever mistypes a statement has said nothing: neither yes, nor a no that leads on to the next question.
#[test]
fn s6_a_statement_that_is_mistyped_three_times_ends_a_run_that_goes_on_later() {
    let world = World::new(Signer::TezSign);
    world.event(&serde_json::json!({ "unplug": "primary" }));
    let run = world.line("run --emergency");
    // Before anything was done there is nothing to go on with.
    let nothing = Tmux::start(80, 40, &[], &run);
    for asked in ["Type the baker's name, mybaker,", "2 tries are left", "1 try is left"] {
        answer(&nothing, asked, "mybakr");
    }
    assert_eq!(nothing.ended(), 8, "{:#?}", nothing.text());
    assert!(nothing.text().join("\n").contains("nothing was done"), "{:#?}", nothing.text());
    let tmux = Tmux::start(80, 40, &[], &run);
    let answer = |asked: &str, typed: &str| answer(&tmux, asked, typed);
    answer("Type the baker's name, mybaker,", "mybaker");
    answer("Type what is true of it", "the signer of mybaker is unplgged");
    answer("tries are left", "the signer of mybaker is unplugged!");
    answer("1 try is left", "yes");
    assert_eq!(tmux.ended(), 6, "{:#?}", tmux.text());
    let text = tmux.text().join("\n").replace("\n  ", " ");
    assert!(text.contains("\"unplgged\" was typed where it says unplugged"), "{text}");
    assert!(text.contains("3 times something else") && text.contains("failover resume"), "{text}");
    let asked = world.journal().iter().filter(|r| r["record"] == "asked" && r["asked"]["name"] == "mybaker").count();
    assert_eq!(asked, 1, "whether to go on; a slip is no \"no\": {text}");
    assert!(!world.bakes("backup"));
    let left = world.call(&["status"]);
    assert!(left.out.contains("\"unfinished\":"), "{}", left.out);
}
