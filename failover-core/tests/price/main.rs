//! The price: numbers, words, shapes, sources, and its place in a plan.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "what helps a test may stop it too")]

mod numbers;
mod planned;
mod shapes;
#[cfg(feature = "http")]
mod sources;
mod support;
mod words;
