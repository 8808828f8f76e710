//! Moves a Tezos baker to its backup machine and signer without ever helping one key sign two different things.
//!
//! When a baker's primary machine dies, somebody has to make sure that it is really off, find out the highest level
//! that it may have signed, raise the high watermarks of the backup's signer above that, start the backup's baker, and
//! see it bake. This library is that procedure, and the parts that it is made of. It has no terminal code: the program
//! `failover` only parses, asks and prints.
//!
//! # The picture
//!
//! ```text
//!   EDGES (I/O)            FACTS                DECISION (pure)               EFFECT (I/O)
//!
//!  signer    chain  ──┐                                                  ┌──► signer: lock, unlock,
//!                     │                        decide(facts,             │            raise, authorize
//!                     ├──► Observed /    ────►        policy,   ─────────┼──► baker:  stop, start
//!                     │    Unknown(why)               progress)          │
//!  baker  operator  ──┘                             │                    └──► guard:  take, give the token
//!    ▲                                              │
//!    │                                              └─► Do(Approved<Step>) | Ask | Wait
//!    │                                                  Refuse | Failed | Duplicate | Done
//!    │
//!    └────────── journal: one record before and one after every effect; the screen and the JSON too
//! ```
//!
//! The arrows go one way. An edge turns a part of the world into values and knows nothing of the procedure. A fact is
//! what was seen, with where and when, or why it is not known. The decision is a pure function, and the only place that
//! knows the order of the steps. An effect takes an [`Approved`](decision::Approved) step, which only a decision can
//! make, and believes no answer: the next look reads back.
//!
//! # In which order to read
//!
//! 1. [`tezos`]: the words. Levels that are never zero, rounds, kinds, hashes of keys.
//! 2. [`signer`]: the devices that hold the keys, byte for byte; what each can, said once ([`signer::traits`]), and what a
//!    mark on it lets through ([`signer::watermark`]).
//! 3. [`chain`]: what an Octez node says, and which positions a baker signed.
//! 4. [`baker`]: the services that sign, on a [`host`]: this machine, or one over ssh;
//!    [`mark_files`]: what the bakers and signers there wrote down of what they signed; [`remote_signer`]: the signer of
//!    another machine, which is only read and disarmed.
//!    [`nonces`]: what they have to reveal (H16).
//! 5. [`facts`]: all of this at one moment. With [`operator`], the person, and [`clock`], the time, it is the whole input.
//! 6. [`decision`]: what to do next: the order of the steps ([`decision::ladder`]), the fence, the floor, what is foreign,
//!    and why not.
//! 7. [`effect`]: how an approved step is done, and how disarming needs no approval.
//! 8. [`journal`]: what a run writes down, and what is on the disk after a cut at every point; [`state`]: the folder that it is
//!    in; [`lock`]: one failover a baker at a time.
//! 9. [`failover`]: the loop: gather, decide, record, perform, record; [`price`]: what a person is shown beside its plan.
//! 10. [`guard`]: what keeps a machine that must not bake from baking; [`standby`]: how a repaired machine becomes the backup;
//!     [`returning`]: how the primary gets its job back.
//! 11. [`watch`]: after that, or always: another machine that signs, votes that are missed, a baker that is dead.
//! 12. [`report`]: a run drawn from its journal, as Markdown or one HTML page; [`narration`]: the same record by record, while it
//!     goes on.
//! 13. [`session`]: the only way to a run, from parts or, with the feature `config`, from the operator's file.
//!
//! The names that most programs need are in [`prelude`].
//!
//! # The four primitives
//!
//! Each can be used alone. The crate `failover-sim` has a simulated device, node and machine for each of them, and the
//! folder `examples` has each as a program.
//!
//! ## A signing device: [`SignerDevice`]
//!
//! ```no_run
//! use failover_core::signer::{SignerDevice, tezsign};
//!
//! let mut device = tezsign::open(&"tezsign".parse()?)?;
//! for key in device.state()?.keys {
//!     match key.marks {
//!         Some(marks) => println!("{} {}: signed up to {}", key.name, key.key, marks.highest()),
//!         None => println!("{} is locked: what it signed is unknown, not zero", key.name),
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## Raising its marks: [`HwmSetter`]
//!
//! ```no_run
//! use failover_core::signer::{Cap, KeyName, Passphrase, raise, tezsign, with_unlocked};
//! use failover_core::tezos::Level;
//!
//! let mut device = tezsign::open(&"tezsign".parse()?)?;
//! let head = Level::new(12_345_678).ok_or("a level is never zero")?;
//! let passphrase = Passphrase::new(std::fs::read("/run/passphrase")?);
//!
//! let keys = [KeyName::new("consensus"), KeyName::new("companion")];
//! // Held and unlocked for the raise, and locked again whatever becomes of it.
//! let raised = with_unlocked(&mut *device, &keys, &passphrase, |device| {
//!     // Read, refuse to lower, refuse past the cap, send, read back, compare: to 10 above the head, never past 100 above.
//!     raise(device, &keys, head.above(10), Cap::above(head, 100))
//! })?;
//! for raised in raised {
//!     println!("{}: {} before, {} after", raised.key, raised.before.lowest(), raised.after.lowest());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## What the chain says: [`ChainLevelSource`] and [`ChainNode`]
//!
#![cfg_attr(feature = "http", doc = "```no_run")]
#![cfg_attr(not(feature = "http"), doc = "```ignore")]
//! use failover_core::chain::{ChainLevelSource, ChainNode, octez::OctezNode};
//!
//! let mut node = OctezNode::connect("http://127.0.0.1:8732")?;
//! let head = node.head()?;
//! println!("{}: level {}, made at {}", node.name(), head.level, head.timestamp);
//! // What the baker signed three levels below, where nothing can be added any more.
//! let level = head.level.below(3).ok_or("the chain has just begun")?;
//! let baker = "tz1gfArv665EUkSg2ojMBzcbfwuPxAvqPvjo".parse()?;
//! for signed in node.activity(&baker, level)?.signed {
//!     println!("{} at {}, seen in {}", signed.kind, signed.at, signed.seen_in);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ## The services that sign: [`BakerControl`]
//!
//! ```no_run
//! use failover_core::baker::{BakerControl, BakerState, TezbakeControl};
//! use failover_core::host::{SshHost, SshOptions};
//!
//! let mut primary = TezbakeControl::new(SshHost::new("baker@primary", SshOptions::default())?);
//! primary.stop()?;
//! // That the command went well proves nothing. What is read afterwards does, and an error here is unknown.
//! match primary.state()? {
//!     BakerState::Stopped { checked } => println!("stopped: {}", checked.join(", ")),
//!     BakerState::Running { what } => println!("still there: {}", what.join(", ")),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It has five methods. Which machine it is, its marks, nonces, guard and secrets are small traits beside it, and a
//! [`BakerMachine`](baker::BakerMachine) says which of them it has: what it lacks is unknown.
//!
//! # What must hold, and where it lives
//!
//! The code and its tests name these by their number; `docs/hazards.md` has each in full, with the tests that hold it.
//!
//! | | what must hold | where |
//! |---|---|---|
//! | S1 | nothing lets the backup sign before the fence is approved; no start before every mark of every signing key was read back at the floor or above | [`decision::decide`], [`decision::fence()`] |
//! | S1a | the backup is stopped, guarded and locked itself, first of all | [`decision::Step`], number 0; [`guard`] |
//! | S1b | from before an unlock until the start nobody else on this host can ask for a signature | [`SignerDevice::hold`] |
//! | S2 | the floor lies above everything that was observed, the primary's own marks too | [`decision::bound()`], [`decision::floor()`] |
//! | S3 | unknown is never zero | [`facts::Fact`], [`tezos::Level`], [`chain::ChainError`], [`baker::BakerMachine`] |
//! | S4 | a mark is never lowered, nor raised past a cap | [`signer::RaiseOrder`], [`signer::raise()`], [`signer::Cap`], [`decision::cap`] |
//! | S5 | only a read-back counts as done | [`signer::raise()`], [`baker::BakerState`], [`effect`] |
//! | S6 | every effect is on the disk before it is tried and after it is known | [`journal`], [`failover::Recorder`] |
//! | S7 | one failover a baker at a time | [`lock`], on one machine and, with etcd, across machines |
//! | S8 | a position that is neither the primary's past nor the backup's own stops the backup, and it stays stopped | [`decision::foreign()`], [`state::StateDir::latch_duplicate`]; later [`watch`] |
//! | S9 | passphrases are in no log, argument, environment or `Debug`, and are wiped | [`signer::Passphrase`], [`host`] |
//! | S10 | nothing waits for ever | a deadline beside every exchange; [`decision::policy`] |
//! | S11 | a script and a person take the same decisions | [`decision::Policy`], [`operator`] |
//! | S12 | disarming is never gated | [`effect::disarm`], [`SignerDevice::disarm`] |
//! | S13 | of the runs for one baker, on whichever machines, at most one lives | [`permit`], [`permit::RunPermit`], [`session`] |
//! | S14 | a stop wins, whatever goes on | [`effect::stand_down`], [`permit::Permits::take_away`] |
//! | S15 | what decides is fresh, and does not contradict itself | [`decision::Approved`], [`decision::Judging`] |
//! | S16 | what was once armed stays in the account until the next completed standby | [`decision::give_back()`], [`returning`] |
//! | S17 | what can be seen before the primary is touched is seen before | [`preflight`], [`decision::usable`] |
//! | S18 | every end leads out | [`decision::Refusal::next`], `next()` of every error |
//!
//! # Feature flags
//!
//! | feature | default | what it brings | what it needs |
//! |---|---|---|---|
//! | `http` | yes | the Octez node's RPC over HTTP and HTTPS | no library; a C compiler for the encryption |
//! | `etcd` | no | the lock in etcd | no more; it brings `http` |
//! | `config` | no | the operator's configuration file, and a session that is opened from it | no more; it brings `etcd` |
//! | `tezsign` | no | TezSign over USB | libusb, built from its sources where the system has none |
//! | `ledger` | no | Ledger over USB HID | libudev |
//! | `soft` | no | a signer in a file, for tests and examples only: never bake with it | nothing |
//!
//! What is on by default links no library of the system; a program that opens signers on USB asks for `tezsign` and `ledger`
//! by name, as the command line does. Where a feature is missing, what it would open is an error that says so.
//!
//! Without any of them the protocols are all there, over a unix socket (TezSign) and TCP (Ledger), or over any transport
//! that implements [`signer::tezsign::Connect`], [`signer::ledger::ApduExchange`] or [`chain::Rpc`].
//!
//! # What is not proven
//!
//! **No real device and no real baker has been used with this code yet.** The protocols are checked byte for byte against
//! exchanges recorded from TezSign's own code (2026-04-30) and the real Ledger app (Tezos Baking 2.5.1), and against
//! samples of what Octez nodes answer; the procedure against simulated machines, with real sockets, processes and a real
//! sshd, the guard against a real systemd (247, 252 and 257). TezBake is simulated from what its sources say. A person at a
//! Ledger's buttons and a real TezBake are still to come.

pub mod baker;
pub mod chain;
pub mod clock;
#[cfg(feature = "config")]
pub mod config;
pub mod decision;
pub mod effect;
pub mod facts;
pub mod failover;
pub mod guard;
pub mod host;
pub mod journal;
mod jsonl;
pub mod lock;
pub mod mark_files;
mod names;
pub mod narration;
pub mod nonces;
pub mod operator;
pub mod permit;
pub mod preflight;
pub mod prelude;
pub mod price;
pub mod remote_signer;
pub mod report;
pub mod returning;
pub mod session;
pub mod signer;
pub mod standby;
pub mod state;
pub mod tezos;
pub mod watch;

pub use baker::BakerControl;
pub use chain::{ChainLevelSource, ChainNode};
pub use signer::{HwmSetter, SignerDevice};
