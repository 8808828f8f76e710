//! What signs on a machine, whatever runs it: its services by what they run, and what no service of the machine starts.
//! For a suggestion to a person; nothing is changed, and what is not found out is told, never taken for none (S3).
//!
//! # The commands that are run
//! Those by which [`systemd`](super::systemd) lists units, here `*.service`, and these. Where "Permission denied" was said, once
//! more by `sudo -n`.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl list-unit-files --no-legend --no-pager *@.service` | the templates, by the first word of each line |
//! | `find -L /etc/systemd/system -maxdepth 1 ( -name *@*.service.d ) -printf ENTRY` | instances that are not loaded: octez-manager gives each of its own a folder of drop-ins |
//! | `systemctl show -p Id,LoadState,ExecStart,Environment,EnvironmentFiles,User -- UNITS` | what each runs, as whom, with what in its environment; of a template an instance that is not there |
//! | `getent passwd` | name and home of each user: `$HOME` of a unit |
//! | `cat -- FILE` of an environment file, of Signatory's configuration | `NAME=VALUE`; `base_dir:`, and `driver:` below `watermark:` |
//! | `find -L FOLDERS -maxdepth 1 ( -name *.service ) -printf ENTRY`, `cat -- FILE` | users' own services: FOLDERS are `.config/systemd/user` of each home and the system's own of that kind |
//! | `docker ps --all --no-trunc --format FORMAT` | name, image and command of each container; a program that is not there is no docker |

use std::fmt;

use super::systemctl::Systemctl;
use super::{BakerError, MarkFolder, UnitName};
use crate::host::Host;

mod elsewhere;
mod folders;
mod service;

use elsewhere::Users;
use service::Service;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningSetup {
    /// The services that sign: those to be stopped and guarded.
    pub units: Vec<UnitName>,
    /// Where what they run keeps its marks.
    pub marks: Vec<MarkFolder>,
    /// What a person should know of it.
    pub notes: Vec<Note>,
}

/// Something else than a service that runs a signer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A service that is only named as one that signs.
    ByName {
        /// Which one. It is among the units.
        unit: UnitName,
        /// What it runs.
        runs: String,
    },
    /// A template whose instances would sign, none of which is known.
    Template {
        /// Its name, `NAME@.service`.
        template: String,
    },
    /// A user's own service. No guard can hold it.
    UserUnit {
        /// Its file.
        path: String,
    },
    /// A container. No guard can hold it.
    Container {
        /// Its name.
        name: String,
        /// Its image.
        image: String,
    },
    /// Where a service keeps its marks is not known.
    NoFolder {
        /// Which one.
        unit: UnitName,
        /// Why.
        why: String,
    },
    /// Something could not be looked for.
    Unknown {
        /// What was looked for.
        what: &'static str,
        /// Why it is not known.
        why: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByName { unit, runs } => {
                write!(
                    f,
                    "{unit} is named as if it signed, and what {runs} does is not known: leave it out if it does not"
                )
            }
            Self::Template { template } => {
                write!(
                    f,
                    "{template} runs what signs, and no instance of it is known: name in units those that are ever started"
                )
            }
            Self::UserUnit { path } => write!(
                f,
                "{path} is a user's own service and signs: no guard holds it; make it a service of the system (docs/setups/octez-packages.md)"
            ),
            Self::Container { name, image } => write!(
                f,
                "the container {name} ({image}) signs: no guard holds it; control = \"command\", see docs/setups/docker.md"
            ),
            Self::NoFolder { unit, why } => write!(f, "where {unit} keeps its marks is not known: {why}"),
            Self::Unknown { what, why } => write!(f, "{what} could not be looked for: {why}"),
        }
    }
}

/// The services of a machine that sign, by what they run and by TezBake's names, those among them that systemd has not loaded and
/// that have drop-ins: a guarded instance of a template is one.
///
/// # Errors
/// systemctl or find does not say: unknown, not none (S3).
pub fn units<H: Host>(host: H) -> Result<Vec<UnitName>, BakerError> {
    let services = service::all(&mut Systemctl::new(host))?;
    let signing = services.iter().filter(|service| service.is_real() && service.signs());
    Ok(signing.map(|service| service.unit().clone()).collect())
}

/// Looks for all of it on a machine.
pub fn look<H: Host>(host: H) -> SigningSetup {
    let mut systemctl = Systemctl::new(host);
    let mut setup = SigningSetup::default();
    let services = match service::all(&mut systemctl) {
        Ok(services) => services,
        Err(error) => {
            setup.notes.push(Note::Unknown { what: "services that sign", why: error.to_string() });
            Vec::new()
        }
    };
    let users = systemctl.files(Users::read);
    setup.judge(&services);
    for service in services.iter().filter(|service| setup.units.contains(service.unit())) {
        let found = systemctl.files(|host, elevation| folders::of(host, elevation, service, &users));
        match found {
            None => {}
            Some(Ok(folder)) => setup.marks.push(folder),
            Some(Err(why)) => setup.notes.push(Note::NoFolder { unit: service.unit().clone(), why }),
        }
    }
    setup.marks.sort();
    setup.marks.dedup();
    systemctl.files(|host, elevation| {
        setup.notes.extend(elsewhere::user_units(host, elevation, &users));
        setup.notes.extend(elsewhere::containers(host, elevation));
    });
    setup
}

impl SigningSetup {
    fn judge(&mut self, services: &[Service]) {
        for service in services.iter().filter(|service| service.is_real()) {
            let unit = service.unit();
            if service.signs() {
                self.units.push(unit.clone());
            } else if let Some(runs) = service.only_named() {
                self.units.push(unit.clone());
                self.notes.push(Note::ByName { unit: unit.clone(), runs: runs.to_owned() });
            }
        }
        for probe in services.iter().filter(|service| !service.is_real() && service.signs()) {
            let Some((stem, _)) = probe.unit().as_str().split_once('@') else { continue };
            let known = |unit: &UnitName| unit.as_str().split_once('@').is_some_and(|(of, _)| of == stem);
            if !self.units.iter().any(known) {
                self.notes.push(Note::Template { template: format!("{stem}@.service") });
            }
        }
    }
}
