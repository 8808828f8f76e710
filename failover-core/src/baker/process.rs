//! Signing processes in the machine's process table, whatever started them.

/// Programs that sign or ask for signatures; anything that begins with one of these and goes on with a dash or not at
/// all (`octez-baker-PsQuebec`). Octez v25.1, TezSign 2026-04-30.
const SIGNING: [&str; 6] = [
    "octez-baker",
    "octez-signer",
    "octez-experimental-agnostic-baker",
    "octez-agnostic-baker",
    "tezsign",
    "signatory",
];

/// The kernel keeps 15 bytes of a program's name.
const COMM: usize = 15;

/// The folders of several instances on one machine: what runs below another's is not this one's.
#[derive(Debug, Clone, Default)]
pub(super) struct Neighbours {
    ours: Vec<String>,
    others: Vec<String>,
}

impl Neighbours {
    pub(super) const fn new(ours: Vec<String>, others: Vec<String>) -> Self {
        Self { ours, others }
    }

    /// Does another's program run? One instance's folder may lie in another's: the innermost counts.
    fn have(&self, program: &str) -> bool {
        let depth = |folders: &[String]| {
            let below =
                |folder: &&String| program.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
            folders.iter().filter(below).map(String::len).max()
        };
        depth(&self.others) > depth(&self.ours)
    }
}

/// Does a table show process 1? One that does not hides the processes of others, too (`hidepid`).
pub(super) fn is_whole(table: &str) -> bool {
    table.lines().any(|line| line.split_ascii_whitespace().next() == Some("1"))
}

/// Reads `ps -eo pid=,comm=,args=` (procps 4.0) and names the signing processes: `octez-baker (pid 812)`.
///
/// A process that has ended and was not reaped counts: whether all its threads ended is not shown.
///
/// # Errors
/// Why the table cannot be believed: empty, a line that is no process, or pid 1 missing (`hidepid` hides processes).
pub(super) fn signing(table: &str, neighbours: &Neighbours) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut init = false;
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split_ascii_whitespace();
        let pid = words.next().unwrap_or_default();
        let number: u32 =
            pid.parse().map_err(|_| format!("ps printed {:?}", line.chars().take(60).collect::<String>()))?;
        init |= number == 1;
        let comm = words.next().unwrap_or_default();
        let args: Vec<&str> = words.collect();
        let others = args.first().is_some_and(|program| neighbours.have(program));
        if let Some(name) = name(comm, &args).filter(|_| !others) {
            found.push(format!("{name} (pid {number})"));
        }
    }
    if !init {
        return Err("ps does not show process 1, so it may hide others".to_owned());
    }
    Ok(found)
}

/// The signing program that a process runs, by its executable's name and never by its arguments' text.
fn name<'a>(comm: &'a str, args: &[&'a str]) -> Option<&'a str> {
    let program = args.first().copied().unwrap_or_default();
    if runs_no_baker(args) {
        return None;
    }
    let base = program.rsplit('/').next().unwrap_or_default().trim_end_matches(':');
    if let Some(name) = [base, comm].into_iter().find(|name| signs(name)) {
        return Some(name);
    }
    // TezBake calls its Octez binaries `baker` and `signer`; other programs may have these names too.
    let own = [base, comm].into_iter().find(|name| matches!(*name, "baker" | "signer"))?;
    let in_bake_buddy = |word: &&str| word.split('/').any(|part| part == "bake-buddy");
    // Such a name without a full path proves nothing either way: it counts.
    (!program.starts_with('/') || is_an_app(program) || args.iter().any(in_bake_buddy)).then_some(own)
}

/// `octez-baker run accuser` (octez-manager) and `baker run vdf` (TezBake's `NODE_TYPE=vdf`) attest and bake nothing.
pub(super) fn runs_no_baker(args: &[&str]) -> bool {
    args.windows(2).any(|pair| matches!(pair, ["run", "accuser" | "vdf"]))
}

/// Is a word of a command line a program that signs?
pub(super) fn is_signer(word: &str) -> bool {
    signs(word.rsplit('/').next().unwrap_or_default()) || is_an_app(word)
}

/// TezBake's names for octez-baker and octez-signer, where it puts them.
fn is_an_app(program: &str) -> bool {
    ["/node/bin/baker", "/signer/bin/signer"].iter().any(|end| program.ends_with(end))
}

fn signs(name: &str) -> bool {
    SIGNING.iter().any(|known| {
        let cut = known.get(..COMM).filter(|cut| known.len() > COMM && *cut == name);
        cut.is_some() || name.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: &str = "      1 systemd         /sbin/init\n";

    fn seen(lines: &str) -> Vec<String> {
        signing(&format!("{INIT}{lines}"), &Neighbours::default()).unwrap()
    }

    #[test]
    fn programs_that_sign() {
        for (line, expected) in [
            (
                "812 octez-baker     /usr/bin/octez-baker run with local node /var/lib/node baker",
                "octez-baker (pid 812)",
            ),
            ("812 octez-baker-PsQ /usr/bin/octez-baker-PsQuebec run", "octez-baker-PsQuebec (pid 812)"),
            (
                "7 octez-experimen /usr/bin/octez-experimental-agnostic-baker run",
                "octez-experimental-agnostic-baker (pid 7)",
            ),
            ("7 octez-experimen", "octez-experimen (pid 7)"),
            ("9 octez-signer octez-signer launch socket signer", "octez-signer (pid 9)"),
            ("9 signatory /usr/bin/signatory serve -c /etc/signatory.yaml", "signatory (pid 9)"),
            ("9 baker /opt/x/node/bin/baker run with local node /srv/node accuser", "baker (pid 9)"),
            ("9 signer /opt/x/signer/bin/signer launch http signer", "signer (pid 9)"),
            ("9 tezsign         /bake-buddy/signer/bin/tezsign run --no-retry", "tezsign (pid 9)"),
            ("9 baker           /bake-buddy/node/bin/baker --remote-signer http://x run", "baker (pid 9)"),
            ("9 signer          /bake-buddy/signer/bin/signer launch http signer", "signer (pid 9)"),
            (
                "9 baker           /srv/app/bin/baker run with local node /bake-buddy/node/data/.tezos-node",
                "baker (pid 9)",
            ),
            ("9 signer          bin/signer launch http signer", "signer (pid 9)"),
            ("9 octez-baker     /bin/sh /usr/local/bin/octez-baker run", "octez-baker (pid 9)"),
            ("9 octez-baker <defunct> [octez-baker] <defunct>", "octez-baker (pid 9)"),
        ] {
            assert_eq!(seen(line), [expected], "{line}");
        }
    }

    #[test]
    fn programs_that_only_speak_of_signing() {
        let lines = "
    2 kthreadd        [kthreadd]
   30 tmux: server    tmux new -s octez-baker
   31 vim             vim /etc/systemd/system/octez-baker.service
   32 grep            grep octez-signer
   33 tail            tail -f /bake-buddy/signer/tezsign.log
   34 systemctl       systemctl --no-block stop -- octez-baker.service bb-default-signer-tezsign.service
   35 failover        failover run --config /etc/failover/tezsign.toml
   36 bash            bash -c printf x; timeout -k 2 10 systemctl show -- octez-baker
   37 octez-node      /usr/bin/octez-node run
   38 octez-accuser   /usr/bin/octez-accuser run
   39 octez-dal-node  /usr/bin/octez-dal-node run
   40 signer          /usr/lib/other/signer --daemon
   41 bakery          bakery
   42 journalctl      journalctl -u octez-baker
   43 accuser         /bake-buddy/node/bin/accuser run
   44 node            /bake-buddy/node/bin/node run
   45 (sd-pam)        (sd-pam)
   46 ps              ps -eo pid=,comm=,args=
   47 sudo            sudo -n tezbake start
   48 octez-bakerish  octez-bakerish
   49 octez-baker     /usr/bin/octez-baker --endpoint http://127.0.0.1:8732 run accuser
   50 baker           /bake-buddy/node/bin/baker --remote-signer http://x run vdf
";
        assert_eq!(seen(lines), Vec::<String>::new());
    }

    #[test]
    fn what_runs_below_another_instances_folder_is_the_others() {
        let folder = |folder: &str| vec![folder.to_owned()];
        let table = format!(
            "{INIT}7 baker /bake-buddy/node/bin/baker run\n8 baker /bake-buddy/instances/second/node/bin/baker run\n\
             9 tezsign tezsign run\n"
        );
        let of = |ours: &str, others: &str| signing(&table, &Neighbours::new(folder(ours), folder(others))).unwrap();
        let (first, second) = ("/bake-buddy", "/bake-buddy/instances/second");
        assert_eq!(of(first, second), ["baker (pid 7)", "tezsign (pid 9)"]);
        assert_eq!(of(second, first), ["baker (pid 8)", "tezsign (pid 9)"]);
        assert_eq!(of(first, "/bake-buddy/instances/sec").len(), 3);
    }

    #[test]
    fn a_table_that_cannot_be_believed() {
        let signing = |table: &str| signing(table, &Neighbours::default());
        assert!(signing("").is_err());
        assert!(signing("\n\n").is_err());
        assert!(signing("900 bash -bash\n").unwrap_err().contains("process 1"));
        assert!(signing(&format!("{INIT}error: cannot read /proc\n")).is_err());
        assert!(signing(&format!("{INIT}99999999999 octez-baker x\n")).is_err());
    }
}
