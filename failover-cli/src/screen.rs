//! The run on a terminal: seven steps in a column, drawn in place by a thread of its own. It gets what happens and gives
//! nothing back: a terminal that stands still holds up no step.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::{Duration, Instant};

use failover_core::journal::record::Record;
use signal_hook::consts::SIGCONT;

use crate::size::Size;

mod checked;
mod column;
mod draw;
mod look;
mod painter;
mod result;
mod row;
#[cfg(test)]
mod tests;

pub(crate) use checked::checked;
pub(crate) use look::Look;
use painter::Painter;
pub(crate) use row::Row;

/// How often a countdown goes on.
const TICK: Duration = Duration::from_secs(1);
/// How long a terminal that stands still is waited for, before a question and at the end.
const PATIENCE: Duration = Duration::from_secs(5);

enum Message {
    Record(Box<Record>, Option<Duration>),
    /// Text for ordinary lines; `aside`: to standard error.
    Above {
        text: String,
        aside: bool,
    },
    /// Somebody else writes on the terminal; answered when nothing more is drawn.
    Still(SyncSender<()>),
}

/// Where the records of a run are drawn. Its copies are the same screen.
#[derive(Debug, Clone)]
pub(crate) struct Screen {
    to: Sender<Message>,
    /// When it began; `None`: a drill whose time is not ours, so that nothing is counted down.
    begun: Option<Instant>,
}

impl Screen {
    /// Begins one on standard output, where that is large enough. `counts`: time passes as on the wall.
    pub(crate) fn begin(look: Look, counts: bool) -> Option<Self> {
        Size::now().filter(|size| size.is_enough())?;
        Self::over(Painter::new(look, Box::new(Size::now), Box::new(io::stdout()), Box::new(io::stderr())), counts)
    }

    fn over(painter: Painter, counts: bool) -> Option<Self> {
        let (to, messages) = mpsc::channel();
        let stopped = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGCONT, Arc::clone(&stopped)).ok()?;
        let begun = counts.then(Instant::now);
        let thread = std::thread::Builder::new().name("screen".to_owned());
        thread.spawn(move || serve(&messages, painter, begun, &stopped)).ok()?;
        Some(Self { to, begun })
    }

    /// Draws a record.
    pub(crate) fn record(&self, record: &Record) {
        let _gone = self.to.send(Message::Record(Box::new(record.clone()), elapsed(self.begun)));
    }

    /// Text for ordinary lines above the column; to standard error where it is an aside.
    pub(crate) fn above(&self, text: String, aside: bool) {
        let _gone = self.to.send(Message::Above { text, aside });
    }

    /// Leaves everything as it stands until the next record, so that somebody else can write on the terminal: a question,
    /// or the last line.
    pub(crate) fn still(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.to.send(Message::Still(done)).is_ok() {
            let _slow = wait.recv_timeout(PATIENCE);
        }
    }
}

fn elapsed(begun: Option<Instant>) -> Option<Duration> {
    begun.map(|begun| begun.elapsed())
}

/// Draws until nobody has the screen any more.
fn serve(messages: &Receiver<Message>, mut painter: Painter, begun: Option<Instant>, stopped: &AtomicBool) {
    loop {
        let first = match messages.recv_timeout(TICK) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // It was stopped (Ctrl-Z) and goes on: a shell has written under what was drawn.
        if stopped.swap(false, Ordering::SeqCst) {
            painter.forget();
        }
        // All that is there already, before anything is drawn.
        for message in first.into_iter().chain(messages.try_iter()) {
            match message {
                Message::Record(record, at) => painter.hear(&record, at),
                Message::Above { text, aside } => painter.above(&text, aside),
                Message::Still(done) => {
                    painter.leave(elapsed(begun));
                    let _gone = done.try_send(());
                }
            }
        }
        painter.draw(elapsed(begun));
    }
}
