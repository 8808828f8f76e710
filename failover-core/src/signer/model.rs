//! Which kind of device: a name, and what that kind can do.

use std::fmt;

use serde::Serialize;

use super::traits::Traits;

/// Which kind of device: an open enumeration, whose values the drivers add in their own folders. Two that are equal have
/// the same name and the same traits.
///
/// It is written by its name, as journals and `--json` have it; read back it is one of the
/// [registry](super::registry). Only a driver should ask which one it is: what else is to be known is in its
/// [`Traits`].
///
/// ```
/// use failover_core::signer::Model;
/// use failover_core::signer::traits::ArmedBy;
/// assert_eq!(Model::TezSign.name(), "tezsign");
/// assert_eq!(Model::Ledger.traits().armed_by, ArmedBy::Press);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Model {
    name: &'static str,
    title: &'static str,
    traits: &'static Traits,
}

impl Model {
    /// A kind of device. `name` is what it is called in selectors and records: lowercase letters and digits. `title` is what
    /// a person reads. The names of the [registry](super::registry) are taken: a record with one of them is read as that signer's.
    #[must_use]
    pub const fn new(name: &'static str, title: &'static str, traits: &'static Traits) -> Self {
        Self { name, title, traits }
    }

    /// Its name in selectors and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What it can do.
    #[must_use]
    pub const fn traits(self) -> &'static Traits {
        self.traits
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title)
    }
}

impl Serialize for Model {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}
