//! What may grow and what may not, as `docs/embedding.md` says it: this test is a program that uses the library.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not as it should be")]

use std::fs;
use std::path::Path;

use failover_core::baker::{BakerState, Power, UnlockSecret};
use failover_core::chain::KeyRole;
use failover_core::decision::{Path as Way, Verdict};
use failover_core::guard::GuardStatus;
use failover_core::operator::Answer;
use failover_core::signer::traits::{
    ArmedBy, AtMark, AtRest, Beside, Hold, Lowering, MarkOf, NamedBy, RaisedBy, Reboot, Replugged, Setting, Traits,
    Words,
};
use failover_core::signer::{Arm, Arming, Model};
use failover_core::state::Latch;
use failover_core::tezos::Kind;

/// Where every complete enum is matched without a last arm, and every trait of a signer is named: one that becomes
/// `non_exhaustive`, or a question that is new, no longer builds here.
#[expect(dead_code, reason = "that it compiles is the test")]
fn complete(
    verdict: &Verdict,
    (way, baker, answer): (&Way, &BakerState, Answer),
    (guard, latch): (&GuardStatus, &Latch),
    (power, secret): (&Power, &UnlockSecret),
    (arm, arming, model): (&Arm<'_>, Arming, Model),
    (kind, role): (Kind, KeyRole),
) {
    match verdict {
        Verdict::Do(_)
        | Verdict::Ask(_)
        | Verdict::Wait(_)
        | Verdict::Refuse(_)
        | Verdict::Failed { .. }
        | Verdict::Duplicate(_)
        | Verdict::Denounced(_)
        | Verdict::Done(_) => {}
    }
    match way {
        Way::Controlled | Way::Uncontrolled | Way::Unproven => {}
    }
    match baker {
        BakerState::Running { .. } | BakerState::Stopped { .. } => {}
    }
    match answer {
        Answer::Yes | Answer::No => {}
    }
    match guard {
        GuardStatus::Guarded | GuardStatus::Lifted(_) | GuardStatus::Unknown(_) => {}
    }
    match latch {
        Latch::Open | Latch::Latched(_) | Latch::Unknown(_) => {}
    }
    match power {
        Power::On | Power::Off => {}
    }
    match secret {
        UnlockSecret::None | UnlockSecret::InPlace { .. } | UnlockSecret::Aside { .. } => {}
    }
    match arm {
        Arm::Unlock { .. } | Arm::Authorize { .. } => {}
    }
    match arming {
        Arming::Disarmed | Arming::Armed | Arming::Corrupted => {}
    }
    let Traits {
        keys,
        marks,
        armed_by,
        hold,
        reboot,
        highest_level: _,
        vote_at_mark,
        lowering,
        marks_at_rest,
        setting,
        raised_by,
        beside_service,
        replugged,
        words: Words { armed: _, at_rest: _, disarmed: _ },
    } = model.traits();
    match keys {
        NamedBy::Alias | NamedBy::Path => {}
    }
    match marks {
        MarkOf::Kind | MarkOf::Key | MarkOf::Device => {}
    }
    match armed_by {
        ArmedBy::Passphrase | ArmedBy::Press => {}
    }
    match hold {
        Hold::Possible | Hold::Impossible => {}
    }
    match reboot {
        Reboot::StaysDisarmed | Reboot::NotKnown => {}
    }
    match vote_at_mark {
        AtMark::Refused | AtMark::Allowed => {}
    }
    match lowering {
        Lowering::Refused | Lowering::Obeyed => {}
    }
    match marks_at_rest {
        AtRest::Shown | AtRest::Hidden => {}
    }
    match setting {
        Setting::None | Setting::LookedAt { .. } => {}
    }
    match raised_by {
        RaisedBy::Command | RaisedBy::Prompt { .. } => {}
    }
    match beside_service {
        Beside::Free | Beside::Shared => {}
    }
    match replugged {
        Replugged::FoundAgain | Replugged::OpenedAnew => {}
    }
    match kind {
        Kind::Block | Kind::Preattestation | Kind::Attestation => {}
    }
    match role {
        KeyRole::Consensus | KeyRole::Companion => {}
    }
}

/// Every public type of the library: its name, whether it is an enum, and whether it is `non_exhaustive`.
fn types() -> Vec<(String, bool, bool)> {
    let (mut found, mut folders) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source");
            let mut attributes = String::new();
            for line in text.lines() {
                let name = line.strip_prefix("pub enum ").or_else(|| line.strip_prefix("pub struct "));
                if let Some(name) = name {
                    let name: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
                    found.push((name, line.starts_with("pub enum"), attributes.contains("#[non_exhaustive]")));
                }
                if line.starts_with('#') || line.starts_with("///") || line.starts_with(' ') || line.starts_with(')') {
                    attributes.push_str(line);
                } else {
                    attributes.clear();
                }
            }
        }
    }
    assert!(found.len() > 200, "only {} types", found.len());
    found
}

/// The names in backticks of a paragraph.
fn named(paragraph: &str) -> Vec<String> {
    let names = paragraph.split('`').skip(1).step_by(2).filter(|name| name.starts_with(char::is_uppercase));
    names.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric())).map(str::to_owned).collect()
}

#[test]
fn the_page_names_what_may_grow_and_what_may_not() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/embedding.md");
    let page = fs::read_to_string(page).expect("the page");
    let paragraph = |start: &str| {
        let begins = page.split("\n\n").find(|paragraph| paragraph.starts_with(start));
        begins.unwrap_or_else(|| panic!("no paragraph begins with {start}"))
    };
    let types = types();
    let all = |name: &str, wanted: bool| types.iter().any(|(known, _, grows)| known == name && *grows == wanted);
    let grows = named(paragraph("`non_exhaustive`, so that"));
    let complete = named(paragraph("Complete, so that").split("Facts and").next().unwrap_or_default());
    assert!(grows.len() > 20 && complete.len() > 10, "{grows:?} {complete:?}");
    for name in grows {
        assert!(all(&name, true), "{name} is said to grow, and is not non_exhaustive");
    }
    for name in complete {
        assert!(all(&name, false), "{name} is said to be complete, and is non_exhaustive");
    }
}

#[test]
fn every_error_with_variants_may_grow() {
    let errors = types().into_iter().filter(|(name, ..)| name.ends_with("Error") || name.ends_with("Refused"));
    let stiff: Vec<String> = errors.filter(|(_, is_enum, grows)| *is_enum && !grows).map(|(name, ..)| name).collect();
    assert!(stiff.is_empty(), "without #[non_exhaustive]: {stiff:?}");
}
