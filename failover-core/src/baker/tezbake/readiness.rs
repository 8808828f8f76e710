//! Would a stop and a start of TezBake's services work (S17)?

use super::TezbakeControl;
use crate::baker::{BakerError, Readiness, Startable, instance, startable};
use crate::host::Host;

impl<H: Host> Readiness for TezbakeControl<H> {
    fn reads_back(&mut self) -> Result<(), BakerError> {
        let units = self.units()?;
        self.systemctl.reads_back(&units)
    }

    fn may_change(&mut self) -> Result<bool, BakerError> {
        self.systemctl.may_change()
    }

    fn startable(&mut self) -> Result<Startable, BakerError> {
        let units = self.units()?;
        let (folders, certain) = (self.folders(instance::bakes)?, self.mark_folders.is_empty());
        // The start would look for it, with the guard lifted already.
        let unclear = self.secret_places(&units).err().map(|error| error.to_string());
        self.systemctl.files(|host, elevation| {
            let mut missing = startable::missing(host, elevation, &units)?;
            missing.extend(unclear);
            Ok(Startable { missing, wallet: startable::wallet(host, elevation, &folders, certain)? })
        })
    }
}
