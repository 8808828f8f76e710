//! Speculos' TCP over real sockets on loopback: the driver against the simulated device, and against servers that are none.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first thing that is not as it should be")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use failover_core::signer::ledger::tcp::Tcp;
use failover_core::signer::ledger::{self, ApduExchange, Derivation, Options};
use failover_core::signer::{Arming, Cap, DeviceReading, KeyName, Selector, SignerDevice, SignerError, raise};
use failover_core::tezos::{ChainId, Level};
use failover_sim::ledger::{LedgerOptions, Person, SimLedger};

const PATH: &str = "44'/1729'/0'/0'";
const VERSION: [u8; 5] = [0x80, 0, 0, 0, 0];
const RESET: [u8; 9] = [0x80, 6, 0, 0, 4, 0, 0, 0, 9];
/// A deadline that is met is never waited for.
const AMPLE: Duration = Duration::from_secs(60);

/// A listener and the port that it has.
fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn serve(sim: &SimLedger) -> u16 {
    let ((listener, port), sim) = (listen(), sim.clone());
    thread::spawn(move || sim.serve(&listener));
    port
}

/// A server that does this with every connection.
fn server(mut with: impl FnMut(TcpStream) + Send + 'static) -> Tcp {
    let (listener, port) = listen();
    thread::spawn(move || listener.incoming().flatten().for_each(&mut with));
    Tcp::new("127.0.0.1".to_owned(), port)
}

#[test]
fn the_driver_over_a_socket() {
    let sim = SimLedger::new(LedgerOptions::default());
    let selector: Selector = format!("ledger+tcp:localhost:{}", serve(&sim)).parse().unwrap();
    let mut ledger =
        ledger::open(&selector, &Options { derivation: Derivation::Secp256k1, ..Options::default() }).unwrap();
    let (key, cap) = (KeyName::new(PATH), Cap::new(Level::new(2000).unwrap()).unwrap());
    let reading = DeviceReading::of(&mut ledger).unwrap();
    assert_eq!(reading.state().info.selector, selector.to_string());
    let order = reading.order_to_authorize(&key, Level::new(1000).unwrap(), cap).unwrap();
    order.authorize(&mut ledger, ChainId::MAINNET).unwrap();
    raise(&mut ledger, &[key], Level::new(1500).unwrap(), cap).unwrap();
    assert_eq!(ledger.state().unwrap().keys[0].arming, Arming::Armed);
    assert_eq!(sim.lock().memory().main.level, 1500);
}

#[test]
fn a_press_after_the_deadline_is_answered_to_whoever_asks_next() {
    let sim = SimLedger::new(LedgerOptions::default());
    sim.lock().person(Person::Ignores);
    let mut tcp = Tcp::new("127.0.0.1".to_owned(), serve(&sim));
    let error = tcp.exchange(&RESET, Duration::from_millis(100).into()).unwrap_err();
    assert!(matches!(error, SignerError::Timeout { what: "RESET", .. }), "{error}");
    assert!(sim.lock().is_prompting());
    // Asked while the prompt is on the screen, and pressed while it waits.
    let asking = thread::spawn(move || (tcp.exchange(&VERSION, AMPLE.into()), tcp));
    let before = sim.lock().requests();
    while sim.lock().requests() < 2.max(before) {
        thread::sleep(Duration::from_millis(1));
    }
    sim.lock().press();
    let (answer, mut tcp) = asking.join().unwrap();
    assert_eq!(answer, Ok(vec![0x90, 0]), "RESET's answer, to VERSION");
    assert_eq!(tcp.exchange(&VERSION, AMPLE.into()), Ok(vec![1, 2, 5, 1, 0x90, 0]));
    assert_eq!(sim.lock().memory().main.level, 9);
}

#[test]
fn a_server_that_accepts_and_never_answers_is_a_timeout() {
    let mut kept = Vec::new();
    let mut tcp = server(move |stream| kept.push(stream));
    let error = tcp.exchange(&VERSION, Duration::from_millis(100).into()).unwrap_err();
    assert!(matches!(error, SignerError::Timeout { what: "VERSION", .. }), "{error}");
}

#[test]
fn bytes_that_drip_do_not_stretch_the_deadline() {
    let mut tcp = server(|mut stream| {
        thread::spawn(move || {
            while stream.write_all(&[0]).is_ok() {
                thread::sleep(Duration::from_millis(30));
            }
        });
    });
    // The first four make a length of 0, the next two an answer: the transport hands it up, the driver refuses it.
    assert_eq!(tcp.exchange(&VERSION, AMPLE.into()), Ok(vec![0, 0]));
    let error = tcp.exchange(&VERSION, Duration::from_millis(20).into()).unwrap_err();
    assert!(matches!(error, SignerError::Timeout { .. }), "{error}");
}

#[test]
fn what_is_no_ledger_is_said_in_one_sentence() {
    for (bytes, malformed) in
        [(&b"HTTP/1.1 400 Bad Request\r\n"[..], true), (&[0xff; 64], true), (&[0, 0, 0, 4, 1], false), (&[], false)]
    {
        let mut tcp = server(move |mut stream| {
            let _ = stream.read(&mut [0; 64]);
            let _ = stream.write_all(bytes);
        });
        match tcp.exchange(&VERSION, AMPLE.into()).unwrap_err() {
            SignerError::Malformed { what: "VERSION", .. } => assert!(malformed),
            SignerError::Disconnected { .. } => assert!(!malformed),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn nobody_there_is_a_broken_connection() {
    let (listener, port) = listen();
    drop(listener);
    let error = Tcp::new("127.0.0.1".to_owned(), port).exchange(&VERSION, AMPLE.into()).unwrap_err();
    assert!(matches!(error, SignerError::Disconnected { .. }), "{error}");
}

#[test]
fn bytes_that_came_before_the_question_are_not_its_answer() {
    let mut connections = 0;
    let mut tcp = server(move |mut stream| {
        connections += 1;
        let first = connections == 1;
        thread::spawn(move || {
            let mut request = [0; 4 + VERSION.len()];
            while stream.read_exact(&mut request).is_ok() {
                // Something late follows the first answer, in the same write.
                let answers = [0, 0, 0, 1, 1, 0x90, 0, 0, 0, 0, 1, 9, 0x90, 0];
                let _ = stream.write_all(if first { &answers } else { &answers[..7] });
            }
        });
    });
    assert_eq!(tcp.exchange(&VERSION, AMPLE.into()), Ok(vec![1, 0x90, 0]));
    assert_eq!(tcp.exchange(&VERSION, AMPLE.into()), Ok(vec![1, 0x90, 0]), "asked anew on a new connection");
}
