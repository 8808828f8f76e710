//! What a call of the program said.

use serde_json::Value;

/// What a call said, all of it with `--json`.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What an ended process said. The commands in it without the configuration of this world, which they keep (see `next_lines`).
    pub(crate) fn of(output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| without_configuration(&String::from_utf8(bytes).unwrap());
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Every line of standard output as JSON, each with the version of its form.
    pub(crate) fn records(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let records: Vec<Value> = self.out.lines().map(read).collect();
        assert!(records.iter().all(|record| record["v"] == 1), "{}", self.out);
        records
    }

    /// The records with this name.
    pub(crate) fn named(&self, name: &str) -> Vec<Value> {
        self.records().into_iter().filter(|record| record["record"] == name).collect()
    }

    /// The last record: the end, with this exit code and a next action. Nothing panicked.
    pub(crate) fn ends(&self, code: i32) -> Value {
        let end = self.records().pop().unwrap_or_else(|| panic!("no line at all: {self:?}"));
        assert_eq!((self.code, &end["record"], &end["exit"]), (code, &"end".into(), &code.into()), "{self:#?}");
        assert!(end["next"].as_str().is_some_and(|next| !next.is_empty()), "{self:?}");
        assert!(!self.err.contains("panicked"), "{}", self.err);
        end
    }

    /// The one sentence that says why, in an error's record or in the end of a run.
    pub(crate) fn why(&self) -> String {
        let records = self.records();
        let said: Vec<&str> = records
            .iter()
            .filter(|record| record["record"] == "error" || record["record"] == "end")
            .filter_map(|record| record["message"].as_str())
            .collect();
        let [why] = said.as_slice() else { panic!("not one sentence: {self:?}") };
        assert!(!why.contains('\n'), "{why}");
        (*why).to_owned()
    }

    /// The steps that were done, in order.
    pub(crate) fn steps(&self) -> Vec<String> {
        let done = self.named("after").into_iter().filter(|record| record["result"] == "done");
        done.map(|record| record["step"].as_str().unwrap().to_owned()).collect()
    }
}

/// The text without the words ` --config FILE` that follow a subcommand.
pub(crate) fn without_configuration(text: &str) -> String {
    let (flag, mut told) = (" --config ", String::new());
    let mut parts = text.split(flag);
    told.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let path = part.find([' ', '`', '"', '\n', ';', ',']).unwrap_or(part.len());
        let (path, rest) = part.split_at(path);
        // "Try: failover --config FILE ..." and "FILE" itself are text.
        if !path.starts_with('/') || told.ends_with("failover") {
            told.push_str(&format!("{flag}{path}"));
        }
        told.push_str(rest);
    }
    told
}
