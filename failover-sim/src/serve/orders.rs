//! What can be asked of a served world itself: what was signed in it, and that something happens to it.

use serde_json::json;

use crate::event::Event;
use crate::options::Side;
use crate::world::World;
use failover_core::host::Output;

/// The side that stands for the world itself.
pub(super) const WORLD: &str = "world";

/// `book` prints who signed how often and every double signature; `asked SIDE` what its TezSign was asked since the last time,
/// with each opening; `event JSON` lets an [`Event`] happen now.
pub(super) fn run(world: &World, argv: &[&str]) -> Output {
    match argv {
        ["book"] => told(0, format!("{}\n", book(world)), String::new()),
        ["event", event] => match serde_json::from_str::<Event>(event) {
            Ok(event) => {
                world.apply(event);
                told(0, String::new(), String::new())
            }
            Err(error) => told(2, String::new(), format!("no such event: {error}\n")),
        },
        ["asked", side] => match Side::named(side).and_then(|side| world.gadget(side)) {
            Some(gadget) => {
                let asked = gadget.with(crate::tezsign::TezSignSim::take_asked);
                told(0, format!("{}\n", json!(asked)), String::new())
            }
            None => told(2, String::new(), format!("{side} has no TezSign\n")),
        },
        _ => told(2, String::new(), "book, asked SIDE, or event JSON\n".to_owned()),
    }
}

fn book(world: &World) -> serde_json::Value {
    let book = world.book();
    let devices = book.by_device();
    let by = |side: Side| -> usize {
        let owner = format!("the {side}'s ");
        devices.iter().filter(|(name, _)| name.starts_with(&owner)).map(|(_, count)| count).sum()
    };
    let alarms: Vec<String> = book.alarms().iter().map(ToString::to_string).collect();
    json!({ "primary": by(Side::Primary), "backup": by(Side::Backup), "signed_twice": alarms })
}

const fn told(code: i32, stdout: String, stderr: String) -> Output {
    Output { code, stdout, stderr }
}
