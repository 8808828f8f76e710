//! A Ledger with the Tezos Baking app 2.5.1, byte for byte: what is known of it from its source and from exchanges
//! recorded from the unmodified app, quirks included.
//!
//! Left out: reveals and delegations (SIGN answers 9405), HMAC, and AUTHORIZE_BAKING without a path.

use std::collections::{BTreeMap, VecDeque};

use failover_core::signer::ledger::apdu::LedgerKey;
use failover_core::signer::ledger::{KeyPath, StatusWord};

mod handle;
mod keys;
mod memory;
mod sign;

pub use handle::SimLedger;
pub use memory::{HighWatermark, Memory};

use super::book::SignatureBook;

/// How a simulated device is made.
#[derive(Debug, Clone, Default)]
pub struct LedgerOptions {
    /// Its name in the book of signatures.
    pub name: String,
    /// Two devices with the same seed have the same keys.
    pub seed: String,
    /// Public keys that are not made from the seed but given, in the app's form without the length byte: recorded ones.
    pub keys: BTreeMap<(KeyPath, u8), Vec<u8>>,
    /// Where every signature is written down.
    pub book: SignatureBook,
    /// The setting "High Watermark: disabled": marks and DEAUTHORIZE are lost at power-off.
    pub hwm_disabled: bool,
}

/// What the person at the device does with a prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Person {
    /// Presses both buttons at once.
    #[default]
    Accepts,
    /// Rejects at once.
    Rejects,
    /// Leaves the prompt on the screen, until [`LedgerSim::press`] or [`LedgerSim::reject`].
    Ignores,
    /// Accepts, and the PIN lock comes in that moment: everything is set, and the answer is 6982.
    AcceptsAndLocks,
}

/// What comes back over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Data and status word.
    Answer(Vec<u8>),
    /// Nothing: a prompt is on the screen, and what was sent was dropped, or is that prompt's own question.
    Silent,
}

#[derive(Debug, Clone)]
enum Prompt {
    Setup { key: LedgerKey, chain: u32, main: u32, test: u32 },
    Reset(u32),
    Authorize(LedgerKey),
    PublicKey(LedgerKey),
}

/// The device.
#[derive(Debug)]
pub struct LedgerSim {
    options: LedgerOptions,
    /// What the app works with, and what survives a power cycle.
    ram: Memory,
    nvram: Memory,
    /// The key that the next SIGN uses; GET_PUBLIC_KEY, SETUP and AUTHORIZE change it too (one global in the app).
    selected: Option<LedgerKey>,
    /// Packets of a message so far.
    packets: u8,
    locked: bool,
    /// Another app's name, where one is open.
    other_app: Option<String>,
    prompt: Option<Prompt>,
    /// The answer to a prompt that was answered after its question was given up: given to the next question.
    late: Option<Vec<u8>>,
    person: Person,
    script: VecDeque<Person>,
    /// Is anybody there to press its buttons?
    attended: bool,
    requests: usize,
}

/// The app's commit, as GIT gives it.
const COMMIT: &[u8] = b"50ec8cfc\0";
const VERSION: [u8; 4] = [1, 2, 5, 1];

impl LedgerSim {
    /// A device as it leaves the factory, unlocked, with the Baking app open and a person who accepts.
    #[must_use]
    pub fn new(options: LedgerOptions) -> Self {
        let memory = Memory { hwm_disabled: options.hwm_disabled, ..Memory::default() };
        Self {
            options,
            ram: memory.clone(),
            nvram: memory,
            selected: None,
            packets: 0,
            locked: false,
            other_app: None,
            prompt: None,
            late: None,
            person: Person::default(),
            script: VecDeque::new(),
            attended: true,
            requests: 0,
        }
    }

    /// What the person does with every prompt from now on.
    pub const fn person(&mut self, person: Person) {
        self.person = person;
    }

    /// Is anybody there? Without, every prompt stays.
    pub const fn attend(&mut self, attended: bool) {
        self.attended = attended;
    }

    /// Is anybody there?
    #[must_use]
    pub const fn is_attended(&self) -> bool {
        self.attended
    }

    /// What the person does with the next prompts, before it goes on as [`LedgerSim::person`] said.
    pub fn script(&mut self, persons: impl IntoIterator<Item = Person>) {
        self.script.extend(persons);
    }

    /// Accepts the prompt on the screen, late: the change takes effect, and the answer goes to whatever is asked
    /// next. False where there is no prompt.
    pub fn press(&mut self) -> bool {
        let Some(prompt) = self.prompt.take() else { return false };
        self.late = Some(self.accept(prompt));
        true
    }

    /// Rejects the prompt on the screen, late. False where there is none.
    pub fn reject(&mut self) -> bool {
        let prompted = self.prompt.take().is_some();
        if prompted {
            self.late = Some(status(StatusWord::Rejected));
        }
        prompted
    }

    /// Locks the device, or enters its PIN.
    pub const fn lock(&mut self, locked: bool) {
        self.locked = locked;
    }

    /// Opens another app, or the Baking app again for `None`.
    pub fn open_app(&mut self, other: Option<&str>) {
        self.other_app = other.map(str::to_owned);
        self.restart();
    }

    /// Power lost and back: what was not written to flash is gone.
    pub fn power_cycle(&mut self) {
        self.restart();
    }

    fn restart(&mut self) {
        self.ram = self.nvram.clone();
        (self.selected, self.packets, self.prompt, self.late) = (None, 0, None, None);
    }

    /// What the app works with now.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.ram
    }

    /// Is a prompt on the screen?
    #[must_use]
    pub const fn is_prompting(&self) -> bool {
        self.prompt.is_some()
    }

    /// How many APDUs reached the device.
    #[must_use]
    pub const fn requests(&self) -> usize {
        self.requests
    }

    /// Takes the late answer, for a transport that has somebody waiting.
    pub(super) const fn take_late(&mut self) -> Option<Vec<u8>> {
        self.late.take()
    }

    /// One APDU.
    pub fn apdu(&mut self, request: &[u8]) -> Reply {
        self.requests += 1;
        if let Some(late) = self.late.take() {
            return Reply::Answer(late);
        }
        if self.prompt.is_some() {
            return Reply::Silent;
        }
        match self.dispatch(request) {
            Ok(Outcome::Data(data)) => Reply::Answer(ok(data)),
            Ok(Outcome::Prompt(prompt)) => self.ask(prompt),
            Err(word) => {
                self.packets = 0;
                Reply::Answer(status(word))
            }
        }
    }

    fn ask(&mut self, prompt: Prompt) -> Reply {
        let person = self.script.pop_front().unwrap_or(self.person);
        match if self.attended { person } else { Person::Ignores } {
            Person::Accepts => Reply::Answer(self.accept(prompt)),
            Person::Rejects => Reply::Answer(status(StatusWord::Rejected)),
            Person::AcceptsAndLocks => {
                self.locked = true;
                Reply::Answer(self.accept(prompt))
            }
            Person::Ignores => {
                self.prompt = Some(prompt);
                Reply::Silent
            }
        }
    }

    fn accept(&mut self, prompt: Prompt) -> Vec<u8> {
        let key = match prompt {
            Prompt::Reset(level) => {
                self.ram.reset(level);
                self.nvram = self.ram.clone();
                return status(StatusWord::Ok);
            }
            Prompt::Setup { key, chain, main, test } => {
                self.ram.setup(key.clone(), chain, main, test);
                self.nvram = self.ram.clone();
                key
            }
            Prompt::Authorize(key) => {
                self.ram.key = Some(key.clone());
                self.keep(|from, to| to.key = from.key.clone());
                key
            }
            Prompt::PublicKey(key) => key,
        };
        if self.locked { status(StatusWord::Security) } else { ok(self.public_key_answer(&key)) }
    }

    /// Writes a part of the memory to flash, unless the setting keeps it from being written.
    fn keep(&mut self, part: impl FnOnce(&Memory, &mut Memory)) {
        if !self.nvram.hwm_disabled {
            part(&self.ram, &mut self.nvram);
        }
    }

    fn dispatch(&mut self, request: &[u8]) -> Result<Outcome, StatusWord> {
        // The system answers before any app sees the APDU.
        if self.locked {
            return Err(StatusWord::Locked);
        }
        if let [0xb0, 0x01, 0, 0, ..] = request {
            return Ok(Outcome::Data(self.app_and_version()));
        }
        let (head, data) = match request {
            [cla, ins, p1, p2] => ([*cla, *ins, *p1, *p2], &[][..]),
            [cla, ins, p1, p2, len, data @ ..] if usize::from(*len) == data.len() => ([*cla, *ins, *p1, *p2], data),
            _ => return Err(StatusWord::WrongLength),
        };
        if self.other_app.is_some() || head.first() != Some(&0x80) {
            return Err(StatusWord::WrongClass);
        }
        let [_, instruction, p1, p2] = head;
        self.instruction(instruction, p1, p2, data)
    }

    fn instruction(&mut self, instruction: u8, p1: u8, p2: u8, data: &[u8]) -> Result<Outcome, StatusWord> {
        match instruction {
            0x00 | 0x07 | 0x08 | 0x09 | 0x0b | 0x0c | 0x0d => {
                if p1 != 0 || p2 != 0 {
                    return Err(StatusWord::WrongParameters);
                }
                if !data.is_empty() {
                    return Err(StatusWord::WrongValues);
                }
                Ok(Outcome::Data(self.plain(instruction)))
            }
            0x01..=0x03 => {
                let derivation = keys::derivation(p1, p2)?;
                let (path, rest) = keys::path(data).ok_or(StatusWord::WrongValues)?;
                if !rest.is_empty() {
                    return Err(StatusWord::WrongLength);
                }
                let key = LedgerKey { path, derivation };
                self.selected = Some(key.clone());
                Ok(match instruction {
                    0x01 => Outcome::Prompt(Prompt::Authorize(key)),
                    0x03 => Outcome::Prompt(Prompt::PublicKey(key)),
                    _ => Outcome::Data(self.public_key_answer(&key)),
                })
            }
            0x06 => {
                if p1 != 0 || p2 != 0 {
                    return Err(StatusWord::WrongParameters);
                }
                let (level, rest) = keys::u32(data).ok_or(StatusWord::WrongValues)?;
                if !memory::is_valid_level(level) {
                    return Err(StatusWord::WrongValues);
                }
                if rest.is_empty() { Ok(Outcome::Prompt(Prompt::Reset(level))) } else { Err(StatusWord::WrongLength) }
            }
            0x0a => {
                let derivation = keys::derivation(p1, p2)?;
                let (chain, rest) = keys::u32(data).ok_or(StatusWord::WrongValues)?;
                let (main, rest) = keys::u32(rest).ok_or(StatusWord::WrongValues)?;
                let (test, rest) = keys::u32(rest).ok_or(StatusWord::WrongValues)?;
                let (path, rest) = keys::path(rest).ok_or(StatusWord::WrongValues)?;
                if !rest.is_empty() {
                    return Err(StatusWord::WrongLength);
                }
                let key = LedgerKey { path, derivation };
                self.selected = Some(key.clone());
                Ok(Outcome::Prompt(Prompt::Setup { key, chain, main, test }))
            }
            0x04 | 0x0f => self.sign(instruction == 0x0f, p1, p2, data).map(Outcome::Data),
            _ => Err(StatusWord::UnknownInstruction),
        }
    }

    /// The instructions without parameters or data.
    fn plain(&mut self, instruction: u8) -> Vec<u8> {
        match instruction {
            0x00 => VERSION.to_vec(),
            0x07 => self.ram.key.as_ref().map_or_else(|| vec![0], |key| key.path.to_bytes()),
            0x08 => self.ram.main.bytes().to_vec(),
            0x09 => COMMIT.to_vec(),
            0x0b => [&self.ram.main.bytes()[..], &self.ram.test.bytes(), &self.ram.chain.to_be_bytes()].concat(),
            0x0d => match &self.ram.key {
                Some(key) => [&[key.derivation.byte()][..], &key.path.to_bytes()].concat(),
                None => vec![0, 0],
            },
            _ => {
                self.ram.key = None;
                self.keep(|from, to| to.key = from.key.clone());
                Vec::new()
            }
        }
    }

    fn app_and_version(&self) -> Vec<u8> {
        let (name, version) = match &self.other_app {
            Some(name) => (name.as_bytes(), &b"1.0.0"[..]),
            None => (&b"Tezos Baking"[..], &b"2.5.1"[..]),
        };
        let len = |text: &[u8]| u8::try_from(text.len()).unwrap_or(u8::MAX);
        [&[1, len(name)], name, &[len(version)], version, &[1, 0]].concat()
    }
}

enum Outcome {
    Data(Vec<u8>),
    Prompt(Prompt),
}

fn status(word: StatusWord) -> Vec<u8> {
    word.code().to_be_bytes().to_vec()
}

fn ok(mut data: Vec<u8>) -> Vec<u8> {
    data.extend(StatusWord::Ok.code().to_be_bytes());
    data
}
