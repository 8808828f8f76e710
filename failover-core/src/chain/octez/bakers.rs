//! Whose keys are these? `/helpers/validators` of the head, without a baker in the question.

use serde_json::Value;

use super::{LARGE, OctezNode};
use crate::chain::{ChainError, ChainLevelSource, Rpc};
use crate::tezos::KeyHash;

/// This many levels are looked at, from the head's on: a small baker has no right at every level.
const LEVELS: u64 = 4;

impl<R: Rpc> OctezNode<R> {
    /// The bakers that may vote about now with one of these keys, as their consensus or their companion key. For a
    /// suggestion to a person: that none is found says nothing.
    ///
    /// # Errors
    /// See [`ChainError`]; foreign nodes deny this one.
    pub fn bakers_with(&mut self, keys: &[KeyHash]) -> Result<Vec<KeyHash>, ChainError> {
        let head = self.head()?;
        let levels: Vec<String> = (0..LEVELS).map(|n| format!("level={}", head.level.above(n).get())).collect();
        let path = format!("/chains/main/blocks/{}/helpers/validators?{}", head.hash, levels.join("&"));
        let answer: Value = self.ask_up_to(&path, LARGE)?;
        Ok(found(&answer, keys))
    }
}

/// Protocol 024 and later has the members under `delegates`, a level each; 023 has them flat.
fn found(answer: &Value, keys: &[KeyHash]) -> Vec<KeyHash> {
    let levels = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    let nested = levels.iter().filter_map(|level| level.get("delegates")?.as_array()).flatten();
    let mut bakers: Vec<KeyHash> = levels.iter().chain(nested).filter_map(|member| of_member(member, keys)).collect();
    bakers.sort();
    bakers.dedup();
    bakers
}

fn of_member(member: &Value, keys: &[KeyHash]) -> Option<KeyHash> {
    let key = |name: &str| member.get(name)?.as_str()?.parse::<KeyHash>().ok();
    let ours = [key("consensus_key"), key("companion_key")].into_iter().flatten().any(|key| keys.contains(&key));
    if ours { key("delegate") } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const BAKER: &str = "tz1aWXP237BLwNHJcCD4b3DutCevhqq2T1Z9";
    const OTHER: &str = "tz3Z7CLasgzLu4RzjwWHjQKbkJr5jrk9W9ws";
    const KEY: &str = "tz4NTHPSqmuoo3o8BnQK5Bjhe9GxCUNvNkEh";

    #[test]
    fn by_either_key_in_either_shape_and_nobody_elses() {
        let key = |text: &str| text.parse::<KeyHash>().unwrap();
        let other = json!({ "delegate": OTHER, "consensus_key": OTHER });
        let nested = |member: Value| json!([{ "level": 7, "delegates": [other, member] }]);
        let consensus = json!({ "delegate": BAKER, "consensus_key": KEY });
        let companion = json!({ "delegate": BAKER, "consensus_key": OTHER, "companion_key": KEY });
        for answer in [nested(consensus.clone()), nested(companion), json!([other, consensus])] {
            assert_eq!(found(&answer, &[key(KEY)]), [key(BAKER)], "{answer}");
        }
        assert_eq!(found(&nested(consensus), &[key(BAKER)]), []);
        assert_eq!(found(&json!({ "error": "denied" }), &[key(KEY)]), []);
    }
}
