//! A machine that bakes: its control, and what else it can be asked.

use std::time::Duration;

use super::{
    BakerControl, BakerError, BakerState, BootGuards, Claims, Looks, MachineIdentity, MarkFiles, Payouts, Readiness,
    SeedNonces, ServiceLog, UnlockSecrets,
};

mod lacking;

/// A control, and which of the small traits it has. The procedure takes nothing less.
///
/// No answer has a default: the compiler asks for each of them where a control is written or wrapped. `None` means that it
/// is unknown (S3), never that there is nothing: a machine that keeps no unlock secret has the trait, and answers
/// [`UnlockSecret::None`](super::UnlockSecret::None). What follows where a machine lacks one is written down once, in the
/// methods of `dyn BakerMachine`: nobody else asks the traits that guard something.
///
/// A control with nothing else is a [`Bare`].
///
/// ```
/// use std::time::Duration;
/// use failover_core::baker::*;
/// use failover_core::host::HostIdentity;
///
/// struct Ours;
/// # impl BakerControl for Ours {
/// #     fn describe(&self) -> String { "ours".to_owned() }
/// #     fn state(&mut self) -> Result<BakerState, BakerError> { Ok(BakerState::Stopped { checked: Vec::new() }) }
/// #     fn stop(&mut self) -> Result<(), BakerError> { Ok(()) }
/// #     fn start(&mut self) -> Result<(), BakerError> { Ok(()) }
/// #     fn restart_delay(&mut self) -> Result<Duration, BakerError> { Ok(Duration::from_secs(30)) }
/// # }
/// // ... with its BakerControl, and one of the small traits:
/// impl MachineIdentity for Ours {
///     fn identity(&mut self) -> Result<HostIdentity, BakerError> {
///         Ok(HostIdentity { machine_id: "5f0c6a...".to_owned() })
///     }
/// }
/// impl BakerMachine for Ours {
///     fn machine_identity(&mut self) -> Option<&mut dyn MachineIdentity> { Some(self) }
///     fn looks(&mut self) -> Option<&mut dyn Looks> { None }
///     fn mark_files(&mut self) -> Option<&mut dyn MarkFiles> { None }
///     fn seed_nonces(&mut self) -> Option<&mut dyn SeedNonces> { None }
///     fn boot_guards(&mut self) -> Option<&mut dyn BootGuards> { None }
///     fn unlock_secrets(&mut self) -> Option<&mut dyn UnlockSecrets> { None }
///     fn claims(&mut self) -> Option<&mut dyn Claims> { None }
///     fn readiness(&mut self) -> Option<&mut dyn Readiness> { None }
///     fn payouts(&mut self) -> Option<&mut dyn Payouts> { None }
///     fn service_log(&mut self) -> Option<&mut dyn ServiceLog> { None }
/// }
/// let mut machine: Box<dyn BakerMachine> = Box::new(Ours);
/// assert!(machine.identity().is_ok());
/// assert!(machine.boot_guard().is_err() && machine.marks("NetXdQprcVkpaWU".parse()?).is_err(), "unknown");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait BakerMachine: BakerControl {
    /// Which machine it is. `None`: it cannot be told from another (H19).
    fn machine_identity(&mut self) -> Option<&mut dyn MachineIdentity>;
    /// Many questions at once. `None`: each is asked when it comes up.
    fn looks(&mut self) -> Option<&mut dyn Looks>;
    /// What was signed there. `None`: no bound comes from there (S2).
    fn mark_files(&mut self) -> Option<&mut dyn MarkFiles>;
    /// The seed nonces there. `None`: they may be lost (H16).
    fn seed_nonces(&mut self) -> Option<&mut dyn SeedNonces>;
    /// The boot guard there. `None`: what signs there may start again at any time (H3).
    fn boot_guards(&mut self) -> Option<&mut dyn BootGuards>;
    /// What unlocks keys there. `None`: something may (H3).
    fn unlock_secrets(&mut self) -> Option<&mut dyn UnlockSecrets>;
    /// Claims and giving back. `None`: a run there is not excluded (S13).
    fn claims(&mut self) -> Option<&mut dyn Claims>;
    /// Would a stop and a start work? `None`: that shows when they are tried (S17).
    fn readiness(&mut self) -> Option<&mut dyn Readiness>;
    /// What pays there. `None`: a person has to know.
    fn payouts(&mut self) -> Option<&mut dyn Payouts>;
    /// What the services there complain of. `None`: nothing is told of it.
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog>;
}

/// A control and nothing else: whatever its machine is asked beside that is unknown.
///
/// A primary like that is fenced as one that cannot be reached: by its signer that is unplugged, or its power, in a person's
/// words. A backup like that is refused.
#[derive(Debug, Clone)]
pub struct Bare<C>(C);

impl<C: BakerControl> Bare<C> {
    /// This control alone.
    pub const fn new(control: C) -> Self {
        Self(control)
    }
}

impl<C: BakerControl> BakerControl for Bare<C> {
    fn describe(&self) -> String {
        self.0.describe()
    }

    fn state(&mut self) -> Result<BakerState, BakerError> {
        self.0.state()
    }

    fn stop(&mut self) -> Result<(), BakerError> {
        self.0.stop()
    }

    fn start(&mut self) -> Result<(), BakerError> {
        self.0.start()
    }

    fn restart_delay(&mut self) -> Result<Duration, BakerError> {
        self.0.restart_delay()
    }
}

impl<C: BakerControl> BakerMachine for Bare<C> {
    fn machine_identity(&mut self) -> Option<&mut dyn MachineIdentity> {
        None
    }
    fn looks(&mut self) -> Option<&mut dyn Looks> {
        None
    }
    fn mark_files(&mut self) -> Option<&mut dyn MarkFiles> {
        None
    }
    fn seed_nonces(&mut self) -> Option<&mut dyn SeedNonces> {
        None
    }
    fn boot_guards(&mut self) -> Option<&mut dyn BootGuards> {
        None
    }
    fn unlock_secrets(&mut self) -> Option<&mut dyn UnlockSecrets> {
        None
    }
    fn claims(&mut self) -> Option<&mut dyn Claims> {
        None
    }
    fn readiness(&mut self) -> Option<&mut dyn Readiness> {
        None
    }
    fn payouts(&mut self) -> Option<&mut dyn Payouts> {
        None
    }
    fn service_log(&mut self) -> Option<&mut dyn ServiceLog> {
        None
    }
}
