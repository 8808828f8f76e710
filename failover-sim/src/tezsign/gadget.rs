//! A handle to a simulated gadget: the real driver connects to it in memory, several processes of the simulated
//! machine at a time, each interface claimed by one of them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::TezSignSim;
use crate::wire::{Mishap, Wire, whole};
use failover_core::clock::Clock;
use failover_core::signer::SignerError;
use failover_core::signer::tezsign::frame::HEADER_LEN;
use failover_core::signer::tezsign::{Connect, Interface, Link, LinkError};

struct Shared {
    sim: TezSignSim,
    plugged: bool,
    /// Counts unplugging: a link that was opened before is dead.
    era: u64,
    /// Who holds sign and management: a claim's number and its holder's name.
    claims: [Option<(u64, String)>; 2],
    next_claim: u64,
    /// What was answered and not read yet: the next host reads it first.
    unread: [Vec<u8>; 2],
}

const fn place(interface: Interface) -> usize {
    match interface {
        Interface::Sign => 0,
        Interface::Management => 1,
    }
}

/// A simulated gadget on a simulated machine, as one process sees it. Clones share the gadget.
#[derive(Clone)]
pub struct SimGadget {
    shared: Arc<Mutex<Shared>>,
    clock: Arc<dyn Clock>,
    holder: String,
    /// What can go wrong between this process and the gadget.
    wire: Option<Wire>,
}

impl SimGadget {
    /// Plugs a gadget in.
    #[must_use]
    pub fn new(sim: TezSignSim, clock: Arc<dyn Clock>) -> Self {
        let (claims, unread) = (Default::default(), Default::default());
        let shared = Shared { sim, plugged: true, era: 0, claims, next_claim: 0, unread };
        Self { shared: Arc::new(Mutex::new(shared)), clock, holder: "failover".to_owned(), wire: None }
    }

    /// The same gadget as another process sees it; `holder` is what a claim is named by.
    #[must_use]
    pub fn seen_by(&self, holder: &str) -> Self {
        Self { holder: holder.to_owned(), wire: None, ..self.clone() }
    }

    /// The same gadget for this process, at the end of a wire on which things go wrong.
    pub(crate) fn over(self, wire: Wire) -> Self {
        Self { wire: Some(wire), ..self }
    }

    /// Looks into the gadget, or changes it behind everybody's back.
    pub fn with<T>(&self, act: impl FnOnce(&mut TezSignSim) -> T) -> T {
        act(&mut self.lock().sim)
    }

    /// Pulls its cable: every open link breaks. Keys stay unlocked while it has power from elsewhere; else call
    /// [`TezSignSim::power_cycle`] too.
    pub fn unplug(&self) {
        let mut shared = self.lock();
        shared.plugged = false;
        shared.era += 1;
        shared.claims = Default::default();
        shared.unread = Default::default();
    }

    /// Plugs it in again.
    pub fn plug(&self) {
        self.lock().plugged = true;
    }

    /// Who holds an interface.
    #[must_use]
    pub fn holder(&self, interface: Interface) -> Option<String> {
        self.lock().claims.get(place(interface)).cloned().flatten().map(|(_, holder)| holder)
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SimGadget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimGadget").field("holder", &self.holder).finish_non_exhaustive()
    }
}

impl Connect for SimGadget {
    type Link = SimLink;

    fn open(&mut self, interface: Interface, _deadline: Duration) -> Result<SimLink, SignerError> {
        let mut shared = self.lock();
        if !shared.plugged {
            return Err(SignerError::NotFound { selector: self.selector() });
        }
        let claim = shared.next_claim;
        let era = shared.era;
        let device = shared.sim.name().to_owned();
        match shared.claims.get_mut(place(interface)) {
            Some(Some((_, holder))) => return Err(SignerError::Busy { device, holder: holder.clone() }),
            Some(free) => *free = Some((claim, self.holder.clone())),
            None => {}
        }
        shared.next_claim += 1;
        shared.sim.opened(interface);
        drop(shared);
        Ok(SimLink { gadget: self.clone(), interface, claim, era, late: 0 })
    }

    fn selector(&self) -> String {
        "tezsign".to_owned()
    }

    fn serial(&self) -> Option<String> {
        Some(self.with(|sim| sim.serial().to_owned()))
    }
}

/// A claimed interface of a simulated gadget; dropping it gives the interface free.
#[derive(Debug)]
pub struct SimLink {
    gadget: SimGadget,
    interface: Interface,
    claim: u64,
    era: u64,
    /// The next answer takes so many seconds.
    late: u64,
}

impl SimLink {
    /// Sends bytes and takes all that is there to read: what a server of the gadget does with what a client wrote.
    ///
    /// # Errors
    /// The gadget was unplugged.
    pub fn pass(&mut self, bytes: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.send(bytes, Duration::ZERO)?;
        let mut shared = self.shared()?;
        Ok(shared.unread.get_mut(place(self.interface)).map(std::mem::take).unwrap_or_default())
    }

    /// The gadget takes a frame, and its answer lies ready to be read, or what became of it.
    fn pass_on(&mut self, frame: &[u8], mishap: Option<Mishap>) -> Result<(), LinkError> {
        let now = self.gadget.clock.now();
        let mut shared = self.shared()?;
        if mishap == Some(Mishap::Dropped) {
            return Ok(());
        }
        let mut answer = shared.sim.receive(self.interface, frame, now);
        match mishap {
            Some(Mishap::Lost) => answer.clear(),
            Some(Mishap::Twice) => answer.extend_from_within(..),
            Some(Mishap::Cut) => answer.truncate(answer.len() / 2),
            Some(Mishap::Garbage(number)) => garble(&mut answer, number),
            _ => {}
        }
        if let Some(unread) = shared.unread.get_mut(place(self.interface)) {
            unread.extend_from_slice(&answer);
        }
        drop(shared);
        if let Some(Mishap::Late(seconds)) = mishap {
            self.late = seconds;
        }
        Ok(())
    }

    fn shared(&self) -> Result<MutexGuard<'_, Shared>, LinkError> {
        let shared = self.gadget.lock();
        if shared.plugged && shared.era == self.era {
            Ok(shared)
        } else {
            Err(LinkError::Broken { why: "it was unplugged".to_owned() })
        }
    }
}

impl Link for SimLink {
    fn send(&mut self, frame: &[u8], _deadline: Duration) -> Result<(), LinkError> {
        match self.gadget.wire.clone() {
            None => self.pass_on(frame, None),
            Some(wire) => wire.exchange(|mishap| self.pass_on(frame, mishap)),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, LinkError> {
        let late = std::mem::take(&mut self.late);
        if let Some(wire) = self.gadget.wire.as_ref().filter(|_| late > 0)
            && !wire.waits(late, whole(deadline))
        {
            return Err(LinkError::Timeout);
        }
        let mut shared = self.shared()?;
        let read = shared.unread.get_mut(place(self.interface)).map_or(0, |unread| {
            let read = unread.len().min(buffer.len());
            for (to, from) in buffer.iter_mut().zip(unread.drain(..read)) {
                *to = from;
            }
            read
        });
        drop(shared);
        if read > 0 {
            return Ok(read);
        }
        // Nothing more will come: the gadget answers as soon as it is asked.
        self.gadget.clock.sleep(if self.gadget.wire.is_some() { whole(deadline) } else { deadline });
        Err(LinkError::Timeout)
    }
}

/// What a broken transfer leaves: bytes of no frame before the answer, a header with a wrong bit, or both.
fn garble(answer: &mut Vec<u8>, number: u64) {
    let [kind, bit, byte, length, ..] = number.to_be_bytes();
    let header = usize::from(byte) % HEADER_LEN;
    if kind % 3 != 0
        && let Some(byte) = answer.get_mut(header)
    {
        *byte ^= 1 << (bit % 8);
    }
    if kind % 3 != 1 {
        let noise = (0..length).map(|index| index.wrapping_mul(bit | 1).wrapping_add(byte));
        answer.splice(0..0, noise);
    }
}

impl Drop for SimLink {
    fn drop(&mut self) {
        let mut shared = self.gadget.lock();
        if let Some(claim) = shared.claims.get_mut(place(self.interface)) {
            claim.take_if(|(number, _)| *number == self.claim);
        }
    }
}
