//! The simulated device as a transport: in memory, and over TCP as Speculos serves it.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::{LedgerOptions, LedgerSim, Reply};
use failover_core::signer::SignerError;
use failover_core::signer::ledger::{ApduExchange, Wait, apdu, frame};

/// A simulated device that several hands hold: the tool, a baker, a person.
#[derive(Debug, Clone)]
pub struct SimLedger(Arc<Mutex<LedgerSim>>);

impl SimLedger {
    /// A new device.
    #[must_use]
    pub fn new(options: LedgerOptions) -> Self {
        Self(Arc::new(Mutex::new(LedgerSim::new(options))))
    }

    /// The device itself, for as long as the guard is kept.
    pub fn lock(&self) -> MutexGuard<'_, LedgerSim> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves the device with Speculos' framing to everybody who connects. Ends with the listener only.
    ///
    /// # Errors
    /// The listener's.
    pub fn serve(&self, listener: &TcpListener) -> io::Result<()> {
        loop {
            let (stream, _) = listener.accept()?;
            let device = self.clone();
            // A client that breaks off ends its own connection, nothing else.
            thread::spawn(move || device.serve_one(&stream, || true));
        }
    }

    /// Serves one who connected, for as long as the device is there.
    ///
    /// # Errors
    /// The stream's; its end is one.
    pub(crate) fn serve_one(&self, mut stream: &TcpStream, is_there: impl Fn() -> bool) -> io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            let request = frame::read_request(&mut stream)?;
            if !is_there() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let reply = self.lock().apdu(&request);
            let answer = match reply {
                Reply::Answer(answer) => answer,
                Reply::Silent => self.wait(stream, &is_there)?,
            };
            frame::write_answer(&mut stream, &answer)?;
        }
    }

    /// Waits for the person, as long as the client does: who waits when the button is pressed gets the answer, whatever was asked.
    fn wait(&self, stream: &TcpStream, is_there: impl Fn() -> bool) -> io::Result<Vec<u8>> {
        stream.set_read_timeout(Some(Duration::from_millis(5)))?;
        loop {
            if !is_there() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match stream.peek(&mut [0]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                // The next question, while a prompt is on the screen: it waits like the first.
                Ok(_) => thread::sleep(Duration::from_millis(5)),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(error) => return Err(error),
            }
            if let Some(late) = self.lock().take_late() {
                stream.set_read_timeout(None)?;
                return Ok(late);
            }
        }
    }
}

impl ApduExchange for SimLedger {
    /// Answers at once; a device that stays silent is a timeout at once, so that a drill can be fast.
    fn exchange(&mut self, request: &[u8], wait: Wait<'_>) -> Result<Vec<u8>, SignerError> {
        let reply = self.lock().apdu(request);
        match reply {
            Reply::Answer(answer) => Ok(answer),
            Reply::Silent => {
                Err(SignerError::Timeout { device: self.device(), what: apdu::name(request), after: wait.deadline })
            }
        }
    }

    fn device(&self) -> String {
        format!("ledger:{}", self.lock().options.name)
    }
}
