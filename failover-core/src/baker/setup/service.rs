//! A machine's services, as systemd has them loaded: what each runs, as whom, and with what in its environment.

use std::time::Duration;

use crate::baker::files::Reader;
use crate::baker::systemctl::Systemctl;
use crate::baker::{BakerError, UnitName, process, systemd, tezbake};
use crate::host::Host;

/// For what names every unit of a machine.
const LIST: Duration = Duration::from_secs(20);

/// An instance that no template has: what it would run is asked of systemd.
const PROBE: &str = "failover-looks";

/// Where a person's own drop-ins lie, and octez-manager's.
const DROP_INS: &str = "/etc/systemd/system";

/// How the services that sign are named by packages and handbooks (Octez v22 to v26, tezos-packaging v22, Signatory v1.4).
const NAMED: [&str; 9] = [
    "octez-baker",
    "octez-agnostic-baker",
    "octez-signer",
    "octez-remote-signer",
    "tezos-baker",
    "tezos-baking",
    "tezos-signer",
    "tezsign",
    "signatory",
];

/// What Octez's packages run in the service that only starts and stops the others: nothing in an earlier shape, later a script.
const STARTS_OTHERS: [&str; 3] = ["/bin/true", "/usr/bin/true", "/usr/share/octez-baker/systemd-octez-bakers.sh"];

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    unit: UnitName,
    /// What each `ExecStart=` runs: the words, without quotes.
    runs: Vec<Vec<String>>,
    /// The same, as systemctl writes it.
    text: Vec<String>,
    /// Of `Environment=`.
    pub(super) environment: Vec<(String, String)>,
    /// Of `EnvironmentFiles=`, in their order.
    pub(super) files: Vec<String>,
    /// The user that it runs as.
    pub(super) user: String,
}

/// Every service of a machine that is loaded, installed or has drop-ins of its own, and of each template an instance that is not
/// there.
pub(super) fn all<H: Host>(systemctl: &mut Systemctl<H>) -> Result<Vec<Service>, BakerError> {
    let mut units = systemctl.list(&["*.service"])?;
    let templates = systemctl.ask(&["systemctl", "list-unit-files", "--no-legend", "--no-pager", "*@.service"], LIST);
    // Since systemd 246 it exits 1 where there is none; whatever else ails it, the list above went well.
    let templates = templates.unwrap_or_default();
    let probe = |line: &str| {
        let name = line.split_ascii_whitespace().next()?.strip_suffix("@.service")?;
        format!("{name}@{PROBE}").parse().ok()
    };
    units.extend(templates.lines().filter_map(probe));
    units.extend(systemctl.files(|host, elevation| instances(&mut Reader::new(host, elevation)))?);
    units.sort();
    units.dedup();
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let mut argv = vec!["systemctl", "show", "-p", "Id,LoadState,ExecStart,Environment,EnvironmentFiles,User", "--"];
    argv.extend(units.iter().map(UnitName::as_str));
    let shown = systemctl.ask(&argv, LIST)?;
    Ok(shown.split("\n\n").filter_map(Service::parse).collect())
}

/// Instances of templates that have a folder of drop-ins.
fn instances<H: Host>(reader: &mut Reader<'_, H>) -> Result<Vec<UnitName>, BakerError> {
    let (entries, _) = reader.list(&[DROP_INS], &["*@*.service.d"])?;
    Ok(entries.iter().filter_map(|entry| entry.name().strip_suffix(".d")?.parse().ok()).collect())
}

fn bare(word: &str) -> String {
    word.trim_matches(['"', '\'', '\\']).to_owned()
}

impl Service {
    fn parse(block: &str) -> Option<Self> {
        let values = |key: &'static str| {
            block.lines().filter_map(move |line| line.strip_prefix(key)?.strip_prefix('=')).filter(|v| !v.is_empty())
        };
        if values("LoadState").next() == Some("not-found") {
            return None;
        }
        let argv = |exec: &str| {
            let argv = exec.split_once("argv[]=").map_or(exec, |(_, rest)| rest);
            argv.split(" ; ").next().unwrap_or_default().to_owned()
        };
        let text: Vec<String> = values("ExecStart").map(argv).collect();
        let runs = text.iter().map(|argv| argv.split_ascii_whitespace().map(bare).collect()).collect();
        let environment = values("Environment").flat_map(str::split_ascii_whitespace).filter_map(|word| {
            let word = bare(word);
            word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        });
        let files =
            values("EnvironmentFiles").map(|file| file.split(" (ignore_errors=").next().unwrap_or(file).to_owned());
        Some(Self {
            unit: values("Id").next()?.parse().ok()?,
            runs,
            text,
            environment: environment.collect(),
            files: files.collect(),
            user: values("User").next().unwrap_or("root").to_owned(),
        })
    }

    pub(super) const fn unit(&self) -> &UnitName {
        &self.unit
    }

    /// Is it more than a question about a template?
    pub(super) fn is_real(&self) -> bool {
        !self.unit.as_str().ends_with(&format!("@{PROBE}.service"))
    }

    /// Does it sign, by what it runs or by TezBake's names?
    pub(super) fn signs(&self) -> bool {
        tezbake::is_signing(self.unit.as_str()) || self.text.iter().any(|exec| systemd::runs_a_signer(exec))
    }

    /// What it runs, where it is only named as one that signs.
    pub(super) fn only_named(&self) -> Option<&str> {
        let named = NAMED.iter().any(|name| self.unit.as_str().starts_with(name));
        let program = self.runs.iter().find_map(|words| words.first())?;
        let told = self.runs.iter().any(|words| words.iter().any(|word| process::is_signer(word)));
        (named && !told && !STARTS_OTHERS.contains(&program.as_str())).then_some(program.as_str())
    }

    /// The program that signs, and the words behind it.
    pub(super) fn signer(&self) -> Option<(&str, &[String])> {
        self.runs.iter().find_map(|words| {
            let at = words.iter().position(|word| process::is_signer(word))?;
            Some((words.get(at)?.rsplit('/').next()?, words.get(at + 1..)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(exec: &str) -> Service {
        let text = format!(
            "ExecStart={{ path=/x ; argv[]={exec} ; ignore_errors=no ; pid=0 }}\nEnvironment=A=1 \"B=2 3\"\n\
             EnvironmentFiles=/etc/default/octez-node (ignore_errors=yes)\nEnvironmentFiles=/etc/b (ignore_errors=no)\n\
             User=tezos\nId=octez-baker@main.service\nLoadState=loaded\n"
        );
        Service::parse(&text).unwrap()
    }

    #[test]
    fn what_systemctl_shows() {
        let found = service("/usr/bin/octez-baker --base-dir /srv/client run remotely");
        assert_eq!(
            (found.user.as_str(), found.files.as_slice()),
            ("tezos", &["/etc/default/octez-node", "/etc/b"].map(str::to_owned)[..])
        );
        assert_eq!(found.environment.first(), Some(&("A".to_owned(), "1".to_owned())));
        let (program, words) = found.signer().unwrap();
        assert_eq!((program, words.len()), ("octez-baker", 4));
        assert_eq!(Service::parse("Id=x.service\nLoadState=not-found\nExecStart=\n"), None);
        assert_eq!(Service::parse("Id=x.service\nUser=\nLoadState=loaded\n").unwrap().user, "root");
    }

    #[test]
    fn an_accuser_in_a_shell_of_its_own_signs_nothing() {
        let accuser =
            "/bin/sh -lc exec \"${APP_BIN_DIR}/octez-baker\" ${GLOBAL:-} --base-dir \"${BASE}\" run accuser ${ARGS:-}";
        assert!(!service(accuser).signs());
        assert!(service(&accuser.replace("run accuser", "run remotely")).signs());
        // A script that does more may do anything.
        assert!(service(&accuser.replace("run accuser", "run accuser; /usr/bin/octez-baker run remotely")).signs());
        assert!(service(&accuser.replace("exec ", "")).signs());
    }

    #[test]
    fn a_name_alone_is_enough_to_be_asked_about() {
        assert_eq!(service("/usr/local/bin/start-it").only_named(), Some("/usr/local/bin/start-it"));
        for harmless in STARTS_OTHERS {
            assert_eq!(service(&format!("{harmless} start")).only_named(), None);
        }
        let accuser = service("/usr/bin/octez-baker run accuser");
        assert!(!accuser.signs() && accuser.only_named().is_none());
    }
}
