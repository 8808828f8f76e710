//! `watch`: after a failover, or always. Takes no lock and asks nothing.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};

use failover_core::clock::{Clock, SystemClock, Timestamp};
use failover_core::lock::FileLock;
use failover_core::session::open;
use failover_core::state::StateDir;
use failover_core::watch::{Finding, Hooks, Listener, SILENT, Watch, WatchLook, WatchParts, WatchRecord};

use crate::args;
use crate::failure::Failure;
use crate::notify::Notify;
use crate::output::{End, Output};
use crate::session;
use crate::settings::Settings;
use crate::signals;

mod shown;
mod told;

use shown::{Everybody, LAST_WORDS, Shown, WAITING, show};

/// The watch's end of what the command ends later.
struct Shared(Arc<Mutex<Option<Everybody>>>);

impl Listener for Shared {
    fn hear(&mut self, at: Timestamp, said: &WatchRecord) {
        if let Some(everybody) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            everybody.hear(at, said);
        }
    }

    fn looked(&mut self, look: &WatchLook) {
        if let Some(everybody) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            everybody.looked(look);
        }
    }
}

/// Watches to the end.
///
/// # Errors
/// The configuration or the state cannot be used. Everything later is the watch's own end.
pub(crate) fn run(settings: &Settings, wanted: &args::Watch, out: &mut Output) -> Result<End, Failure> {
    let config = settings.config()?;
    let state = StateDir::open(settings.state())?;
    let notify = Notify::from_env().unwrap_or_else(|error| {
        out.warn(format!("the service manager cannot be told anything: NOTIFY_SOCKET: {error}"));
        None
    });
    let (records, received) = mpsc::sync_channel(WAITING);
    let (done, finished) = mpsc::sync_channel::<()>(1);
    let screen = out.another();
    let show = move || {
        show(&received, screen);
        done.send(())
    };
    std::thread::Builder::new().name("records".to_owned()).spawn(show).map_err(|error| {
        Failure::new(
            crate::exit::Exit::Failed,
            format!("no thread can be made: {error}"),
            "give this program more memory or threads",
        )
    })?;
    let shown = Shown { records };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let failed = shown.clone();
    let report = Arc::new(move |at: Timestamp, note: Finding| failed.show(at, WatchRecord::Finding(note)));
    let hooks = Hooks::new(config.watch.hooks.clone(), config.baker.name.clone(), Arc::clone(&clock), report);
    let everybody = Arc::new(Mutex::new(Some(Everybody { shown, hooks, notify })));
    let policy = open::policy(&config, &state, None, false)?;
    let (chain, baker) = (policy.chain, policy.baker);
    let parts = WatchParts {
        source: open::node(&settings.node()?),
        others: open::others(&config.chain, &policy.without)?,
        busy: Box::new(move || FileLock::is_held(chain, baker)),
        hands: open::watching(&config, &state, &signals::flag())?,
        policy,
        silent: wanted.silent.or(config.watch.levels).unwrap_or(SILENT),
        clock,
        state,
        cancel: signals::cancel(out),
        listener: Box::new(Shared(Arc::clone(&everybody))),
    };
    let end = Watch::new(parts).run();
    let everybody = everybody.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(Everybody { shown, hooks, mut notify }) = everybody {
        if let Some(notify) = &mut notify {
            notify.stopping(&end.message);
        }
        hooks.finish();
        // With the last sender the thread comes to its end.
        drop(shown);
    }
    let _slow_reader = finished.recv_timeout(LAST_WORDS);
    Ok(session::ended(end, out))
}
