//! What `systemctl show` says about one service.

use std::collections::BTreeMap;
use std::time::Duration;

use super::UnitName;
use super::timespan;

/// The properties that are asked for, as one argument (systemd 247 to 257).
pub(super) const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,RestartUSec,Result";

/// Whether a service signs, or may by itself at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Activity {
    /// Active, starting, stopping, or waiting for its restart: the words for it.
    Running(String),
    /// Loaded or masked, and inactive or failed.
    Stopped,
    /// Neither can be said: why.
    Unclear(String),
}

/// One service's block.
#[derive(Debug, Clone, Default)]
pub(super) struct UnitState(BTreeMap<String, String>);

impl UnitState {
    fn get(&self, key: &str) -> &str {
        self.0.get(key).map_or("", String::as_str)
    }

    /// What the block says.
    pub(super) fn activity(&self) -> Activity {
        let (load, active, sub) = (self.get("LoadState"), self.get("ActiveState"), self.get("SubState"));
        let words = format!("{load}, {active}, {sub}");
        // `auto-restart`, and since systemd 254 `auto-restart-queued` and `dead-before-auto-restart`.
        if sub.contains("auto-restart") {
            return Activity::Running(sub.to_owned());
        }
        match active {
            "active" | "reloading" | "refreshing" | "activating" | "deactivating" => {
                return Activity::Running(active.to_owned());
            }
            "inactive" | "failed" => {}
            _ => return Activity::Unclear(words),
        }
        match self.get("MainPID") {
            "0" => {}
            "" => return Activity::Unclear(format!("{words}, no MainPID")),
            pid => return Activity::Running(format!("{active}, with process {pid}")),
        }
        match (load, active, sub) {
            // A masked unit has no file that could be started.
            ("loaded" | "masked", "inactive", "dead") | ("loaded" | "masked", "failed", "failed") => Activity::Stopped,
            _ => Activity::Unclear(words),
        }
    }

    /// Has systemd its unit file, or is it masked?
    pub(super) fn is_loaded(&self) -> bool {
        matches!(self.get("LoadState"), "loaded" | "masked")
    }

    /// How long it waits before it restarts by itself.
    pub(super) fn restart_delay(&self) -> Result<Duration, String> {
        let text = self.get("RestartUSec");
        match timespan::parse(text) {
            Some(Some(delay)) => Ok(delay),
            Some(None) => Err("its restart delay is infinite, so no wait outlasts it".to_owned()),
            None => Err(format!("its restart delay is {text:?}")),
        }
    }
}

/// Takes `systemctl show` apart: one block for each of these units, each exactly once.
///
/// # Errors
/// What is missing or odd.
pub(super) fn parse(text: &str, units: &[UnitName]) -> Result<Vec<(UnitName, UnitState)>, String> {
    let mut blocks: BTreeMap<String, UnitState> = BTreeMap::new();
    let mut block = UnitState::default();
    for line in text.lines().chain([""]) {
        if line.trim().is_empty() {
            let block = std::mem::take(&mut block);
            if block.0.is_empty() {
                continue;
            }
            let id = block.get("Id").to_owned();
            if blocks.insert(id.clone(), block).is_some() {
                return Err(format!("systemctl described {id:?} twice"));
            }
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| format!("systemctl printed {line:?}"))?;
        if block.0.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(format!("systemctl printed {key} twice in one block"));
        }
    }
    let taken = units.iter().map(|unit| match blocks.remove(unit.as_str()) {
        Some(block) => Ok((unit.clone(), block)),
        None => Err(format!("systemctl says nothing about {unit}: use the unit's own name, not an alias")),
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(load: &str, active: &str, sub: &str, pid: &str) -> String {
        format!(
            "RestartUSec=20s\nMainPID={pid}\nResult=success\nId=b.service\nLoadState={load}\nActiveState={active}\nSubState={sub}\nUnitFileState=enabled\n"
        )
    }

    fn activity(load: &str, active: &str, sub: &str, pid: &str) -> Activity {
        let units = ["b".parse().unwrap()];
        parse(&block(load, active, sub, pid), &units).unwrap()[0].1.activity()
    }

    #[test]
    fn states_of_a_service() {
        let running = |load, active, sub, pid| {
            assert!(matches!(activity(load, active, sub, pid), Activity::Running(_)), "{active} {sub}")
        };
        running("loaded", "active", "running", "812");
        running("loaded", "activating", "auto-restart", "0");
        running("loaded", "activating", "auto-restart-queued", "0");
        running("loaded", "inactive", "dead-before-auto-restart", "0");
        running("loaded", "activating", "start-pre", "0");
        running("loaded", "deactivating", "stop-sigterm", "812");
        running("loaded", "reloading", "reload", "812");
        running("loaded", "inactive", "dead", "812");
        running("not-found", "active", "running", "812");

        assert_eq!(activity("loaded", "inactive", "dead", "0"), Activity::Stopped);
        assert_eq!(activity("loaded", "failed", "failed", "0"), Activity::Stopped);
        assert_eq!(activity("masked", "inactive", "dead", "0"), Activity::Stopped);
        assert_eq!(activity("masked", "failed", "failed", "0"), Activity::Stopped);
        running("masked", "active", "running", "812");

        let unclear = |load, active, sub, pid| {
            assert!(matches!(activity(load, active, sub, pid), Activity::Unclear(_)), "{load} {active} {sub}")
        };
        unclear("not-found", "inactive", "dead", "0");
        unclear("error", "inactive", "dead", "0");
        unclear("", "inactive", "dead", "0");
        unclear("loaded", "", "dead", "0");
        unclear("loaded", "inactive", "", "0");
        unclear("loaded", "inactive", "dead", "");
        unclear("loaded", "maintenance", "dead", "0");
        unclear("loaded", "sleeping", "dead", "0");
    }

    #[test]
    fn blocks_are_found_by_id_in_any_order() {
        let text = "Id=a.service\nLoadState=loaded\n\nId=b.service\nLoadState=not-found\n";
        let units = ["b".parse().unwrap(), "a".parse().unwrap()];
        let found = parse(text, &units).unwrap();
        assert_eq!((found[0].1.get("LoadState"), found[1].1.get("LoadState")), ("not-found", "loaded"));
    }

    #[test]
    fn an_answer_that_is_odd_is_no_answer() {
        let units = ["b".parse().unwrap(), "a".parse().unwrap()];
        for text in [
            "",
            "\n\n",
            "Id=b.service\n",
            "Id=b.service\nId=a.service\n",
            "Id=b.service\n\nId=b.service\n\nId=a.service\n",
            "Failed to connect to bus\n",
            "<html>",
        ] {
            assert!(parse(text, &units).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_restart_delay_is_read_or_unknown() {
        let delay = |text: &str| {
            let text = format!("Id=b.service\nRestartUSec={text}\n");
            parse(&text, &["b".parse().unwrap()]).unwrap()[0].1.restart_delay()
        };
        assert_eq!(delay("1min 30s"), Ok(Duration::from_secs(90)));
        assert!(delay("infinity").is_err());
        assert!(delay("").is_err());
        assert!(delay("soon").is_err());
    }
}
