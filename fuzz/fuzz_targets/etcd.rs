//! What etcd's gateway answers. Its parser is private, so its own file is compiled here.
#![no_main]
#![expect(dead_code, reason = "the lock itself, which uses the rest, is not here")]

use failover_core::lock::FencingToken;
use failover_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

#[path = "../../failover-core/src/lock/etcd"]
mod etcd {
    mod answer;
    mod error;

    pub(crate) fn read(value: serde_json::Value) {
        let answer = answer::Answer { path: "/v3/kv/txn", value };
        for lease in [1, 7_587_864_094_127_675_660] {
            let _lease = (answer.granted(), answer.kept_alive(lease), answer.time_to_live(lease));
        }
        let _words = (answer.cluster(), answer.text("token"), answer.deleted());
        if let Ok(answer::Created::Written(token)) = answer.created() {
            assert!(token.get() > 0, "S3: a token of 0");
        }
        for found in [answer.not_written(), answer.read()].into_iter().flatten().flatten() {
            assert!(found.token.get() > 0, "S3: a token of 0");
        }
    }
}

/// In the shapes of etcd 3.4 to 3.6.
const KNOWN: [&str; 7] = [
    r#"{"header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"5","raft_term":"2"},"ID":"7587864094127675660","TTL":"30"}"#,
    r#"{"result":{"header":{"cluster_id":"14841639068965178418","revision":"5"},"ID":"7587864094127675660","TTL":"30"}}"#,
    r#"{"header":{"cluster_id":"1","revision":"6"},"succeeded":true,"responses":[{"response_put":{"header":{"revision":"6"}}}]}"#,
    r#"{"header":{"cluster_id":"1","revision":"6"},"responses":[{"response_range":{"header":{"revision":"6"},"kvs":[{"key":"L2Y=","create_revision":"4","mod_revision":"4","version":"1","value":"e30=","lease":"7587864094127675660"}],"count":"1"}}]}"#,
    r#"{"header":{"cluster_id":"1","revision":"6"},"kvs":[{"key":"L2Y=","create_revision":"4","value":"e30="}],"count":"1"}"#,
    r#"{"header":{"cluster_id":"1","revision":"7"},"succeeded":true,"responses":[{"response_delete_range":{"header":{"revision":"7"},"deleted":"1"}}]}"#,
    r#"{"header":{"cluster_id":"1"},"token":"simple.1"}"#,
];

fuzz_target!(init: seeds(KNOWN.map(|text| text.as_bytes().to_vec())), |data: &[u8]| {
    if let Ok(value) = serde_json::from_slice(data) {
        etcd::read(value);
    }
});
