//! The chain's sources, as the configuration names them: the own node, and others that are held against it.

use std::time::Duration;

use crate::chain::octez::OctezNode;
use crate::chain::tzkt::Tzkt;
use crate::chain::{ChainLevelSource, ChainNode, SourceUrl};
use crate::config::Chain;
use crate::decision::policy::{MARKS, POWER};
use crate::session::SetupError;

/// Another source has this long for each question: it is an opinion, and must not hold up the run.
const OTHER_DEADLINE: Duration = Duration::from_secs(3);

/// The own node.
#[must_use]
pub fn node(url: &SourceUrl) -> Box<dyn ChainNode> {
    Box::new(OctezNode::at(url))
}

/// Every other source but those that `--without` names. The primary's mark files and its power status are none of the
/// chain's sources.
///
/// # Errors
/// `--without` names the own node, or nothing that is configured.
pub fn others(chain: &Chain, without: &[String]) -> Result<Vec<Box<dyn ChainLevelSource>>, SetupError> {
    let mut others: Vec<Box<dyn ChainLevelSource>> = Vec::new();
    for url in &chain.others {
        others.push(Box::new(OctezNode::at(url).with_deadline(OTHER_DEADLINE)));
    }
    if let Some(url) = &chain.tzkt {
        others.push(Box::new(Tzkt::at(url).with_deadline(OTHER_DEADLINE)));
    }
    let own = node(&chain.node);
    for given in without.iter().filter(|given| *given != MARKS && *given != POWER) {
        if is(given, own.name()) {
            return Err(SetupError::OwnNode { given: given.clone() });
        }
        let before = others.len();
        others.retain(|other| !is(given, other.name()));
        if others.len() == before {
            let known = others.iter().map(|other| other.name().to_owned()).collect();
            return Err(SetupError::NoSource { given: given.clone(), known });
        }
    }
    Ok(others)
}

/// A source's whole name, or its name without what kind of source it is, or only that: `tzkt`.
fn is(given: &str, name: &str) -> bool {
    let given = given.trim_end_matches('/');
    given == name || name.split_once(' ').is_some_and(|(kind, url)| given == url || (given == kind && kind != "node"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(tzkt: Option<&str>, others: &[&str]) -> Chain {
        let url = |text: &str| text.parse::<SourceUrl>().unwrap();
        Chain {
            node: url("http://127.0.0.1:8732"),
            tzkt: tzkt.map(url),
            others: others.iter().map(|text| url(text)).collect(),
            ca_file: None,
        }
    }

    fn left(others: &[&str], without: &[&str]) -> Result<Vec<String>, String> {
        let without: Vec<String> = without.iter().map(|s| (*s).to_owned()).collect();
        let opened =
            super::others(&chain(Some("https://api.tzkt.io"), others), &without).map_err(|error| error.to_string())?;
        Ok(opened.iter().map(|other| other.name().to_owned()).collect())
    }

    #[test]
    fn a_source_is_left_out_by_its_name_or_its_url() {
        let others = ["http://10.0.0.2:8732", "http://10.0.0.3:8732"];
        assert_eq!(left(&others, &[]).unwrap().len(), 3);
        assert_eq!(left(&others, &["node http://10.0.0.2:8732", "tzkt"]).unwrap(), ["node http://10.0.0.3:8732"]);
        assert_eq!(
            left(&others, &["http://10.0.0.3:8732/", "https://api.tzkt.io"]).unwrap(),
            ["node http://10.0.0.2:8732"]
        );
    }

    #[test]
    fn the_own_node_and_unknown_names_are_refused() {
        let others = ["http://10.0.0.2:8732"];
        assert!(left(&others, &["http://127.0.0.1:8732"]).unwrap_err().contains("never left out"));
        assert_eq!(left(&others, &["marks"]).unwrap().len(), 2, "the primary's files are no source of the chain");
        assert!(left(&others, &["http://10.0.0.9:8732"]).unwrap_err().contains("no source has this name"));
        // The word alone would name them all.
        assert!(left(&others, &["node"]).unwrap_err().contains("no source has this name"));
    }
}
