//! One exchange: a request with a fresh id, its accept where the gadget sends one, its response, within one deadline.

use std::time::{Duration, Instant};

use prost::Message as _;
use zeroize::Zeroizing;

use super::frame::{Decoder, Frame, FrameId, FrameKind, encode};
use super::link::{Link, LinkError};
use super::message::{Ask, DeviceAnswer, Request, Response};
use crate::signer::{KeyName, SignerError};

/// Deadline of an exchange other than unlock. Over an emulated USB stack one takes 60 ms at worst.
const USUAL: Duration = Duration::from_secs(3);
/// Deadline of an unlock of one key: key derivation takes seconds on the device.
const UNLOCK_FIRST: Duration = Duration::from_secs(5);
/// What each further key adds.
const UNLOCK_FURTHER: Duration = Duration::from_millis(1500);
/// Deadline of an unlock of however many keys.
const UNLOCK_MOST: Duration = Duration::from_secs(30);
/// A request that may be sent twice is sent again where no accept came for this long: its bytes may have been read as
/// the rest of a frame that an earlier host began.
const UNACCEPTED: Duration = Duration::from_millis(800);
/// How often a request is sent at most, whatever the reason.
const SENDS: u8 = 3;
/// How long the first request of an opening is made, where it is shorter: longer than what an earlier client's frame may still
/// lack, so that it is through it at once. No byte of it is the frame's magic.
const FIRST: usize = 1000;
/// A field that no request has: the gadget skips it. Its number is 1000, its wire type bytes.
const PADDING: [u8; 2] = [0xc2, 0x3e];

impl Ask {
    /// What it is called in errors.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unlock(_) => "unlock",
            Self::Lock(_) => "lock",
            Self::Status(_) => "status",
            Self::Sign(_) => "sign",
            Self::NewKeys(_) => "new keys",
            Self::Logs(_) => "logs",
            Self::InitMaster(_) => "init master",
            Self::InitInfo(_) => "init info",
            Self::SetLevel(_) => "set level",
            Self::DeleteKeys(_) => "delete keys",
            Self::Version(_) => "version",
        }
    }

    /// How long the whole exchange may take, opening the interface included.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        match self {
            Self::Unlock(unlock) => {
                let further = u32::try_from(unlock.keys.len().saturating_sub(1)).unwrap_or(u32::MAX);
                UNLOCK_FURTHER.saturating_mul(further).saturating_add(UNLOCK_FIRST).min(UNLOCK_MOST)
            }
            Self::Lock(_)
            | Self::Status(_)
            | Self::Sign(_)
            | Self::NewKeys(_)
            | Self::Logs(_)
            | Self::InitMaster(_)
            | Self::InitInfo(_)
            | Self::SetLevel(_)
            | Self::DeleteKeys(_)
            | Self::Version(_) => USUAL,
        }
    }

    /// Is it harmless to ask twice? Everything that only reads, and lock.
    #[must_use]
    pub const fn repeatable(&self) -> bool {
        matches!(self, Self::Lock(_) | Self::Status(_) | Self::InitInfo(_) | Self::Version(_))
    }
}

/// A deadline that has started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until {
    start: Instant,
    pub(super) after: Duration,
}

impl Until {
    pub(super) fn from_now(after: Duration) -> Self {
        Self { start: Instant::now(), after }
    }

    /// What is left; `None` once it has passed.
    pub(super) fn left(&self) -> Option<Duration> {
        self.after.checked_sub(self.start.elapsed()).filter(|left| !left.is_zero())
    }
}

/// An open interface in use, and which device it belongs to.
pub(super) struct Session<L> {
    link: L,
    device: String,
    decoder: Decoder,
    /// Something was answered in this opening: nothing that an earlier client began is left to be read.
    clean: bool,
    /// The keys that a status has listed in this opening.
    pub(super) known: Option<Vec<KeyName>>,
}

impl<L: Link> Session<L> {
    pub(super) fn new(link: L, device: String) -> Self {
        Self { link, device, decoder: Decoder::new(), clean: false, known: None }
    }

    /// Asks and waits for the answer; an error answer is [`SignerError::Refused`].
    pub(super) fn ask(&mut self, ask: Ask, until: Until) -> Result<DeviceAnswer, SignerError> {
        let what = ask.name();
        let repeatable = ask.repeatable();
        let mut payload = Zeroizing::new(Request::from(ask).encode_to_vec());
        if repeatable && !self.clean {
            pad(&mut payload);
        }
        let mut sends = 0;
        loop {
            sends += 1;
            let again = repeatable && sends < SENDS;
            let id = FrameId::random(payload.len())
                .map_err(|e| SignerError::Unsupported { what, why: format!("no random numbers: {e}") })?;
            let frame = encode(FrameKind::Request, id, &payload);
            self.send(&frame, what, until)?;
            let mut turn = Turn { frame: &frame, id, accepted: false, sends: &mut sends, again };
            if let Some(response) = self.answer(&mut turn, what, until)? {
                self.clean = true;
                return match decode(&response, what)? {
                    DeviceAnswer::Error(e) => Err(SignerError::Refused { what, code: e.code, message: e.message }),
                    answer => Ok(answer),
                };
            }
        }
    }

    /// Waits for the response; `None` where the request should be sent again with a new id.
    fn answer(&mut self, turn: &mut Turn<'_>, what: &'static str, until: Until) -> Result<Option<Frame>, SignerError> {
        let patience = Until::from_now(UNACCEPTED);
        let mut buffer = [0; 16 * 1024];
        loop {
            while let Some(frame) =
                self.decoder.next_frame().map_err(|e| SignerError::Malformed { what, why: e.to_string() })?
            {
                match (frame.kind, frame.id == turn.id) {
                    (FrameKind::Accept, true) => turn.accepted = true,
                    // Before 2025-12-02 the gadget sent no accept: the answer is the first that is heard of it.
                    (FrameKind::Response, true) => return Ok(Some(frame)),
                    // The gadget lost what it was reading. The same id, because it may have the request all the same.
                    (FrameKind::Retry, _) if !turn.accepted && *turn.sends < SENDS => {
                        *turn.sends += 1;
                        self.send(turn.frame, what, until)?;
                    }
                    // Our request was read as the rest of a frame that an earlier host began.
                    (FrameKind::Response, false) if !turn.accepted && turn.again && is_bad_protobuf(&frame) => {
                        return Ok(None);
                    }
                    // A keep-alive, or an answer that an earlier host did not wait for.
                    _ => {}
                }
            }
            let left = until.left().ok_or_else(|| self.timeout(what, until))?;
            let again = (turn.again && !turn.accepted).then(|| patience.left().unwrap_or_default());
            let wait = again.filter(|again| *again < left);
            if wait.is_some_and(|w| w.is_zero()) {
                return Ok(None);
            }
            match self.link.receive(&mut buffer, wait.unwrap_or(left)) {
                Ok(read) => self.decoder.push(buffer.get(..read).unwrap_or_default()),
                Err(LinkError::Timeout) if wait.is_some() => return Ok(None),
                Err(e) => return Err(self.broken(e, what, until)),
            }
        }
    }

    fn send(&mut self, frame: &[u8], what: &'static str, until: Until) -> Result<(), SignerError> {
        let left = until.left().ok_or_else(|| self.timeout(what, until))?;
        self.link.send(frame, left).map_err(|e| self.broken(e, what, until))
    }

    fn broken(&self, error: LinkError, what: &'static str, until: Until) -> SignerError {
        match error {
            LinkError::Timeout => self.timeout(what, until),
            LinkError::Broken { why } => SignerError::Disconnected { device: self.device.clone(), why },
        }
    }

    fn timeout(&self, what: &'static str, until: Until) -> SignerError {
        SignerError::Timeout { device: self.device.clone(), what, after: until.after }
    }
}

/// Fills a request up to [`FIRST`] bytes with zeros.
fn pad(payload: &mut Vec<u8>) {
    // The field's tag, two bytes of its length, and what these count.
    let Some(zeros) = FIRST.checked_sub(payload.len() + PADDING.len() + 2) else { return };
    let Ok(length) = u16::try_from(zeros) else { return };
    payload.extend_from_slice(&PADDING);
    payload.extend_from_slice(&[(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
    payload.resize(FIRST, 0);
}

/// One sending of a request.
struct Turn<'a> {
    frame: &'a [u8],
    id: FrameId,
    accepted: bool,
    sends: &'a mut u8,
    again: bool,
}

fn is_bad_protobuf(frame: &Frame) -> bool {
    matches!(Response::decode(frame.payload.as_slice()), Ok(Response { answer: Some(DeviceAnswer::Error(e)) }) if e.code == 1)
}

fn decode(frame: &Frame, what: &'static str) -> Result<DeviceAnswer, SignerError> {
    Response::decode(frame.payload.as_slice())
        .map_err(|e| SignerError::Malformed { what, why: e.to_string() })?
        .answer
        .ok_or_else(|| SignerError::Malformed { what, why: "it is empty".to_owned() })
}
