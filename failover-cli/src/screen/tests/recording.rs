//! A drill as the terminal gets it, byte for byte and with its times: what the moving picture in the docs is made of.
//!
//! The file is an asciicast of version 2: a line that says what it is, then a line for each write.

use std::io::{Result, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::{COLOUR, is_as_in, records};
use crate::screen::painter::Painter;
use crate::size::Size;

const WINDOW: Size = Size { rows: 30, columns: 100 };
/// How often a wait is drawn. A terminal gets one each second; one of five is enough to see it go on.
const TICK: Duration = Duration::from_secs(5);

/// What was written since it was taken last.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Written {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

/// A plan has another name in each run.
fn with_one_name(text: &str) -> String {
    let before = "    plan ";
    let Some(at) = text.find(before).map(|at| at + before.len()) else { return text.to_owned() };
    let after = at + text[at..].find(' ').unwrap();
    format!("{}K7PZ4M{}", &text[..at], &text[after..])
}

#[test]
fn a_drill_is_recorded_as_a_terminal_gets_it() {
    let written = Written::default();
    let out = || Box::new(written.clone());
    let mut painter = Painter::new(COLOUR, Box::new(|| Some(WINDOW)), out(), out());
    let mut lines = vec![json!({ "version": 2, "width": WINDOW.columns, "height": WINDOW.rows }).to_string()];
    let mut note = |at: Duration| {
        let text = written.take();
        if !text.is_empty() {
            // A terminal begins each line at the left by itself; a file of what it got says so.
            let text = with_one_name(&text).replace('\n', "\r\n");
            lines.push(json!([at.as_secs_f64(), "o", text]).to_string());
        }
    };
    let mut drawn = Duration::ZERO;
    for (at, record) in records("planned") {
        while drawn + TICK < at {
            drawn += TICK;
            painter.draw(Some(drawn));
            note(drawn);
        }
        drawn = at;
        painter.hear(&record, Some(at));
        painter.draw(Some(at));
        note(at);
    }
    is_as_in("drill.cast", &(lines.join("\n") + "\n"));
}
