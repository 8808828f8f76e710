//! A further node: what the access list of a public one lets a source ask.

use serde_json::json;

use super::Shown;
use crate::rpc::{Answer, header_of, split};

pub(super) fn answer(shown: Shown<'_>, path: &str) -> Answer {
    let (parts, _) = split(path);
    let ["chains", "main", "blocks", id, what] = parts.as_slice() else {
        return Answer::Http { status: 403, body: Vec::new() };
    };
    let Some(block) = (if *id == "head" { shown.head() } else { shown.block(id) }) else {
        return Answer::error(404, "validator.block_not_found");
    };
    match *what {
        "header" => {
            let mut header = header_of(shown.state, &block);
            if let Some(fields) = header.as_object_mut() {
                fields.insert("chain_id".to_owned(), json!(shown.chain_id()));
                fields.insert("level".to_owned(), json!(block.level));
            }
            Answer::json(&header)
        }
        "hash" => Answer::json(&json!(block.name())),
        _ => Answer::error(404, "rpc.not_found"),
    }
}
