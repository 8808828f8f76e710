//! What holds for any input: marks that never go down, texts and bytes that read back as what was written, parsers that
//! refuse and never panic. The same random cases in every run; `make fuzz` looks for others.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[path = "../../dice/mod.rs"]
mod dice;
mod ledger_marks;
mod mutated;
mod tezsign_marks;
#[path = "../../tezsign/support.rs"]
mod tezsign_support;
mod there_and_back;
mod votes;
