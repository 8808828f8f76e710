//! A service of a machine, as systemd keeps it.

use std::time::Duration;

use super::conf::Conf;
use failover_core::clock::Timestamp;

/// What a service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    Node,
    Baker,
    Accuser,
    /// octez-signer in front of a Ledger.
    Signer,
    /// The tezsign host service: it unlocks by itself where it has a secret, and holds the sign interface.
    TezSign,
    /// TezPay.
    Pay,
}

impl Job {
    /// The program that runs, as it stands in the process list.
    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Node => "octez-node",
            Self::Baker => "octez-baker",
            Self::Accuser => "octez-accuser",
            Self::Signer => "octez-signer",
            Self::TezSign => "tezsign",
            Self::Pay => "tezpay",
        }
    }

    /// Its command line, as Tezos Baking's units have it (xtz.node, xtz.signer, 2026).
    pub(crate) const fn arguments(self) -> &'static str {
        match self {
            Self::Node => "/bake-buddy/node/bin/node run --data-dir /bake-buddy/node/data/.tezos-node",
            Self::Baker => {
                "/bake-buddy/node/bin/octez-baker --remote-signer http://127.0.0.1:20090/ run with local node \
                 /bake-buddy/node/data/.tezos-node baker --without-dal"
            }
            Self::Accuser => "/bake-buddy/node/bin/octez-accuser run",
            Self::Signer => "/bake-buddy/signer/bin/octez-signer launch http signer --address 127.0.0.1 --port 20090",
            Self::TezSign => "/bake-buddy/signer/bin/tezsign run --no-retry",
            Self::Pay => "/bake-buddy/pay/bin/tezpay --path=/bake-buddy/pay continual",
        }
    }

    /// What its unit starts.
    pub(crate) fn starts(self) -> &'static str {
        match self {
            Self::TezSign => super::secret::SCRIPT,
            _ => self.arguments().split(' ').next().unwrap_or_default(),
        }
    }

    /// Its `Environment=`, as TezBake writes it.
    pub(crate) const fn environment(self) -> &'static str {
        match self {
            Self::Node | Self::Baker | Self::Accuser => "HOME=/bake-buddy/node/data \"TEZOS_LOG=* -> info\"",
            Self::Signer => "HOME=/bake-buddy/signer/data \"TEZOS_LOG=* -> info\"",
            Self::TezSign => "",
            Self::Pay => "HOME=/bake-buddy/pay",
        }
    }

    /// Does it sign, or ask for signatures?
    pub(crate) const fn signs(self) -> bool {
        matches!(self, Self::Baker | Self::Signer | Self::TezSign)
    }
}

/// Is it running?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Running {
    /// inactive, dead.
    No,
    /// active, running, since then.
    Yes { pid: u32, since: Timestamp },
    /// activating, auto-restart, until then.
    Waiting { until: Timestamp },
    /// failed.
    Failed,
}

/// A service.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) job: Job,
    pub(crate) enabled: bool,
    pub(crate) running: Running,
    pub(crate) restart_delay: Duration,
    /// `success`, `signal`, `exit-code`, `exec-condition`.
    pub(crate) result: &'static str,
    /// Did its asserts let the last start through?
    pub(crate) asserted: bool,
    /// Its drop-ins, as they were when they were read last.
    pub(crate) conf: Conf,
    /// Were its files changed since?
    pub(crate) need_reload: bool,
    /// Was its unit file taken away?
    pub(crate) removed: bool,
}

impl Unit {
    pub(crate) fn new(name: &str, job: Job, block_seconds: u64) -> Self {
        let seconds = match job {
            _ if block_seconds <= 1 => 1,
            Job::TezSign => 3,
            _ => 20,
        };
        Self {
            name: name.to_owned(),
            job,
            enabled: true,
            running: Running::No,
            restart_delay: Duration::from_secs(seconds),
            result: "success",
            asserted: true,
            conf: Conf::default(),
            need_reload: false,
            removed: false,
        }
    }

    pub(crate) const fn was_asserted(&self) -> bool {
        self.asserted
    }

    pub(crate) const fn is_running(&self) -> bool {
        matches!(self.running, Running::Yes { .. })
    }

    pub(crate) const fn pid(&self) -> Option<u32> {
        match self.running {
            Running::Yes { pid, .. } => Some(pid),
            _ => None,
        }
    }

    /// `ActiveState` and `SubState`.
    pub(crate) const fn states(&self) -> (&'static str, &'static str) {
        match self.running {
            Running::No => ("inactive", "dead"),
            Running::Yes { .. } => ("active", "running"),
            Running::Waiting { .. } => ("activating", "auto-restart"),
            Running::Failed => ("failed", "failed"),
        }
    }

    /// A property that `systemctl show` prints; `None` for one that it does not know.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        Some(match name {
            "Restart" => "always".to_owned(),
            "ExecStart" => {
                let path = self.job.starts();
                let argv = if self.job == Job::TezSign { path } else { self.job.arguments() };
                format!("{{ path={path} ; argv[]={argv} ; ignore_errors=no ; pid=0 ; code=(null) ; status=0/0 }}")
            }
            "Environment" => self.job.environment().to_owned(),
            "RestartUSec" => format!("{}s", self.restart_delay.as_secs()),
            "MainPID" => self.pid().unwrap_or(0).to_string(),
            "Result" => self.result.to_owned(),
            "ExecMainStartTimestamp" => match self.running {
                Running::Yes { since, .. } => since.to_string(),
                _ => String::new(),
            },
            "Id" | "Names" => format!("{}.service", self.name),
            "LoadState" => if self.removed { "not-found" } else { "loaded" }.to_owned(),
            "ActiveState" => self.states().0.to_owned(),
            "SubState" => self.states().1.to_owned(),
            "FragmentPath" => format!("/etc/systemd/system/{}.service", self.name),
            "UnitFileState" => if self.enabled { "enabled" } else { "disabled" }.to_owned(),
            "DropInPaths" => self.conf.files.join(" "),
            "NeedDaemonReload" => if self.need_reload { "yes" } else { "no" }.to_owned(),
            "AssertResult" => if self.asserted { "yes" } else { "no" }.to_owned(),
            "ConditionResult" => "yes".to_owned(),
            _ => return None,
        })
    }
}

/// The properties that are known, in the order in which systemd prints them: the service's, then the unit's.
pub(crate) const PROPERTIES: [&str; 17] = [
    "Restart",
    "RestartUSec",
    "MainPID",
    "Result",
    "ExecMainStartTimestamp",
    "ExecStart",
    "Environment",
    "Id",
    "Names",
    "LoadState",
    "ActiveState",
    "SubState",
    "FragmentPath",
    "DropInPaths",
    "UnitFileState",
    "NeedDaemonReload",
    "AssertResult",
];
