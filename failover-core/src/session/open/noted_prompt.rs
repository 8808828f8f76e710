//! A device whose prompt an earlier command wrote down: once it can be read, what is written down is over, whichever
//! command reads it.

use crate::permit::Root;
use crate::signer::{Arm, CheckedOrder, DeviceState, HwmSetter, Model, SignerDevice, SignerError};

/// The device, and where its machine writes prompts down.
pub(super) struct Noted {
    device: Box<dyn HwmSetter>,
    root: Root,
}

impl Noted {
    /// This device of the machine with this root.
    pub(super) const fn new(device: Box<dyn HwmSetter>, root: Root) -> Self {
        Self { device, root }
    }
}

impl SignerDevice for Noted {
    fn model(&self) -> Model {
        self.device.model()
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        let state = self.device.state()?;
        self.root.device_answered();
        Ok(state)
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        self.device.disarm()
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        self.device.arm(arm)
    }
    fn unlock_may_end(&self) -> bool {
        self.device.unlock_may_end()
    }
    fn unlock_is_over(&mut self) {
        self.device.unlock_is_over();
    }
    fn hold(&mut self) -> Result<(), SignerError> {
        self.device.hold()
    }
    fn holds(&self) -> bool {
        self.device.holds()
    }
    fn release(&mut self) {
        self.device.release();
    }
    fn open(&mut self) {
        self.device.open();
    }
    fn close(&mut self) {
        self.device.close();
    }
    fn version(&mut self) -> Result<Option<String>, SignerError> {
        self.device.version()
    }
}

impl HwmSetter for Noted {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        self.device.send_level(order)
    }
}
