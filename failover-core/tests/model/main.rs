//! A model of a failover, searched whole within bounds.
//!
//! What decides in it is the project's own: `decide`, `give_back`, `fence`, `is_open`, the records with `failover::apply`, the
//! marks' arithmetic (`watermark`, `plan_raise`, `plan_authorize`, `compare`) and `watch::Judge`. Around them is a small
//! world: a chain, a primary, one or two backups, their signers, permits, claims and locks, persons and the other commands.
//! Of the loop, of a claim, of a stop, of a lift and of the account only the glue is here in short (`run`, `permits`,
//! `commands`).
//!
//! - **Property**: no key signs two different things at one kind and level, outside the residue of `docs/hazards.md`: a
//!   false statement and a primary that signed nothing in the whole window, or cable or power that came back.
//! - **Monitors** ask the truth of the world, not what the tool saw, for S1, S1a, S1b, S2 to S8 and S12 to S16.
//! - **Liveness**: with an honest person and a live chain every run ends. Time only goes on, so a world without a way on
//!   has ended, or the run hangs.
//! - **The checker is checked**: `caught` takes one rule out at a time, and each has to be found.
//!
//! **Bounds**: one key, round 0, blocks and votes, rights at every level, 120 levels; margin 10 (2 to 4 in one search),
//! cap 100; the tool's node is one block behind the primary's, a vote is seen in the next block only, a block never:
//! the worst that B allows for. A block comes while the tool has something to do at most as often as `delays` says; a
//! budget of faults, crashes and lies a path. B is head + 2 always (no mark files), nobody takes the risk of an
//! unproven fence but in the search after an old refusal, no power status is configured, and statements do not grow old
//! (120 levels are 12 minutes). Round 1, a second key, etcd and a claim that takes its time are not in it.
//!
//! A second run, with the two machines the other way round, begins with the first (`mirror`) or at any moment (`Again`); a
//! third machine only as a second backup. Every other command comes at any moment, on either machine, one a path (two of
//! five in one search, of three with `return`); a stop and a lift have two parts and more, and die or are overtaken in
//! between. Time between a look and an arming effect, and a stop in the middle of one, are in the searches with `gaps` only,
//! there without a crash. Another run with a crash is searched for a TezSign only. Not in it: the first half of a stop that
//! is itself cut, another machine's claim in the middle of an effect (it is busy then), a fence's end after a lie with two
//! runs, and a start of `return` that arrives late on the primary (H40): here it is done at once or not at all.
//!
//! `FAILOVER_PROVE=all` takes more of each, and much longer; where two faults in one path, or runs one after the other,
//! last past the last level, that path is cut off there, and counted. State counts and depths are printed with `--nocapture`.
//!
//! **No library**: a breadth-first search with the shortest way to what it finds is a hundred lines (`explorer`).
//! stateright 0.31 brings over twenty crates, an HTTP server among them, wants `Hash` of every type of the decision,
//! and its "eventually" does not, by its own word, tell ways that meet from circles; here most ways meet.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test stops at the first thing that is not as it should be, and says what it counted"
)]

mod commands;
mod effect;
mod explorer;
mod eyes;
mod monitor;
mod moves;
mod permits;
mod run;
mod setting;
mod watch;
mod world;

mod caught;
mod holds;
mod whoever;
