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
    /// Every line of standard output as JSON.
    pub(crate) fn records(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
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
