//! A machine with TezBake is claimed, and gets its job back (S13).

use super::{START, TezbakeControl};
use crate::baker::give_back::{self, Job, Secrets};
use crate::baker::{BakerError, Claims, GiveBackOrder, GivenBack, claim, secret};
use crate::host::Host;
use crate::permit::{ClaimAnswer, ClaimOrder};

impl<H: Host> Claims for TezbakeControl<H> {
    fn claim(&mut self, order: &ClaimOrder) -> Result<ClaimAnswer, BakerError> {
        let root = &self.root;
        self.systemctl.files(|host, elevation| claim::claim(host, elevation, root, order))
    }

    fn give_back(&mut self, order: &GiveBackOrder) -> Result<GivenBack, BakerError> {
        let (mut beside, signing) = self.started()?;
        let units = self.units()?;
        let places = self.secret_places(&units)?;
        // One command, in which each has to start: what is not needed is left as it is.
        beside.retain(|unit| unit.as_str().ends_with("-xtz-node.service"));
        let words = ["systemctl", "start", "--"].into_iter().map(str::to_owned);
        let names = beside.iter().chain(&signing).map(ToString::to_string);
        let start = self.start.clone().unwrap_or_else(|| words.chain(names).collect());
        let (root, token) = (&self.root, Some(self.token.as_path()));
        self.systemctl.files(|host, elevation| {
            let secrets = match places.is_empty() {
                true => Secrets::default(),
                false => Secrets {
                    back: secret::words(secret::RESTORE, root, &places),
                    aside: secret::words(secret::STASH, root, &places),
                },
            };
            let stop = give_back::stop(&units);
            let job = Job { root, token, secrets, start, stop, limit: START, as_user: false };
            give_back::give_back(host, elevation, &job, order)
        })
    }
}
