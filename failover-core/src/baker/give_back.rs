//! A machine gets its job back (S13 (c)): a permit is left there first, and one script there lifts the guard, puts the
//! unlock secret back and starts what bakes, only while that permit is there (H40).
//!
//! | argv, as root | what is read from it |
//! |---|---|
//! | `sh -c PERMIT failover-permit ROOT BAKER LOCK RUN HEAD TAIL OWN SECONDS HERE` | exit 0 and a last line, see [`script::PERMIT`] |
//! | `sh -c GIVE_BACK failover-permit ROOT BAKER RUN SECONDS WRITE REMOVE FOLDER NAME TEXT BY USER LIMIT N BACK... N ASIDE... N START... STOP...` | exit 0 and a last line, see [`script::GIVE_BACK`] |

use std::path::Path;
use std::time::Duration;

use super::boot_guard::{REMOVE, WRITE};
use super::claim::{lock_file, named};
use super::elevation::{self, Elevation};
use super::{BakerError, UnitName};
use crate::clock::Timestamp;
use crate::guard::{DropIn, Lift};
use crate::host::{Host, HostError, Output};
use crate::permit::{ARMING_PATIENCE, ClaimAnswer, Permit, PermitKind, Root, RunId, script};

/// For the permit; half of it for that machine's effect lock.
const PERMIT: Duration = Duration::from_secs(20);
/// For everything of it but the start itself: the token, the secrets, the stop, the way there and back.
const AROUND: Duration = Duration::from_secs(60);

/// What `return` asks of the other machine.
#[derive(Debug)]
pub struct GiveBackOrder {
    /// `CHAIN-BAKER`: where the permit is left.
    pub baker: String,
    /// Whose permit it is: one that had none there yet.
    pub run: RunId,
    /// By whom: user and host. For people only.
    pub who: String,
    /// When. For people only.
    pub at: Timestamp,
    /// The claim of this machine's own run there, once it was seen.
    pub own: Option<RunId>,
    /// What this machine's own root says of itself: where the same is found, it is this machine (H19).
    pub here: String,
    /// The leave to lift the guard there.
    pub lift: Lift,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenBack {
    /// What bakes there was told to start, and the permit was there until its command had ended.
    Started,
    /// The permit was taken away: nothing was started, or it was guarded and stopped again.
    Gone {
        /// By whom, where that was written down.
        by: Option<String>,
    },
    /// Something there speaks against it: no permit was left, or nothing was done with it. Never [`ClaimAnswer::Made`].
    /// [`ClaimAnswer::Unasked`]: no script runs there, and the permit excludes nothing.
    Not(ClaimAnswer),
}

/// What is done on one machine, and how.
pub(super) struct Job<'a> {
    /// Where its permits lie.
    pub(super) root: &'a Root,
    /// Its guard's token; `None`: nothing there looks for one.
    pub(super) token: Option<&'a Path>,
    /// What puts its secrets back, and away again.
    pub(super) secrets: Secrets,
    /// What starts it.
    pub(super) start: Vec<String>,
    /// What stops it again.
    pub(super) stop: Vec<String>,
    /// How long the start may take.
    pub(super) limit: Duration,
    /// Are the two commands for the user who is logged in there, and not for root?
    pub(super) as_user: bool,
}

/// Two commands, as root; empty: there is no secret.
#[derive(Default)]
pub(super) struct Secrets {
    pub(super) back: Vec<String>,
    pub(super) aside: Vec<String>,
}

/// Stops these units without waiting for them.
pub(super) fn stop(units: &[UnitName]) -> Vec<String> {
    let words = ["systemctl", "--no-block", "stop", "--"].into_iter();
    words.map(str::to_owned).chain(units.iter().map(ToString::to_string)).collect()
}

/// Leaves the permit, then does the job.
pub(super) fn give_back<H: Host + ?Sized>(
    host: &mut H,
    elevation: &mut Elevation,
    job: &Job<'_>,
    order: &GiveBackOrder,
) -> Result<GivenBack, BakerError> {
    match permit(host, elevation, job, order)? {
        ClaimAnswer::Made { .. } => act(host, elevation, job, order),
        against => Ok(GivenBack::Not(against)),
    }
}

fn permit<H: Host + ?Sized>(
    host: &mut H,
    elevation: &mut Elevation,
    job: &Job<'_>,
    order: &GiveBackOrder,
) -> Result<ClaimAnswer, BakerError> {
    let unclear = |host: &H, why: String| BakerError::Unclear { host: host.name().to_owned(), why };
    let (head, tail) = around_the_boot(order).ok_or_else(|| unclear(host, "no permit can be written".to_owned()))?;
    let folder = job.root.path().to_string_lossy();
    let lock = lock_file(job.root, &order.baker);
    let (run, own) = (order.run.to_string(), order.own.map_or_else(|| "-".to_owned(), |run| run.to_string()));
    let seconds = (PERMIT.as_secs() / 2).to_string();
    let words = [&folder, order.baker.as_str(), &lock, &run, &head, &tail, &own, &seconds, &order.here];
    let out = match run_script(host, elevation, script::PERMIT, &words, PERMIT) {
        Ok(out) => out,
        Err(BakerError::Host(HostError::NotRun { why, .. })) => return Ok(ClaimAnswer::Unasked { why }),
        // Commands of the user's own may need no rights at all.
        Err(error @ BakerError::Elevation { .. }) if job.as_user => {
            return Ok(ClaimAnswer::Unasked { why: error.to_string() });
        }
        Err(error) => return Err(error),
    };
    match out.code {
        0 => script::answer(&out.stdout).map(named).map_err(|why| unclear(host, why)),
        127 => Ok(ClaimAnswer::Unasked { why: format!("no script runs there: {}", elevation::last_words(&out)) }),
        code => Err(unclear(host, format!("leaving a permit there exits {code}: {}", elevation::last_words(&out)))),
    }
}

/// The permit's text before and after the id of the boot, which only that machine knows.
fn around_the_boot(order: &GiveBackOrder) -> Option<(String, String)> {
    let (v, kind, boot) = (Permit::VERSION, PermitKind::Run, String::new());
    let permit = Permit { v, run: order.run, kind, boot, who: order.who.clone(), at: order.at };
    let line = serde_json::to_string(&permit).ok()?;
    let (head, tail) = line.split_once(r#""boot":"""#)?;
    Some((format!(r#"{head}"boot":""#), format!(r#""{tail}"#)))
}

fn act<H: Host + ?Sized>(
    host: &mut H,
    elevation: &mut Elevation,
    job: &Job<'_>,
    order: &GiveBackOrder,
) -> Result<GivenBack, BakerError> {
    let drop_in = job.token.map(DropIn::new).transpose()?;
    let (folder, name, text) = match &drop_in {
        Some(drop_in) => {
            let name = drop_in.token().rsplit('/').next().unwrap_or_default();
            (drop_in.folder(), name, order.lift.token(order.at))
        }
        None => ("-", "-", String::new()),
    };
    let root = job.root.path().to_string_lossy();
    let (run, by) = (order.run.to_string(), format!("return by {}", order.who));
    let (lock, limit) = (ARMING_PATIENCE.as_secs().to_string(), job.limit.as_secs().to_string());
    let counts = [&job.secrets.back, &job.secrets.aside, &job.start].map(|words| words.len().to_string());
    let [back, aside, start] = &counts;
    let user = if job.as_user { "user" } else { "root" };
    let mut words = vec![&*root, &order.baker, &run, &lock, WRITE, REMOVE, folder, name, &text, &by, user, &limit];
    for (count, command) in [(back, &job.secrets.back), (aside, &job.secrets.aside), (start, &job.start)] {
        words.push(count);
        words.extend(command.iter().map(String::as_str));
    }
    words.extend(job.stop.iter().map(String::as_str));
    let out = run_script(host, elevation, script::GIVE_BACK, &words, ARMING_PATIENCE + job.limit + AROUND)?;
    let failed = |what: String, code: i32, message: String| BakerError::Failed {
        host: host.name().to_owned(),
        what,
        code,
        message,
    };
    if out.code != 0 {
        return Err(failed("giving the job back".to_owned(), out.code, elevation::last_words(&out)));
    }
    let said = script::said(&out.stdout).map_err(|why| BakerError::Unclear { host: host.name().to_owned(), why })?;
    match said {
        script::Said::Started => Ok(GivenBack::Started),
        script::Said::Gone { by } => Ok(GivenBack::Gone { by }),
        script::Said::Busy { holder } => Ok(GivenBack::Not(ClaimAnswer::Busy { holder })),
        script::Said::Failed { code, what } => {
            let what = match what.as_str() {
                "guard" => "lifting the boot guard".to_owned(),
                "secret" => "putting the unlock secret back".to_owned(),
                _ => job.start.iter().take_while(|word| *word != "--").cloned().collect::<Vec<_>>().join(" "),
            };
            let said = Output { stdout: String::new(), ..out };
            Err(failed(what, code, elevation::last_words(&said)))
        }
    }
}

/// Runs a fixed script as root, with what changes as its arguments.
fn run_script<H: Host + ?Sized>(
    host: &mut H,
    elevation: &mut Elevation,
    script: &str,
    words: &[&str],
    deadline: Duration,
) -> Result<Output, BakerError> {
    let argv: Vec<&str> = ["sh", "-c", script, script::NAME].iter().chain(words).copied().collect();
    elevation.run(host, &argv, deadline).map_err(|error| match error {
        // Without the script, which no sudoers file names.
        BakerError::Elevation { host, .. } => {
            BakerError::Elevation { host, what: "sh, to give the job back".to_owned() }
        }
        BakerError::Host(HostError::Lost { host, after, .. }) => {
            BakerError::Host(HostError::Lost { host, what: "sh, to give the job back".to_owned(), after })
        }
        other => other,
    })
}

#[cfg(test)]
mod tests;
