//! A device on which something happens between the library's last reading and the sending, so that the driver's own reading is
//! all that is left.

use failover_core::HwmSetter;
use failover_core::signer::{Arm, CheckedOrder, DeviceState, Model, SignerDevice, SignerError};

pub(crate) struct Meanwhile<'a, D, F> {
    device: &'a mut D,
    happens: F,
}

/// `happens` right before whatever is sent to the device.
pub(crate) fn meanwhile<D: HwmSetter, F: FnMut(&mut D) + Send>(device: &mut D, happens: F) -> Meanwhile<'_, D, F> {
    Meanwhile { device, happens }
}

impl<D: HwmSetter, F: FnMut(&mut D) + Send> SignerDevice for Meanwhile<'_, D, F> {
    fn model(&self) -> Model {
        self.device.model()
    }
    fn state(&mut self) -> Result<DeviceState, SignerError> {
        self.device.state()
    }
    fn disarm(&mut self) -> Result<(), SignerError> {
        self.device.disarm()
    }
    fn arm(&mut self, arm: Arm<'_>) -> Result<(), SignerError> {
        (self.happens)(self.device);
        self.device.arm(arm)
    }
}

impl<D: HwmSetter, F: FnMut(&mut D) + Send> HwmSetter for Meanwhile<'_, D, F> {
    fn send_level(&mut self, order: &CheckedOrder<'_>) -> Result<(), SignerError> {
        (self.happens)(self.device);
        self.device.send_level(order)
    }
}
