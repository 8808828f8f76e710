//! What is found of TezBake on a machine: which instance, its units, and where they keep their files.

use super::TezbakeControl;
use crate::baker::instance::{self, PATTERNS, Role, in_order_of_start, signs};
use crate::baker::layout::{self, Layout, Runs};
use crate::baker::process::Neighbours;
use crate::baker::systemctl::Systemctl;
use crate::baker::{BakerError, Depth, Instance, MarkFolder, UnitName, secret};
use crate::host::Host;

/// What may run on a guarded machine beside these units of TezBake's, by its instance: node and DAL node, as far as they are
/// installed. Changes nothing.
///
/// # Errors
/// systemctl does not say: unknown, not none (S3).
pub fn beside<H: Host>(host: H, units: &[UnitName]) -> Result<Vec<(Instance, Vec<UnitName>)>, BakerError> {
    let all = Systemctl::new(host).list(&PATTERNS)?;
    let mut ids: Vec<&str> = units.iter().filter(|unit| instance::bakes(unit)).filter_map(instance::id).collect();
    ids.sort_unstable();
    ids.dedup();
    let of = |id: &str| instance::nodes(&all, id);
    Ok(ids.into_iter().filter_map(|id| Some((id.parse().ok()?, of(id)))).collect())
}

/// Is it the name of a service of TezBake's that signs?
pub(in crate::baker) fn is_signing(name: &str) -> bool {
    name.parse().is_ok_and(|unit| signs(&unit))
}

impl<H: Host> TezbakeControl<H> {
    /// The signing units of the instance, as they are installed or loaded now. Looked for every time: an upgrade may change
    /// them.
    ///
    /// # Errors
    /// None is there, there are several instances and none of them is named, or systemctl does not say: unknown (S3).
    pub fn units(&mut self) -> Result<Vec<UnitName>, BakerError> {
        let all = self.systemctl.list(&PATTERNS)?;
        if self.all != all {
            self.all = all;
            self.layout = Layout::default();
        }
        let signing: Vec<UnitName> = self.all.iter().filter(|unit| signs(unit)).cloned().collect();
        if signing.is_empty() {
            return Err(self.systemctl.unclear("no signing service of TezBake is installed there"));
        }
        let id = self.chosen(&signing)?;
        let units: Vec<UnitName> = signing.into_iter().filter(|unit| instance::id(unit) == Some(id.as_str())).collect();
        if self.known != units {
            self.known.clone_from(&units);
            self.expect_known();
        }
        Ok(units)
    }

    /// The id of the instance that is meant. A unit of a person's own that is only named alike makes several, too: it signs, and
    /// its programs are nobody else's. What only forwards has to be laid out as TezBake's.
    fn chosen(&mut self, signing: &[UnitName]) -> Result<String, BakerError> {
        self.learn(signing)?;
        let wanted = self.instance.clone();
        let counts = |unit: &&UnitName| {
            let forwards = Role::of(unit) == Some(Role::Forwards);
            !forwards || self.layout.app(unit).is_some() || instance::id(unit).is_some_and(layout::is_default)
        };
        let mut ids: Vec<&str> = signing.iter().filter(counts).filter_map(instance::id).collect();
        ids.sort_unstable();
        ids.dedup();
        let of = |id: &str| self.all.iter().filter(move |unit| instance::id(unit) == Some(id)).collect::<Vec<_>>();
        let meant = |id: &&&str| match &wanted {
            Some(wanted) => {
                let mut folders = of(id).into_iter().filter_map(|unit| self.layout.instance(unit));
                wanted.is(id, None) || folders.any(|folder| wanted.is(id, Some(&folder)))
            }
            None => true,
        };
        let mut chosen = ids.iter().filter(meant);
        let (Some(id), None) = (chosen.next(), chosen.next()) else {
            let (host, ids) = (self.systemctl.host.name().to_owned(), ids.into_iter().map(str::to_owned).collect());
            return Err(BakerError::Instances { host, ids, wanted });
        };
        let apps = |id: &str| of(id).into_iter().filter_map(|unit| self.layout.app(unit)).collect::<Vec<_>>();
        let others = ids.iter().filter(|other| *other != id).flat_map(|other| apps(other)).collect();
        let (id, ours) = ((*id).to_owned(), apps(id));
        self.systemctl.neighbours = Neighbours::new(ours, others);
        Ok(id)
    }

    /// Learns what these units run.
    fn learn(&mut self, units: &[UnitName]) -> Result<(), BakerError> {
        if units.iter().all(|unit| self.layout.knows(unit)) {
            return Ok(());
        }
        let mut runs = Runs::parse(&self.systemctl.ask_about(&layout::SHOW, &PATTERNS)?);
        let missing: Vec<&str> =
            units.iter().filter(|unit| !runs.iter().any(|runs| runs.unit() == *unit)).map(UnitName::as_str).collect();
        if !missing.is_empty() {
            runs.extend(Runs::parse(&self.systemctl.ask_about(&layout::SHOW, &missing)?));
        }
        self.layout = Layout::new(runs);
        Ok(())
    }

    /// Where the secrets of this instance's tezsign services lie.
    pub(super) fn secret_places(&mut self, units: &[UnitName]) -> Result<Vec<String>, BakerError> {
        self.learn(units)?;
        let places: Result<Vec<_>, String> = units.iter().filter_map(|unit| self.layout.secret_places(unit)).collect();
        Ok(places.map_err(|why| self.systemctl.unclear(why))?.concat())
    }

    /// Where these units' programs keep what they signed.
    pub(super) fn folders(&mut self, wanted: impl Fn(&UnitName) -> bool) -> Result<Vec<MarkFolder>, BakerError> {
        if !self.mark_folders.is_empty() {
            return Ok(self.mark_folders.clone());
        }
        let units: Vec<UnitName> = self.units()?.into_iter().filter(wanted).collect();
        self.learn(&units)?;
        let folders: Result<Vec<_>, String> = units.iter().filter_map(|unit| self.layout.mark_folder(unit)).collect();
        let mut folders = folders.map_err(|why| self.systemctl.unclear(why))?;
        folders.dedup();
        Ok(folders)
    }

    /// Every unit of this instance that is started, in order: what signs nothing, and what signs.
    pub(super) fn started(&mut self) -> Result<(Vec<UnitName>, Vec<UnitName>), BakerError> {
        let units = self.units()?;
        let id = units.first().and_then(instance::id);
        let ours: Vec<UnitName> = self.all.iter().filter(|unit| instance::id(unit) == id).cloned().collect();
        Ok(in_order_of_start(&ours).into_iter().partition(|unit| !signs(unit)))
    }

    /// What this look will ask of the units that are known.
    pub(super) fn expect_known(&mut self) {
        let Some(depth) = self.depth else { return };
        self.systemctl.expect_units(&self.known);
        if depth == Depth::Guards {
            self.systemctl.expect_guard(&self.known, &self.token);
            let known = self.known.iter().filter_map(|unit| self.layout.secret_places(unit));
            let places: Vec<String> = known.filter_map(Result::ok).flatten().collect();
            if !places.is_empty() {
                let question = secret::words(secret::LOOK, &self.root, &places);
                self.systemctl.expect(&[], &[&question.iter().map(String::as_str).collect::<Vec<_>>()]);
            }
        }
    }
}
