//! A journal with any bytes: reading and reopening agree, a torn end is cut once, and appending goes on (S6).
#![no_main]

use std::cell::OnceCell;
use std::fs;
use std::path::PathBuf;

use failover_core::clock::Timestamp;
use failover_core::journal::record::Record;
use failover_core::journal::{self, JournalFile};
use failover_core::signer::Model;
use failover_sim::drill::{DrillOptions, drill};
use failover_sim::{Pace, scenario};
use failover_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static PATH: OnceCell<PathBuf> = const { OnceCell::new() };
}

/// A file in memory: this is about records, not about disks.
fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from("/dev/shm");
    let folder = if folder.is_dir() { folder } else { std::env::temp_dir() };
    folder.join(format!("failover-fuzz-{}-{name}", std::process::id()))
}

fn known() -> Vec<Vec<u8>> {
    let mut journals = vec![Vec::new(), b"{\"v\":1,\"seq\":1,\"at\":\"2026-11-22T03:00:00Z\"}".to_vec()];
    for (name, model) in [("happy", Model::TezSign), ("emergency", Model::Ledger), ("happy", Model::Ledger)] {
        let folder = scratch("seeds");
        let options = DrillOptions { model, seed: 7, pace: Pace::Fast };
        let watcher: failover_sim::drill::Watcher =
            std::sync::Arc::new(std::sync::Mutex::new(|_, _: &Record| {}));
        if let Some(scenario) = scenario::named(name) {
            fs::create_dir_all(&folder).expect("a folder in memory");
            drill(scenario, &options, &folder, &watcher).expect("a drill runs");
            let found = fs::read_dir(folder.join("journals")).into_iter().flatten();
            journals.extend(found.filter_map(|file| fs::read(file.ok()?.path()).ok()));
        }
        let _gone = fs::remove_dir_all(&folder);
    }
    journals
}

fuzz_target!(init: if std::env::var_os("FAILOVER_SEEDS").is_some() { seeds(known()) }, |data: &[u8]| {
    let path = PATH.with(|path| path.get_or_init(|| scratch("journal")).clone());
    fs::write(&path, data).expect("memory takes it");
    let read = journal::read::<Record>(&path);
    let reopened = JournalFile::<Record>::reopen(&path);
    assert_eq!(read.is_ok(), reopened.is_ok(), "reading and reopening do not agree");
    let (Ok(read), Ok((mut file, again))) = (read, reopened) else { return };
    assert_eq!(read, again);
    let records = read.entries.len() as u64;
    assert_eq!(file.seq(), records);
    if let Some(entry) = read.entries.last() {
        // What was read can be written again: decode after encode.
        file.append(Timestamp::from_millis(1_795_316_400_000), &entry.record).expect("a record that was read");
        drop(file);
        let longer = journal::read::<Record>(&path).expect("what was appended reads");
        assert_eq!(longer.torn, None, "a record behind a torn one");
        assert_eq!(longer.entries.len() as u64, records + 1);
        assert_eq!(longer.entries.last().map(|last| &last.record), Some(&entry.record), "decode after encode");
    }
});
