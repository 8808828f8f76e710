//! The service manager of one machine, and its process table.

use std::time::{Duration, Instant};

use super::elevation::{self, Elevation};
use super::marks::{self, MarkFolder};
use super::unit_state::{self, Activity, PROPERTIES, UnitState};
use super::{BakerError, BakerState, UnitName, process};
use crate::host::{self, Host, HostError, Looking, Output};
use crate::mark_files::PrimaryMarks;
use crate::tezos::ChainId;

/// For what only asks, or is queued.
const SHORT: Duration = Duration::from_secs(10);
/// For a start, which a slow service's own start-up time bounds (systemd's default is 90 s).
pub(super) const START: Duration = Duration::from_secs(100);
/// How long a service may take to stop before it is killed (S12).
const GRACE: Duration = Duration::from_secs(1);
/// For one look while the second runs; a machine that hangs does not put the kill off for longer.
const GLANCE: Duration = Duration::from_secs(3);
/// Between two looks at services that are stopping.
const LOOK: Duration = Duration::from_millis(100);

/// The state of some units.
const SHOW: [&str; 5] = ["systemctl", "show", "-p", PROPERTIES, "--"];

/// Every process of a machine.
const PROCESSES: [&str; 3] = ["ps", "-eo", "pid=,comm=,args="];

/// `systemctl` and `ps` on one machine.
#[derive(Debug)]
pub(super) struct Systemctl<H> {
    pub(super) host: Looking<H>,
    elevation: Elevation,
    /// Has a look asked what never changes?
    looked: bool,
    /// Other bakers' folders on that machine.
    pub(super) neighbours: process::Neighbours,
}

impl<H: Host> Systemctl<H> {
    pub(super) fn new(host: H) -> Self {
        Self {
            host: Looking::new(host),
            elevation: Elevation::default(),
            looked: false,
            neighbours: process::Neighbours::default(),
        }
    }

    /// The error for an answer that says neither running nor stopped.
    pub(super) fn unclear(&self, why: impl Into<String>) -> BakerError {
        BakerError::Unclear { host: self.host.name().to_owned(), why: why.into() }
    }

    /// Asks for something that changes nothing. Only exit 0 and a whole answer count.
    pub(super) fn ask(&mut self, argv: &[&str], deadline: Duration) -> Result<String, BakerError> {
        let out = self.host.ask(argv, deadline)?;
        if out.code != 0 {
            let said = elevation::last_words(&out);
            return Err(self.unclear(format!("{} exits {}: {said}", brief(argv), out.code)));
        }
        self.whole(argv, out)
    }

    /// Asks about these, by their names or by patterns.
    pub(super) fn ask_about(&mut self, question: &[&str], about: &[&str]) -> Result<String, BakerError> {
        self.ask(&[question, about].concat(), SHORT)
    }

    fn whole(&self, argv: &[&str], out: Output) -> Result<String, BakerError> {
        if out.may_be_cut() {
            return Err(self.unclear(format!("{} printed too much", brief(argv))));
        }
        Ok(out.stdout)
    }

    /// Runs a command as root.
    pub(super) fn as_root(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, BakerError> {
        self.elevation.run(&mut self.host, argv, deadline)
    }

    /// A question as root.
    pub(super) fn ask_as_root(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, BakerError> {
        self.elevation.ask(&mut self.host, argv, deadline)
    }

    /// Says what will be asked in this look, some of it as root.
    pub(super) fn expect(&mut self, questions: &[&[&str]], as_root: &[&[&str]]) {
        let questions: Vec<(&[&str], Duration)> = questions.iter().map(|argv| (*argv, SHORT)).collect();
        self.host.expect(&questions);
        // Where it is not known yet who this user is, and was not asked either, they are asked as they come up.
        if self.host.has_asked(&elevation::WHO, SHORT) {
            let _asked_already = self.elevation.words(&mut self.host, &[]);
        }
        for argv in as_root {
            if let Some(words) = self.elevation.known_words(argv) {
                self.host.expect(&[(&words, SHORT)]);
            }
        }
    }

    /// A look begins. What every look asks of a machine comes with its first question.
    pub(super) fn begin_look(&mut self) {
        self.host.begin();
        self.expect(&[&PROCESSES], &[]);
        if !self.looked {
            self.expect(&[&host::MACHINE_ID, &elevation::WHO], &[]);
        }
        self.looked = true;
    }

    /// What a look asks of these units.
    pub(super) fn expect_units(&mut self, units: &[UnitName]) {
        if !units.is_empty() {
            self.expect(&[&with_units(&SHOW, units)], &[]);
        }
    }

    /// The look is over.
    pub(super) fn end_look(&mut self) {
        self.host.end();
    }

    /// The signing processes there. As root where others' are hidden from this user.
    fn processes(&mut self) -> Result<Vec<String>, BakerError> {
        let table = self.ask(&PROCESSES, SHORT)?;
        if process::is_whole(&table) {
            return process::signing(&table, &self.neighbours).map_err(|why| self.unclear(why));
        }
        let all = self.ask_as_root(&PROCESSES, SHORT).ok().filter(|out| out.code == 0 && !out.may_be_cut());
        let table = all.map_or(table, |out| out.stdout);
        process::signing(&table, &self.neighbours).map_err(|why| self.unclear(why))
    }

    /// Reads the mark files in these folders.
    pub(super) fn marks(&mut self, folders: &[MarkFolder], chain: ChainId) -> Result<PrimaryMarks, BakerError> {
        marks::read(&mut self.host, &mut self.elevation, folders, chain)
    }

    /// Does something with files there.
    pub(super) fn files<T>(&mut self, act: impl FnOnce(&mut Looking<H>, &mut Elevation) -> T) -> T {
        act(&mut self.host, &mut self.elevation)
    }

    /// The units that these patterns name, whether loaded or only installed. Names that are no service are left out.
    pub(super) fn list(&mut self, patterns: &[&str]) -> Result<Vec<UnitName>, BakerError> {
        self.expect_list(patterns);
        let [argv, loaded] = lists(patterns);
        let out = self.host.ask(&argv, SHORT)?;
        // Since systemd 246 it exits 1, silently, where nothing matches.
        let nothing = out.code == 1 && out.stdout.trim().is_empty() && out.stderr.trim().is_empty();
        if out.code != 0 && !nothing {
            let said = elevation::last_words(&out);
            return Err(self.unclear(format!("{} exits {}: {said}", brief(&argv), out.code)));
        }
        let installed = self.whole(&argv, out)?;
        let loaded = self.ask(&loaded, SHORT)?;
        // A state's dot stands before the name where --plain does not take it away.
        let first =
            |line: &str| line.split_ascii_whitespace().find(|word| word.is_ascii() && *word != "*").map(str::to_owned);
        let names = installed.lines().chain(loaded.lines()).filter_map(first);
        let mut units: Vec<UnitName> =
            names.filter(|name| name.ends_with(".service")).filter_map(|name| name.parse().ok()).collect();
        units.sort();
        units.dedup();
        Ok(units)
    }

    /// What lists the units comes with the next question.
    pub(super) fn expect_list(&mut self, patterns: &[&str]) {
        let [installed, loaded] = lists(patterns);
        self.expect(&[&installed, &loaded], &[]);
    }

    pub(super) fn show(
        &mut self,
        units: &[UnitName],
        deadline: Duration,
    ) -> Result<Vec<(UnitName, UnitState)>, BakerError> {
        if units.is_empty() {
            return Err(self.unclear("no signing service is known there"));
        }
        let text = self.ask(&with_units(&SHOW, units), deadline)?;
        unit_state::parse(&text, units).map_err(|why| self.unclear(why))
    }

    /// Looks at these units and at all processes. Running as soon as anything runs; stopped only if everything was seen stopped.
    pub(super) fn state(&mut self, units: &[UnitName]) -> Result<BakerState, BakerError> {
        let shown = self.show(units, SHORT);
        let processes = self.processes();

        let mut running = Vec::new();
        let mut unclear = Vec::new();
        for (unit, state) in shown.as_ref().map(Vec::as_slice).unwrap_or_default() {
            match state.activity() {
                Activity::Running(words) => running.push(format!("{unit} ({words})")),
                Activity::Unclear(words) => unclear.push(format!("{unit} is {words}")),
                Activity::Stopped => {}
            }
        }
        running.extend(processes.as_ref().map(Vec::as_slice).unwrap_or_default().iter().cloned());
        if !running.is_empty() {
            return Ok(BakerState::Running { what: running });
        }
        shown?;
        processes?;
        if !unclear.is_empty() {
            return Err(self.unclear(unclear.join("; ")));
        }
        Ok(BakerState::Stopped { checked: units.iter().map(ToString::to_string).collect() })
    }

    /// Would [`Systemctl::state`] see these units stopped, if they were?
    pub(super) fn reads_back(&mut self, units: &[UnitName]) -> Result<(), BakerError> {
        for (unit, state) in self.show(units, SHORT)? {
            state.restart_delay().map_err(|why| self.unclear(format!("{unit}: {why}")))?;
            // What runs without its file is neither running nor stopped once it has ended.
            if let Activity::Unclear(words) = state.activity() {
                return Err(self.unclear(format!("{unit} is {words}")));
            }
            if !state.is_loaded() {
                return Err(self.unclear(format!("{unit} runs, and its unit file is gone")));
            }
        }
        self.processes().map(drop)
    }

    /// May this user stop units there: as root, or by sudo without a password?
    pub(super) fn may_change(&mut self) -> Result<bool, BakerError> {
        self.elevation.is_given(&mut self.host)
    }

    /// The longest restart delay of these units.
    pub(super) fn restart_delay(&mut self, units: &[UnitName]) -> Result<Duration, BakerError> {
        let mut longest = Duration::ZERO;
        for (unit, state) in self.show(units, SHORT)? {
            longest = longest.max(state.restart_delay().map_err(|why| self.unclear(format!("{unit}: {why}")))?);
        }
        Ok(longest)
    }

    /// Stops these units: asked first, killed after a second. Goes on after a failure, since every part is in the safe
    /// direction, and returns the first one unless the units are seen stopped.
    pub(super) fn stop(&mut self, units: &[UnitName]) -> Result<(), BakerError> {
        if units.is_empty() {
            return Err(self.unclear("no signing service is known there"));
        }
        let stop = with_units(&["systemctl", "--no-block", "stop", "--"], units);
        let kill = with_units(&["systemctl", "kill", "-s", "SIGKILL", "--"], units);
        let first = match self.change(&stop) {
            // Nothing was done there, and nothing more can be.
            Err(error) if is_closed(&error) => return Err(error),
            other => other,
        };
        if self.gone_within(units, GRACE) {
            return Ok(());
        }
        // This fails where a unit has no process left, which does no harm.
        let killed = self.change(&kill);
        let again = self.change(&stop);
        if self.gone_within(units, GRACE) {
            return Ok(());
        }
        // A failed kill counts only where the stops worked and something is still there.
        first.and(again).and(killed)
    }

    /// Asks these units to stop, and does not wait until they have.
    pub(super) fn ask_to_stop(&mut self, units: &[UnitName]) -> Result<(), BakerError> {
        self.change(&with_units(&["systemctl", "--no-block", "stop", "--"], units))
    }

    /// Keeps these units from starting at boot.
    pub(super) fn disable(&mut self, units: &[UnitName]) -> Result<(), BakerError> {
        self.change(&with_units(&["systemctl", "disable", "--"], units))
    }

    /// The state of these units.
    pub(super) fn show_now(&mut self, units: &[UnitName]) -> Result<Vec<(UnitName, UnitState)>, BakerError> {
        self.show(units, SHORT)
    }

    /// Starts these units. Where that fails, the error has the last words of the service that did not start.
    pub(super) fn start(&mut self, units: &[UnitName]) -> Result<(), BakerError> {
        if units.is_empty() {
            return Err(self.unclear("no signing service is known there"));
        }
        let argv = with_units(&["systemctl", "start", "--"], units);
        let out = self.as_root(&argv, START)?;
        elevation::succeeded(&self.host, &brief(&argv), &out).map_err(|error| self.with_last_words(error, units, &out))
    }

    /// What a service that did not start wrote last, behind what systemctl said of it.
    fn with_last_words(&mut self, error: BakerError, units: &[UnitName], out: &Output) -> BakerError {
        let BakerError::Failed { host, what, code, mut message } = error else { return error };
        if let Some(unit) = units.iter().find(|unit| out.stderr.contains(unit.as_str())) {
            let argv = ["journalctl", "--no-pager", "-q", "-o", "cat", "-n", "3", "-u", unit.as_str()];
            let said = self.ask_as_root(&argv, SHORT).ok().filter(|said| said.code == 0);
            let said = said.map(|said| said.stdout.split_whitespace().collect::<Vec<_>>().join(" "));
            if let Some(said) = said.filter(|said| !said.is_empty()) {
                message = format!("{message}; {unit} said: {}", said.chars().take(300).collect::<String>());
            }
        }
        BakerError::Failed { host, what, code, message }
    }

    fn change(&mut self, argv: &[&str]) -> Result<(), BakerError> {
        let out = self.as_root(argv, SHORT)?;
        elevation::succeeded(&self.host, &brief(argv), &out)
    }

    /// Whether these units are all seen stopped within some time. One look at least.
    fn gone_within(&mut self, units: &[UnitName], longest: Duration) -> bool {
        let start = Instant::now();
        loop {
            let shown = self.show(units, GLANCE);
            if shown.is_ok_and(|units| units.iter().all(|(_, state)| state.activity() == Activity::Stopped)) {
                return true;
            }
            if start.elapsed() >= longest {
                return false;
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Whether the machine takes no commands from here at all, so that trying again is useless.
fn is_closed(error: &BakerError) -> bool {
    matches!(
        error,
        BakerError::Elevation { .. }
            | BakerError::Host(
                HostError::Unreachable { .. }
                    | HostError::Limited { .. }
                    | HostError::NewHost { .. }
                    | HostError::HostKey { .. }
                    | HostError::Denied { .. }
                    | HostError::NotRun { .. }
            )
    )
}

/// What lists the units that patterns name: those that are installed, and those that are loaded.
fn lists<'a>(patterns: &[&'a str]) -> [Vec<&'a str>; 2] {
    [
        [&["systemctl", "list-unit-files", "--no-legend", "--no-pager"], patterns].concat(),
        [&["systemctl", "list-units", "--all", "--plain", "--no-legend", "--no-pager"], patterns].concat(),
    ]
}

fn with_units<'a>(argv: &[&'a str], units: &'a [UnitName]) -> Vec<&'a str> {
    argv.iter().copied().chain(units.iter().map(UnitName::as_str)).collect()
}

/// A command without its units.
fn brief(argv: &[&str]) -> String {
    let words: Vec<&str> = argv.iter().take_while(|word| **word != "--").copied().collect();
    words.join(" ")
}
