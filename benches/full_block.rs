//! Blocks as large as real ones, made of the samples' own votes, bakers and balance updates, in the samples' own order
//! of fields and without the space between them, as a node answers.

/// Sample block 1839179 of Tallinnnet, with the votes of all its bakers (see the samples' README).
const HEADER: &str = include_str!("../failover-core/tests/data/samples/tallinnnet-024-abaab-block1839179-header.json");
const OPERATIONS: &str =
    include_str!("../failover-core/tests/data/samples/tallinnnet-024-abaab-block1839179-operations0.json");
/// Metadata with its balance updates.
const METADATA: &str =
    include_str!("../failover-core/tests/data/samples/tallinnnet-024-abaab-metadata-level429176-reproposal.json");

/// The level of [`FullBlock::header`]; its attestations are for the one before.
pub(crate) const LEVEL: u64 = 1_839_179;

/// What a node answers for one block.
pub(crate) struct FullBlock {
    /// Block 1839179's own.
    pub(crate) header: String,
    /// With as many balance updates as were asked for, and the power that the operations have.
    pub(crate) metadata: String,
    /// Single votes, and one aggregate.
    pub(crate) operations: String,
}

/// A block with this many votes of their own, bakers in an aggregate, and balance updates.
pub(crate) fn full_block(single: usize, members: usize, updates: usize) -> FullBlock {
    let operations = without_space(OPERATIONS);
    let mut samples = elements(&operations);
    let aggregate = samples.pop().expect("the sample's last operation is its aggregate");
    let mut votes: Vec<String> = samples.iter().cycle().take(single).map(|vote| (*vote).to_owned()).collect();
    let mut power: u128 = votes.iter().map(|vote| baking_power(vote)).sum();
    let (total, aggregate) = grown(aggregate, members);
    power += total;
    votes.push(aggregate);

    let sample = without_space(METADATA);
    let update_list = list(&sample, "balance_updates");
    let many: Vec<&str> = elements(update_list).into_iter().cycle().take(updates).collect();
    let metadata = sample.replace(update_list, &format!("[{}]", many.join(",")));
    let metadata =
        replaced(&metadata, "\"recorded_power\":\"443005372003831\"", &format!("\"recorded_power\":\"{power}\""));
    let metadata =
        replaced(&metadata, "\"level_info\":{\"level\":429176,", &format!("\"level_info\":{{\"level\":{LEVEL},"));
    let preattestations = metadata.find("\"preattestations\":").expect("the sample's last field");
    let metadata = format!("{}\"preattestations\":null}}", &metadata[..preattestations]);
    FullBlock { header: without_space(HEADER), metadata, operations: format!("[{}]", votes.join(",")) }
}

/// An aggregate with this many bakers, those of the sample again and again; and their power.
fn grown(aggregate: &str, members: usize) -> (u128, String) {
    let slots = list(aggregate, "committee");
    let receipts = &aggregate[aggregate.find("\"metadata\":").expect("a receipt")..];
    let bakers = list(receipts, "committee");
    let repeat = |list| elements(list).into_iter().cycle().take(members).collect::<Vec<_>>();
    let many = repeat(bakers);
    let (in_slots, in_power) =
        many.iter().fold((0, 0), |(s, p), one| (s + number(one, "\"slots\":"), p + baking_power(one)));
    let totals = receipts.find("\"total_consensus_power\":").expect("its total");
    let totals = &receipts[totals..=totals + receipts[totals..].find('}').expect("the total's end")];
    let total = format!("\"total_consensus_power\":{{\"slots\":{in_slots},\"baking_power\":\"{in_power}\"}}");
    let grown = replaced(aggregate, bakers, &format!("[{}]", many.join(",")));
    let grown = replaced(&grown, slots, &format!("[{}]", repeat(slots).join(",")));
    (in_power, replaced(&grown, totals, &total))
}

fn baking_power(text: &str) -> u128 {
    number(text, "\"baking_power\":\"")
}

fn number(text: &str, before: &str) -> u128 {
    let from = text.find(before).expect("the field") + before.len();
    let digits = text[from..].bytes().take_while(u8::is_ascii_digit).count();
    text[from..from + digits].parse().expect("its digits")
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no {from} in the sample");
    text.replacen(from, to, 1)
}

/// The list that is a field's value.
fn list<'t>(text: &'t str, name: &str) -> &'t str {
    let name = format!("\"{name}\":[");
    let from = text.find(&name).expect("the list") + name.len() - 1;
    let mut depth = 0_usize;
    let end = text[from..].find(|c| {
        depth += usize::from(c == '[');
        depth -= usize::from(c == ']');
        depth == 0
    });
    &text[from..=from + end.expect("the list's end")]
}

/// The elements of a list of objects; no text in the samples has a brace.
fn elements(list: &str) -> Vec<&str> {
    let (mut found, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'{' => {
                if depth == 0 {
                    from = at;
                }
                depth += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    found.push(&list[from..=at]);
                }
            }
            _ => {}
        }
    }
    found
}

/// The samples are laid out to be read; a node writes no space, and no text in them has an escape.
fn without_space(json: &str) -> String {
    let mut in_text = false;
    json.chars()
        .filter(|c| {
            in_text ^= *c == '"';
            in_text || !c.is_ascii_whitespace()
        })
        .collect()
}
