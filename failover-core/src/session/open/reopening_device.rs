//! A device that may be plugged in later: a watch goes on for weeks, and a card is pulled out and put back. A stop or a
//! guard does not wait for it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::config::Signer;
use crate::signer::traits::Replugged;
use crate::signer::{Arm, CheckedOrder, DeviceState, HwmSetter, Model, SignerDevice, SignerError};

/// Opens the device when it is first asked for, and anew where it was lost.
pub struct ReopeningDevice {
    signer: Signer,
    cancelled: Arc<AtomicBool>,
    device: Option<Box<dyn HwmSetter>>,
    /// Does it stay open between calls?
    open: bool,
}

impl ReopeningDevice {
    /// The device that this configuration names; what is set from outside ends a wait for its answer.
    #[must_use]
    pub const fn new(signer: Signer, cancelled: Arc<AtomicBool>) -> Self {
        Self { signer, cancelled, device: None, open: false }
    }

    fn with<T>(&mut self, ask: impl FnOnce(&mut dyn HwmSetter) -> Result<T, SignerError>) -> Result<T, SignerError> {
        if self.device.is_none() {
            let mut device = super::device(&self.signer, Arc::clone(&self.cancelled))?;
            if self.open {
                device.open();
            }
            self.device = Some(device);
        }
        let Some(device) = self.device.as_deref_mut() else {
            return Err(SignerError::NotFound { selector: self.signer.device.to_string() });
        };
        let answer = ask(device);
        // One that is silent has not lost its plug, and its driver knows that it is. Where the driver finds it again by itself it
        // also remembers what to lock.
        let anew = self.model().traits().replugged == Replugged::OpenedAnew;
        if anew && answer.as_ref().is_err_and(|error| self.is_lost(error)) {
            self.device = None;
        }
        answer
    }
}

impl std::fmt::Debug for ReopeningDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReopeningDevice").field("signer", &self.signer).finish_non_exhaustive()
    }
}

impl ReopeningDevice {
    fn is_lost(&self, error: &SignerError) -> bool {
        match error {
            SignerError::NotFound { .. }
            | SignerError::Ambiguous { .. }
            | SignerError::Permission { .. }
            | SignerError::Disconnected { .. } => true,
            // Another process has written down since which prompt that is.
            SignerError::Silent { .. } => self.signer.root.prompt().is_some(),
            _ => false,
        }
    }
}

impl SignerDevice for ReopeningDevice {
    fn model(&self) -> Model {
        self.signer.device.model()
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        self.with(|device| device.state())
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        self.with(|device| device.disarm())
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        self.with(|device| device.arm(arm))
    }
    fn unlock_may_end(&self) -> bool {
        self.device.as_ref().is_some_and(|device| device.unlock_may_end())
    }
    fn unlock_is_over(&mut self) {
        if let Some(device) = &mut self.device {
            device.unlock_is_over();
        }
    }
    fn hold(&mut self) -> Result<(), SignerError> {
        self.with(|device| device.hold())
    }
    fn holds(&self) -> bool {
        self.device.as_ref().is_some_and(|device| device.holds())
    }
    fn release(&mut self) {
        if let Some(device) = &mut self.device {
            device.release();
        }
    }
    fn open(&mut self) {
        self.open = true;
        if let Some(device) = &mut self.device {
            device.open();
        }
    }
    fn close(&mut self) {
        self.open = false;
        if let Some(device) = &mut self.device {
            device.close();
        }
    }
    fn version(&mut self) -> Result<Option<String>, SignerError> {
        self.with(|device| device.version())
    }
}

impl HwmSetter for ReopeningDevice {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        self.with(|device| device.send_level(order))
    }
}
