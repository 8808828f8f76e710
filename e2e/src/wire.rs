//! What can go wrong between a TezSign and its host, told by the request at which it does.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use failover_core::signer::tezsign::frame::HEADER_LEN;

use crate::tezsign::{frames, locked};

/// A request, by its number in the gadget's protobuf (TezSign 2026-04-30).
pub(crate) const UNLOCK: u8 = 1;
/// The same.
pub(crate) const STATUS: u8 = 3;
/// The same.
pub(crate) const SET_LEVEL: u8 = 9;

/// What the ready request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    Yes,
    No,
    /// As a gadget whose software has not started yet.
    Stalls,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Pulled out before the request is looked at.
    PulledBefore,
    /// Pulled out when it was done, before a word of the answer.
    PulledAfter,
    /// Pulled out in the middle of the answer.
    PulledInAnswer,
    /// Accepted and done; no answer.
    DoneAndSilent,
    /// Accepted and not done; no answer.
    Silent,
    /// Neither accepted nor done, as where its bytes were read as the rest of another frame.
    Deaf,
    /// The endpoint of the request stalls when it was done, before the packet that closes it; no answer.
    Halts,
    /// Bytes without sense come before the answer.
    Garbage,
    /// An answer to an earlier process comes first.
    Stale,
}

/// What is done about a request, in order.
pub(crate) enum Part {
    Send(Vec<u8>),
    Pull,
    Halt,
}

/// The wire of one device.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    gadget: Arc<PathBuf>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    ready: Ready,
    trouble: Option<(u8, Trouble)>,
    writing: bool,
    seen: Vec<u8>,
}

/// How long the host may take to read what was sent.
const DRAIN: Duration = Duration::from_secs(2);

impl Wire {
    pub(crate) fn new(gadget: PathBuf) -> Self {
        let state = State { ready: Ready::Yes, trouble: None, writing: false, seen: Vec::new() };
        Self { gadget: Arc::new(gadget), state: Arc::new(Mutex::new(state)) }
    }

    /// Lets something go wrong, once, at the next such request.
    pub(crate) fn trouble(&self, request: u8, trouble: Trouble) {
        locked(&self.state).trouble = Some((request, trouble));
    }

    /// Did the trouble come?
    pub(crate) fn had_trouble(&self) -> bool {
        locked(&self.state).trouble.is_none()
    }

    /// How often a request came, on both interfaces.
    pub(crate) fn count(&self, request: u8) -> usize {
        locked(&self.state).seen.iter().filter(|seen| **seen == request).count()
    }

    pub(crate) fn set_ready(&self, ready: Ready) {
        locked(&self.state).ready = ready;
    }

    pub(crate) fn ready(&self) -> Ready {
        locked(&self.state).ready
    }

    pub(crate) fn gadget(&self) -> &Path {
        &self.gadget
    }

    pub(crate) fn writing(&self, writing: bool) {
        locked(&self.state).writing = writing;
    }

    /// Waits until the host has read what was sent.
    pub(crate) fn drained(&self) {
        let start = Instant::now();
        // The writer has it in hand after a moment.
        std::thread::sleep(Duration::from_millis(50));
        while locked(&self.state).writing && start.elapsed() < DRAIN {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What is done about a request; `act` lets the device do it.
    pub(crate) fn pass(&self, request: &[u8], act: impl Fn() -> Vec<u8>) -> Vec<Part> {
        let number = request.get(HEADER_LEN).map_or(0, |tag| tag >> 3);
        let trouble = {
            let mut state = locked(&self.state);
            state.seen.push(number);
            state.trouble.take_if(|(at, _)| *at == number).map(|(_, trouble)| trouble)
        };
        let send = |answer: Vec<u8>| frames(&answer).into_iter().map(Part::Send).collect::<Vec<_>>();
        let accept = |answer: &[u8]| frames(answer).into_iter().take(1).map(Part::Send).collect::<Vec<_>>();
        match trouble {
            None => send(act()),
            Some(Trouble::PulledBefore) => vec![Part::Pull],
            Some(Trouble::PulledAfter) => {
                act();
                vec![Part::Pull]
            }
            Some(Trouble::PulledInAnswer) => {
                let answer = act();
                let mut parts = accept(&answer);
                let half = frames(&answer).into_iter().nth(1).unwrap_or_default();
                parts.push(Part::Send(half.get(..half.len() / 2).unwrap_or_default().to_vec()));
                parts.push(Part::Pull);
                parts
            }
            Some(Trouble::DoneAndSilent) => accept(&act()),
            Some(Trouble::Silent) => {
                // An accept has the request's id, no payload, and so another parity.
                let mut accept = request.get(..HEADER_LEN).unwrap_or_default().to_vec();
                if let [_, kind, .., l0, l1, l2, l3, _] = accept.as_mut_slice() {
                    (*kind, *l0, *l1, *l2, *l3) = (3, 0, 0, 0, 0);
                }
                let parity = accept.iter().take(HEADER_LEN - 1).fold(0, |parity, byte| parity ^ byte);
                if let Some(last) = accept.last_mut() {
                    *last = parity;
                }
                vec![Part::Send(accept)]
            }
            Some(Trouble::Deaf) => Vec::new(),
            Some(Trouble::Halts) => {
                act();
                vec![Part::Halt]
            }
            Some(Trouble::Garbage) => {
                let mut parts = vec![Part::Send((0..200).map(|n: u8| n.wrapping_mul(37)).collect())];
                parts.extend(send(act()));
                parts
            }
            Some(Trouble::Stale) => {
                // The same answer under an id that nobody waits for.
                let answer = act();
                let stale = |frame: Vec<u8>| {
                    let mut frame = frame;
                    // Two bytes of the id changed alike: the parity stays.
                    for byte in frame.iter_mut().skip(4).take(2) {
                        *byte ^= 0xff;
                    }
                    Part::Send(frame)
                };
                let mut parts: Vec<Part> = frames(&answer).into_iter().map(stale).collect();
                parts.extend(send(answer));
                parts
            }
        }
    }
}
