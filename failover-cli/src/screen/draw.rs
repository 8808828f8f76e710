//! The column as lines of text.

use std::time::Duration;

use failover_core::decision::ladder::title;

use super::column::{Act, Column, FENCE, STEPS, Wait};
use super::look::{Look, State};
use crate::size::Size;
use crate::text::one_line;
use crate::wrap::{Long, cut, wrap};
use failover_core::narration::Told;

/// Where the marks of what is under a step begin.
const INDENT: usize = 6;
/// The name of a rung, and a space.
const RUNG: usize = 13;

/// A piece of text under a step.
struct Detail {
    step: usize,
    state: State,
    text: String,
    /// By how much its further lines are indented.
    hang: usize,
    /// How many lines it may have: more where somebody must read it to its end.
    most: usize,
}

impl Column {
    /// The lines for a terminal of this size, none of them wider, and as long as the run lasts one fewer than it has rows.
    /// `now` is on the screen's clock; without one no time is told.
    pub(crate) fn lines(&self, size: Size, now: Option<Duration>, look: Look) -> Vec<String> {
        let Size { rows, columns } = Size { columns: size.columns.max(20), ..size };
        let ended = self.ended.is_some();
        let mut details = self.details(now);
        let mut most = if ended { usize::MAX } else { 2 };
        loop {
            let lines = self.drawn(&details, columns, most, look);
            if ended || lines.len() < rows {
                return lines;
            }
            if most > 1 {
                most = 1;
            } else if details.is_empty() {
                // Not even the steps have room: the last of them are where it happens.
                return lines.into_iter().rev().take(rows.saturating_sub(1)).rev().collect();
            } else {
                details.remove(0);
            }
        }
    }

    fn drawn(&self, details: &[Detail], columns: usize, most: usize, look: Look) -> Vec<String> {
        let mut lines = vec![String::new()];
        for number in 0..STEPS {
            let state = self.state(number);
            let named = u8::try_from(number).map(title).unwrap_or_default();
            let result = self.step(number).and_then(|step| step.result.as_deref()).filter(|_| state == State::Done);
            let text = format!("{number}  {}", one_line(result.unwrap_or(named)));
            let room = columns.saturating_sub(4);
            let each = if self.ended.is_some() { usize::MAX } else { 1 };
            let wrapped = cut(wrap(&text, room, 3, Long::Break), each, room, look.more());
            for (index, line) in wrapped.iter().enumerate() {
                let mark = if index == 0 { look.mark(state) } else { "   " };
                let line = if state == State::Done { line.clone() } else { look.paint(state, line) };
                lines.push(format!("{} {line}", look.paint(state, mark)).trim_end().to_owned());
            }
            for detail in details.iter().filter(|detail| detail.step == number) {
                detail.draw(columns, most, look, &mut lines);
            }
        }
        lines
    }

    /// What is under the steps: first what can be left out where there is no room.
    fn details(&self, now: Option<Duration>) -> Vec<Detail> {
        let mut details = Vec::new();
        let ended = self.ended.is_some();
        let acts = self.step(self.active).map(|step| step.acts.as_slice()).unwrap_or_default();
        for Act { state, text, why, times } in acts.iter().filter(|act| !ended || act.state == State::Failed) {
            let (text, most) = match why {
                Some(why) if *times > 1 => (format!("{times} times: {text}: {why}"), 4),
                Some(why) => (format!("{text}: {why}"), 4),
                None => (text.clone(), 2),
            };
            details.push(Detail { step: self.active, state: *state, text, hang: 2, most });
        }
        let rungs = if self.shows_rungs() { self.rungs.as_slice() } else { &[] };
        for rung in rungs {
            let state = match (rung.proven, ended) {
                (true, _) => State::Done,
                (false, true) => State::Failed,
                (false, false) => State::ToCome,
            };
            // What is missing was read when a rung last changed; a wait knows better meanwhile.
            let known = rung.proven || self.wait.is_none();
            let text = format!("{:<RUNG$}{}", rung.kind.to_string(), if known { rung.why.as_str() } else { "" });
            details.push(Detail { step: FENCE, state, text, hang: RUNG, most: 2 });
        }
        if let Some(wait) = &self.wait {
            let text = waits(wait, now);
            details.push(Detail { step: self.active, state: State::Open, text, hang: 2, most: 4 });
        }
        details
    }
}

impl Detail {
    fn draw(&self, columns: usize, most: usize, look: Look, lines: &mut Vec<String>) {
        let room = columns.saturating_sub(INDENT + 4);
        let most = if most > 1 { most.max(self.most) } else { self.most.div_ceil(2) };
        let text = one_line(&self.text);
        let wrapped = cut(wrap(text.trim_end(), room, self.hang, Long::Break), most, room, look.more());
        for (index, line) in wrapped.iter().enumerate() {
            let mark = if index == 0 { look.mark(self.state) } else { "   " };
            let line = if self.state == State::Done { line.clone() } else { look.paint(self.state, line) };
            let line = format!("{}{} {line}", " ".repeat(INDENT), look.paint(self.state, mark));
            lines.push(line.trim_end().to_owned());
        }
    }
}

/// The wait, its reason, and how long it still lasts or has lasted.
fn waits(wait: &Wait, now: Option<Duration>) -> String {
    let (Told::Wait(what, _), Some(now)) = (&wait.told, now) else { return wait.told.to_string().trim().to_owned() };
    let since = |then: Option<Duration>| now.saturating_sub(then.unwrap_or(now));
    let time = match wait.left {
        None => format!("{} so far", clock(since(wait.begun))),
        Some(left) => match left.checked_sub(since(wait.said)) {
            Some(left) => format!("about {} left", clock(left)),
            None => format!("{} longer than estimated", clock(since(wait.said).saturating_sub(left))),
        },
    };
    // The time first, so that it stays in its place.
    format!("{time}, waiting for {what}")
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds % 3600 / 60, seconds % 60),
    }
}
