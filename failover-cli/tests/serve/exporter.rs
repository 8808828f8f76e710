//! The example that tells Prometheus: what is known, nothing of the rest, and nobody keeps it from the next.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::examples::example;
use crate::world::{Signer, World};

/// An exporter that is ended with this.
struct Exporter(Child, String);

impl Exporter {
    fn new(world: &World) -> Self {
        let mut command = example("exporter");
        let mut child = command.arg(world.config()).arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap().to_owned();
        Self(child, address)
    }

    fn asked(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.1).unwrap();
        // It may have hung up before it has all of it.
        let _refused = stream.write_all(request);
        let mut answer = Vec::new();
        let _reset = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn page(&self) -> String {
        let answer = self.asked(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains(&format!("Length: {}", body.len())), "{head}");
        body.to_owned()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The number of a sample, by its name with labels.
fn number(page: &str, sample: &str) -> Option<i64> {
    page.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn an_exporter_tells_what_is_known_and_nothing_of_the_rest() {
    let mut world = World::new(Signer::Ledger);
    let exporter = Exporter::new(&world);
    let page = exporter.page();
    for part in ["chain", "device", "guard"] {
        assert_eq!(number(&page, &format!("failover_known{{part=\"{part}\"}}")), Some(1), "{page}");
    }
    let head = number(&page, "failover_head_level{}").unwrap();
    assert!(head.abs_diff(i64::try_from(world.head()).unwrap()) < 100, "{page}");
    assert!(number(&page, "failover_head_age_seconds{}").unwrap() < 120, "{page}");
    assert_eq!(number(&page, "failover_guard_lifted{}"), Some(0), "{page}");
    let marks: Vec<&str> = page.lines().filter(|line| line.starts_with("failover_mark_level{key=")).collect();
    assert_eq!(marks.len(), 3, "one a kind: {page}");
    for sample in marks.iter().map(|line| line.split_once('}').unwrap()) {
        let (labels, level) = (sample.0.split_once('{').unwrap().1, sample.1.trim().parse::<i64>().unwrap());
        assert_eq!(number(&page, &format!("failover_mark_above_head{{{labels}}}")), Some(level - head), "{page}");
    }
    // Only read, and only there.
    assert!(exporter.asked(b"POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(exporter.asked(b"GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    // A head without an end, and one that never comes, keep nobody else waiting for long.
    assert_eq!(exporter.asked(&[b'x'; 20_000]), "");
    let begun = Instant::now();
    let silent = TcpStream::connect(&exporter.1).unwrap();
    assert!(exporter.page().contains("failover_known"));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    drop(silent);
    drop(exporter);
    // Nothing answers: no number stands for that.
    world.configure(|text| text.replace(world_node(&text), "http://127.0.0.1:1"));
    std::fs::remove_dir_all(world.state()).unwrap();
    std::fs::write(world.state(), "no folder").unwrap();
    let page = Exporter::new(&world).page();
    for (part, known) in [("chain", 0), ("device", 1), ("guard", 0)] {
        assert_eq!(number(&page, &format!("failover_known{{part=\"{part}\"}}")), Some(known), "{page}");
    }
    for name in ["failover_head_level", "failover_mark_above_head", "failover_guard_lifted"] {
        assert!(!page.contains(name), "{name}: {page}");
    }
    // Whoever asks is told: it is served on loopback, and nowhere else.
    let elsewhere = example("exporter").arg(world.config()).arg("0.0.0.0:0").output().unwrap();
    assert!(!elsewhere.status.success() && elsewhere.stdout.is_empty(), "{elsewhere:?}");
}

fn world_node(text: &str) -> &str {
    text.split_once("node = \"").unwrap().1.split_once('"').unwrap().0
}
