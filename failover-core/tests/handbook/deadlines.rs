//! `docs/deadlines.md` is true: its figures are the code's, and the tests that it names are there.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may stop at the first thing that is not as it should be"
)]

use std::time::Duration;

use failover_core::signer::ledger::apdu::{PERSON_DEADLINE, QUERY_DEADLINE};
use failover_core::signer::ledger::tcp::CONNECT_DEADLINE;
use failover_core::signer::ledger::{DISARM_DEADLINE, STATE_DEADLINE};
use failover_core::signer::tezsign::message::{Ask, Empty, SetLevel, Unlock};

use crate::read;

/// Call, deadline, held by.
fn rows() -> Vec<[String; 3]> {
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let text = read("docs/deadlines.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| call")).map(cells);
    rows.map(|cells| <[String; 3]>::try_from(cells[1..4].to_vec()).unwrap()).collect()
}

#[test]
fn every_test_that_holds_a_deadline_is_there() {
    let vm = read("e2e/src/tests.rs");
    for [call, _, held_by] in rows() {
        let names: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "nothing holds {call}");
        for name in names {
            let there = match name.rsplit_once("::") {
                Some((file, test)) => {
                    let file = file.replace("::", "/");
                    read(&format!("failover-core/tests/{file}.rs")).contains(&format!("fn {test}()"))
                }
                None => vm.contains(&format!("\"{name}\"")),
            };
            assert!(there, "{call}: there is no test {name}");
        }
    }
}

#[test]
fn the_figures_are_those_of_the_code() {
    let unlock = |keys| Ask::Unlock(Unlock { keys: vec![String::new(); keys], passphrase: None }).deadline();
    let usual = Ask::Status(Empty {}).deadline();
    assert_eq!(Ask::SetLevel(SetLevel::default()).deadline(), usual);
    for (call, figures) in [
        ("TezSign: status", vec![usual]),
        ("TezSign: unlock", vec![unlock(1), unlock(2) - unlock(1), unlock(100)]),
        ("Ledger: one question", vec![QUERY_DEADLINE]),
        ("Ledger: a whole state", vec![STATE_DEADLINE]),
        ("Ledger: deauthorize", vec![DISARM_DEADLINE]),
        ("Ledger: SETUP, RESET", vec![PERSON_DEADLINE]),
        ("Ledger over TCP", vec![CONNECT_DEADLINE]),
    ] {
        let [_, deadline, _] = rows().into_iter().find(|[name, ..]| name.starts_with(call)).unwrap();
        for figure in figures {
            let text = format!("{} s", figure.as_secs_f64());
            assert!(deadline.contains(&text), "{call}: {text} is not in {deadline}");
        }
    }
    assert_eq!(Duration::from_secs(3), usual, "as the rows without a constant of their own say");
}
