//! Is the primary's machine switched on? Asked of what feeds it: a PDU, a BMC, a hypervisor.

use std::time::Duration;

use super::BakerError;
use super::elevation::last_words;
use crate::host::Host;

/// A BMC that has to be woken takes some seconds.
const DEADLINE: Duration = Duration::from_secs(15);

/// What feeds the machine says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It has power.
    On,
    /// It has none: a rung of the fence.
    Off,
}

/// The user's own command (`power_status` in the configuration), an argv list that prints one word: `on` or `off`.
///
/// ```
/// use failover_core::baker::{Power, PowerStatus};
/// use failover_core::host::LocalHost;
/// let mut status = PowerStatus::new(Box::new(LocalHost::new()), vec!["echo".to_owned(), "off".to_owned()]);
/// assert_eq!(status.read()?, Power::Off);
/// # Ok::<(), failover_core::baker::BakerError>(())
/// ```
pub struct PowerStatus {
    host: Box<dyn Host>,
    argv: Vec<String>,
}

impl std::fmt::Debug for PowerStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PowerStatus").field("host", &self.host.name()).field("argv", &self.argv).finish()
    }
}

impl PowerStatus {
    /// Asks by this command, on this host.
    #[must_use]
    pub fn new(host: Box<dyn Host>, argv: Vec<String>) -> Self {
        Self { host, argv }
    }

    /// Who is asked, for a person.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} on {}", self.argv.first().map_or("nothing", String::as_str), self.host.name())
    }

    /// Asks, within 15 s.
    ///
    /// # Errors
    /// The command cannot be run, fails, or says anything but `on` or `off`: unknown (S3).
    pub fn read(&mut self) -> Result<Power, BakerError> {
        let argv: Vec<&str> = self.argv.iter().map(String::as_str).collect();
        let out = self.host.run(&argv, DEADLINE)?;
        let host = || self.host.name().to_owned();
        match (out.code, out.stdout.trim().to_ascii_lowercase().as_str()) {
            (0, "on") => Ok(Power::On),
            (0, "off") => Ok(Power::Off),
            (0, said) => {
                let said: String = said.chars().take(40).collect();
                let why = format!("the power status must print on or off, and printed {said:?}");
                Err(BakerError::Unclear { host: host(), why })
            }
            (code, _) => {
                let what = argv.first().copied().unwrap_or_default().to_owned();
                Err(BakerError::Failed { host: host(), what, code, message: last_words(&out) })
            }
        }
    }
}
