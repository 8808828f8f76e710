//! The seeds: written into the folder that `FAILOVER_SEEDS` names, before libFuzzer reads it.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::Value;

/// Writes a target's seeds, each named by what it holds, so that writing them again changes nothing.
pub fn seeds(seeds: impl IntoIterator<Item = Vec<u8>>) {
    let Some(folder) = env::var_os("FAILOVER_SEEDS").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).expect("the folder of the seeds can be made");
    for seed in seeds {
        // FNV-1a.
        let name = seed
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        fs::write(folder.join(format!("seed-{name:016x}")), seed).expect("a seed can be written");
    }
}

/// The exchanges of a file of vectors.
pub fn vectors(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).expect("the vectors are JSON");
    file["exchanges"].as_array().expect("the vectors are a list").clone()
}
