//! The configuration file. The program is no library, so its own template is compiled here.
#![no_main]

use std::path::Path;

use failover_fuzz::seeds;
use libfuzzer_sys::fuzz_target;

#[path = "../../failover-cli/src/config/template.rs"]
mod template;

use failover_core::config::{Config, ConfigError};
use template::Template;

fn known() -> Vec<Vec<u8>> {
    let template = |network: &str, device: &str| Template {
        name: Some("mybaker".to_owned()),
        address: Some("tz1NNT9EERmcKekRq2vdv6e8TL3WQpY8AXSF".parse().expect("an address")),
        network: Some(network.to_owned()),
        node: Some("http://127.0.0.1:8732".parse().expect("a URL")),
        device: Some(device.parse().expect("a selector")),
        primary: Some("baker@primary".to_owned()),
        ..Template::default()
    };
    let texts = [
        template("mainnet", "tezsign"),
        template("ghostnet", "ledger"),
        template("mainnet", "ledger+tcp:127.0.0.1:9999"),
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().filter_map(|t| t.text().ok()).map(String::into_bytes).collect();
    // Every key that is only mentioned in a comment, too.
    let open = |text: &Vec<u8>| {
        let text = String::from_utf8_lossy(text);
        let lines = text.lines().map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with('[') || rest.contains(" = ") => rest,
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n").into_bytes()
    };
    all.extend(all.iter().map(open).collect::<Vec<_>>());
    all
}

fuzz_target!(init: seeds(known()), |data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Config::parse(Path::new("/etc/failover/config.toml"), text) {
        Ok(config) => {
            assert!((2..=1000).contains(&config.margin), "S2: a margin of {}", config.margin);
            let _shown = format!("{config:?}");
        }
        Err(error) => {
            if let ConfigError::At { line, .. } = &error {
                assert!((1..=text.lines().count().max(1) + 1).contains(line), "line {line}");
            }
            assert!(!error.to_string().contains('\n') && !error.next().is_empty(), "{error}");
        }
    }
});
