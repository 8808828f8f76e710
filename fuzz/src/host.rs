//! A machine on which the fuzzer says what some of the commands print.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use failover_core::host::{Host, HostError, Output};
use failover_sim::{Side, SimHost};

use crate::{BETWEEN, STREAMS, WORLD, joined};

/// The simulated primary; a command line that has one of the named parts in it prints what the fuzzer says, each once
/// and in turn. Where that is empty, the machine answers.
pub struct Machine {
    honest: SimHost,
    lies: Vec<(&'static str, Vec<u8>)>,
    said: Option<Said>,
}

type Said = Arc<Mutex<Vec<Vec<u8>>>>;

impl Machine {
    /// With these commands in the fuzzer's hands.
    pub fn new(lies: &[&'static str], data: &[u8]) -> Self {
        let outputs = data.split(|byte| *byte == BETWEEN).map(<[u8]>::to_vec).chain(std::iter::repeat(Vec::new()));
        Self { honest: WORLD.host(Side::Primary), lies: lies.iter().copied().zip(outputs).collect(), said: None }
    }

    /// What is honestly printed where the fuzzer would be asked, as an input.
    pub fn honest(mut self, ask: impl FnOnce(Self)) -> Vec<u8> {
        let said = Said::default();
        self.said = Some(Arc::clone(&said));
        ask(self);
        joined(said.lock().expect("nobody panics with it").iter())
    }
}

/// Output, errors and the exit code's last digit.
fn output(lie: &[u8]) -> Output {
    let mut streams = lie.split(|byte| *byte == STREAMS);
    let mut text = || String::from_utf8_lossy(streams.next().unwrap_or_default()).into_owned();
    let (stdout, stderr) = (text(), text());
    Output { code: text().parse().unwrap_or(0), stdout, stderr }
}

impl Host for Machine {
    fn name(&self) -> &str {
        "the fuzzed machine"
    }

    fn run(&mut self, argv: &[&str], deadline: Duration) -> Result<Output, HostError> {
        let line = argv.join(" ");
        let Some(at) = self.lies.iter().position(|(part, _)| line.contains(part)) else {
            return self.honest.run(argv, deadline);
        };
        let (_, lie) = self.lies.remove(at);
        if let Some(said) = &self.said {
            let out = self.honest.run(argv, deadline)?;
            let code = out.code.to_string();
            let streams = if out.code == 0 && out.stderr.is_empty() {
                out.stdout.clone().into_bytes()
            } else {
                [out.stdout.as_bytes(), out.stderr.as_bytes(), code.as_bytes()].join(&STREAMS)
            };
            said.lock().expect("nobody panics with it").push(streams);
            return Ok(out);
        }
        if lie.is_empty() { self.honest.run(argv, deadline) } else { Ok(output(&lie)) }
    }
}
