//! What the scripts are given, and what their answers mean.

use super::*;

#[test]
fn the_boots_id_goes_into_the_permit_there() {
    let lift = Lift::returned("ABCDEF".parse().unwrap());
    let (run, at) = (RunId::from_bytes([7; 16]), Timestamp::from_millis(1));
    let who = "\"boot\":\"\"@h".to_owned();
    let order = GiveBackOrder { baker: "b".to_owned(), run, who, at, own: None, here: String::new(), lift };
    let (head, tail) = around_the_boot(&order).unwrap();
    let permit: Permit = serde_json::from_str(&format!("{head}a-boot{tail}")).unwrap();
    assert_eq!((permit.run, permit.boot.as_str(), permit.who), (run, "a-boot", order.who));
}
