//! Where a unit of TezBake's keeps its files: read from what it runs, never guessed from its name.
//!
//! | argv | what is read from it |
//! |---|---|
//! | `systemctl show -p Id,ExecStart,Environment -- UNITS` | `Id=`; of `ExecStart={ path=P ; argv[]=WORDS ; ... }` the words; of `Environment=` the word that begins with `HOME=` (as TezBake 2026-04 writes it) |

use super::instance::{Role, id};
use super::{MarkFolder, UnitName};

/// What is asked of the units, and what stands in front of them.
pub(super) const SHOW: [&str; 5] = ["systemctl", "show", "-p", "Id,ExecStart,Environment", "--"];

/// The default instance, whose id no other has.
const DEFAULT: (&str, &str) = ("bb-default", "/bake-buddy");

/// Is it the id of the default instance?
pub(super) fn is_default(id: &str) -> bool {
    id == DEFAULT.0
}

/// What a unit runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Runs {
    unit: UnitName,
    words: Vec<String>,
    home: Option<String>,
}

impl Runs {
    /// Every unit that an answer of `systemctl show` speaks of and that runs something.
    pub(super) fn parse(text: &str) -> Vec<Self> {
        text.split("\n\n").filter_map(Self::of).collect()
    }

    fn of(block: &str) -> Option<Self> {
        let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let unit = value("Id")?.parse().ok()?;
        let exec = value("ExecStart")?.split_once("argv[]=")?.1.split(" ; ").next()?;
        let bare = |word: &str| word.trim_matches(['"', '\'']).to_owned();
        let words = exec.split_ascii_whitespace().map(bare).collect();
        let home = value("Environment").unwrap_or_default().split_ascii_whitespace().find_map(|word| {
            let folder = word.trim_matches(['"', '\'']).strip_prefix("HOME=")?;
            folder.starts_with('/').then(|| folder.to_owned())
        });
        Some(Self { unit, words, home })
    }

    pub(super) const fn unit(&self) -> &UnitName {
        &self.unit
    }

    /// The app's folder, as TezBake lays it out: `/bake-buddy/node`. From HOME, which TezBake sets, or from what is run.
    fn app(&self) -> Option<&str> {
        let laid_out = |app: &&str| app.starts_with('/') && ["/node", "/signer"].iter().any(|end| app.ends_with(end));
        let home = self.home.as_deref().and_then(|home| home.strip_suffix("/data"));
        home.filter(laid_out).or_else(|| self.words.iter().filter_map(|word| program_of(word)).find(laid_out))
    }

    /// The app's folder of the start script that TezBake makes for a tezsign service.
    fn tezsign(&self) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_suffix("/__bin_generated/tezsign.service.sh"))
    }

    /// What Octez keeps its files in: as it is told by an option, else below HOME.
    fn base(&self) -> Option<String> {
        let told = self.words.iter().enumerate().find_map(|(at, word)| match word.as_str() {
            "--base-dir" | "-d" => self.words.get(at + 1).cloned(),
            word => word.strip_prefix("--base-dir=").map(str::to_owned),
        });
        let folder = match Role::of(&self.unit)? {
            Role::Baker | Role::Residue => ".tezos-client",
            Role::Signer => ".tezos-signer",
            Role::TezSign | Role::Forwards | Role::Beside | Role::Pays => return None,
        };
        let data = || self.home.clone().or_else(|| Some(format!("{}/data", self.app()?)));
        told.or_else(|| Some(format!("{}/{folder}", data()?)))
    }
}

/// The app's folder, where this is one of its programs.
fn program_of(word: &str) -> Option<&str> {
    let (folder, _) = word.rsplit_once('/')?;
    folder.strip_suffix("/bin").or_else(|| folder.strip_suffix("/__bin_generated"))
}

/// What is known of some units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Layout(Vec<Runs>);

impl Layout {
    pub(super) const fn new(runs: Vec<Runs>) -> Self {
        Self(runs)
    }

    pub(super) fn knows(&self, unit: &UnitName) -> bool {
        self.0.iter().any(|runs| runs.unit() == unit)
    }

    fn of(&self, unit: &UnitName) -> Option<&Runs> {
        self.0.iter().find(|runs| runs.unit() == unit)
    }

    /// The folder of a unit's app, in TezBake's layout.
    pub(super) fn app(&self, unit: &UnitName) -> Option<String> {
        let said = self.of(unit).and_then(Runs::app).map(str::to_owned);
        said.or_else(|| {
            let app = match Role::of(unit)? {
                Role::Baker | Role::Residue => "node",
                Role::Signer | Role::TezSign | Role::Forwards => "signer",
                Role::Beside | Role::Pays => return None,
            };
            (self.of(unit).is_none() && id(unit).is_some_and(is_default)).then(|| format!("{}/{app}", DEFAULT.1))
        })
    }

    /// The folder of the instance that a unit is of.
    pub(super) fn instance(&self, unit: &UnitName) -> Option<String> {
        Some(self.app(unit)?.rsplit_once('/')?.0.to_owned()).filter(|folder| !folder.is_empty())
    }

    /// Where Octez keeps what it signed; `None`: the unit runs none of its programs.
    ///
    /// # Errors
    /// It runs one, and where its files are is not understood: unknown, not nothing (S3).
    pub(super) fn mark_folder(&self, unit: &UnitName) -> Option<Result<MarkFolder, String>> {
        let folder = match Role::of(unit)? {
            Role::Baker | Role::Residue => ".tezos-client",
            Role::Signer => ".tezos-signer",
            Role::TezSign | Role::Forwards | Role::Beside | Role::Pays => return None,
        };
        let said = self.of(unit).and_then(Runs::base);
        let base = said.or_else(|| Some(format!("{}/data/{folder}", self.app(unit)?)));
        let parsed = base.and_then(|base| base.parse().ok());
        Some(parsed.ok_or_else(|| format!("what {unit} runs is not understood, nor where its files are")))
    }

    /// Where a tezsign service keeps what unlocks its keys: the secret, and the start script; `None`: it is none.
    ///
    /// # Errors
    /// As above.
    pub(super) fn secret_places(&self, unit: &UnitName) -> Option<Result<[String; 2], String>> {
        if Role::of(unit)? != Role::TezSign {
            return None;
        }
        // Another start script may be read by whatever stands in front of it, or not at all.
        let app = match self.of(unit) {
            Some(runs) => runs.tezsign().or_else(|| runs.app()).map(str::to_owned),
            None => self.app(unit),
        };
        let app = app.ok_or_else(|| format!("what {unit} runs is not understood, nor where its secret is"));
        Some(app.map(|app| [format!("{app}/tezsign.secret"), format!("{app}/__bin_generated/tezsign.service.sh")]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(exec: &str, environment: &str, unit: &str) -> Layout {
        let text = format!(
            "ExecStart={{ path={} ; argv[]={exec} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }}\n\
             Environment={environment}\nId={unit}.service\n",
            exec.split(' ').next().unwrap_or_default()
        );
        Layout::new(Runs::parse(&text))
    }

    fn folder(exec: &str, environment: &str, unit: &str) -> Option<String> {
        let found = layout(exec, environment, unit).mark_folder(&unit.parse().unwrap())?;
        Some(found.map_or_else(|why| format!("? {why}"), |folder| folder.to_string()))
    }

    #[test]
    fn where_marks_lie_is_what_the_unit_runs() {
        let baker = "/bake-buddy/node/bin/baker --remote-signer http://127.0.0.1:20090/ run with local node /bake-buddy/node/data/.tezos-node baker";
        let home = "HOME=/bake-buddy/node/data \"TEZOS_LOG=* -> info\"";
        let found = folder(baker, home, "bb-default-node-xtz-baker");
        assert_eq!(found.as_deref(), Some("/bake-buddy/node/data/.tezos-client"));
        for (exec, environment, unit, expected) in [
            (
                "/opt/x/node/bin/baker run",
                "HOME=/opt/x/node/data",
                "x-node-xtz-baker",
                "/opt/x/node/data/.tezos-client",
            ),
            ("/opt/x/node/bin/baker run", "", "x-node-xtz-baker", "/opt/x/node/data/.tezos-client"),
            (
                "/bin/sh -c 'exec /opt/x/node/bin/octez-baker run'",
                "",
                "x-node-xtz-baker",
                "/opt/x/node/data/.tezos-client",
            ),
            ("/usr/bin/env A=1 /opt/x/node/bin/baker run", "", "x-node-xtz-baker", "/opt/x/node/data/.tezos-client"),
            ("/usr/bin/octez-baker --base-dir /srv/client run", "HOME=/root", "x-node-xtz-baker", "/srv/client"),
            ("/usr/bin/octez-baker -d /srv/client run", "", "x-node-xtz-baker-next", "/srv/client"),
            (
                "/opt/x/signer/bin/signer launch",
                "HOME=/opt/x/signer/data",
                "x-signer-xtz-signer",
                "/opt/x/signer/data/.tezos-signer",
            ),
        ] {
            assert_eq!(folder(exec, environment, unit).as_deref(), Some(expected), "{exec}");
        }
        assert!(
            folder("/usr/local/bin/run-it", "", "x-node-xtz-baker").unwrap().starts_with("? what x-node-xtz-baker")
        );
        // No guess from the name where the unit says something else.
        assert!(folder("/usr/local/bin/run-it", "", "bb-default-node-xtz-baker").unwrap().starts_with("? what"));
        assert_eq!(folder("/opt/x/signer/__bin_generated/tezsign.service.sh", "", "x-signer-tezsign"), None);
        assert_eq!(folder("/opt/x/node/bin/node run", "HOME=/opt/x/node/data", "x-node-xtz-node"), None);
    }

    #[test]
    fn what_is_not_shown_is_known_of_the_default_instance_only() {
        let nothing = Layout::default();
        let folder = |unit: &str| nothing.mark_folder(&unit.parse().unwrap()).unwrap();
        assert_eq!(folder("bb-default-node-xtz-baker").unwrap().to_string(), "/bake-buddy/node/data/.tezos-client");
        assert!(folder("second-node-xtz-baker").is_err());
        assert!(Runs::parse("Id=x.service\nExecStart=\n\nfoo").is_empty());
    }

    #[test]
    fn a_secret_lies_beside_the_script_that_the_unit_runs() {
        let unit = "my-signer-tezsign";
        let found = layout("/opt/a.b/signer/__bin_generated/tezsign.service.sh", "", unit);
        let places = found.secret_places(&unit.parse().unwrap()).unwrap().unwrap();
        assert_eq!(places, ["/opt/a.b/signer/tezsign.secret", "/opt/a.b/signer/__bin_generated/tezsign.service.sh"]);
        assert_eq!(found.instance(&unit.parse().unwrap()).as_deref(), Some("/opt/a.b"));
        let behind = layout("/usr/local/bin/tezsign-wait /opt/a.b/signer/__bin_generated/tezsign.service.sh", "", unit);
        assert_eq!(behind.secret_places(&unit.parse().unwrap()).unwrap().unwrap(), places);
        // A unit with another layout is not TezBake's, whatever its name: its folder would make everything below it
        // another's.
        for elsewhere in
            ["/usr/local/bin/tezsign run", "/home/u/tezsign/bin/tezsign run", "/usr/bin/octez-signer launch"]
        {
            assert_eq!(layout(elsewhere, "HOME=/root", unit).instance(&unit.parse().unwrap()), None, "{elsewhere}");
        }
        let odd = layout("/usr/bin/something", "", unit);
        assert!(odd.secret_places(&unit.parse().unwrap()).unwrap().is_err());
    }
}
