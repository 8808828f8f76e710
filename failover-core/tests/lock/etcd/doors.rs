//! Doors that are locked: users and passwords, certificates.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use failover_core::chain::SourceUrl;
use failover_core::lock::etcd::{EtcdError, EtcdOptions};
use failover_core::lock::{FailoverLock as _, LockError};
use failover_core::signer::Passphrase;
use serde_json::json;

use super::server::{Etcd, until};
use super::support::{acquire, answers, options, post};

const PASSWORD: &str = "a p4ss \"word\" of etcd";

/// A user who may write below `/failover/` and nowhere else.
fn with_users(etcd: &Etcd) {
    let order = |path: &str, order: serde_json::Value| post(etcd, &format!("auth/{path}"), &order);
    for name in ["root", "failover"] {
        order("user/add", json!({ "name": name, "password": PASSWORD }));
        order("role/add", json!({ "name": name }));
        order("user/grant", json!({ "user": name, "role": name }));
    }
    let range = json!({ "permType": "READWRITE", "key": STANDARD.encode("/failover/"), "range_end": STANDARD.encode("/failover0") });
    order("role/grant", json!({ "name": "failover", "perm": range }));
    order("enable", json!({}));
}

fn user(options: EtcdOptions, name: &str, password: &str) -> EtcdOptions {
    EtcdOptions { user: Some((name.to_owned(), Passphrase::new(password.as_bytes().to_vec()))), ..options }
}

fn denied(options: &EtcdOptions) -> String {
    match acquire(options, "x") {
        Err(error @ LockError::Etcd(EtcdError::Denied { .. })) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_authentication_on_only_who_may_write_there_takes_it() {
    let mut etcd = Etcd::new();
    // A password where none is asked for is a mistake in the configuration, and is said.
    let known = user(options(&etcd), "failover", PASSWORD);
    let Err(error @ LockError::Etcd(EtcdError::Refused { .. })) = acquire(&known, "x") else { panic!("held") };
    assert!(error.to_string().contains("not enabled"), "{error}");
    with_users(&etcd);
    denied(&options(&etcd));
    let said = denied(&user(options(&etcd), "failover", "wrong"));
    assert!(!said.contains("wrong"), "{said}");
    denied(&user(options(&etcd), "nobody", PASSWORD));
    denied(&EtcdOptions { prefix: "/elsewhere".to_owned(), ..known.clone() });
    let mut held = acquire(&known, "failover run").unwrap();
    held.still_held().unwrap();
    assert!(matches!(acquire(&known, "x"), Err(LockError::HeldElsewhere { .. })));
    assert!(!format!("{known:?} {held:?}").contains("p4ss"));
    // The member forgets the tokens that it gave: a new one is got without a word.
    etcd.kill();
    etcd.start();
    until("etcd answers again", || answers(&known));
    held.still_held().unwrap();
    drop(held);
    drop(acquire(&known, "the next one").unwrap());
}

fn openssl(folder: &Path, args: &str) {
    let output = Command::new("openssl").args(args.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, a server's certificate, and a client's: `ca`, `server`, `client`, and `other`, which nobody knows.
fn certificates(folder: &Path) {
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    // No CN: with authentication on, etcd's gateway refuses a client that has one.
    file("server.ext", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n");
    file("client.ext", "extendedKeyUsage=clientAuth\n");
    for name in ["ca", "other"] {
        let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
        openssl(folder, &format!("{key} -subj /O={name} -keyout {name}.key -out {name}.pem"));
    }
    for name in ["server", "client"] {
        let key = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        openssl(folder, &format!("{key} -subj /O={name} -keyout {name}.key -out {name}.csr"));
        let sign = "x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 2";
        openssl(folder, &format!("{sign} -in {name}.csr -extfile {name}.ext -out {name}.pem"));
    }
}

#[test]
fn with_tls_both_sides_show_who_they_are() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let path = |name: &str| folder.path().join(name);
    let text = |name: &str| path(name).to_str().unwrap().to_owned();
    let arguments = ["--cert-file", &text("server.pem"), "--key-file", &text("server.key"), "--client-cert-auth"];
    let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
    arguments.extend(["--trusted-ca-file".to_owned(), text("ca.pem")]);
    let etcd = Etcd::with("https", &arguments);
    let with = |ca: Option<&str>, client: Option<(&str, &str)>| EtcdOptions {
        ca_file: ca.map(path),
        client: client.map(|(certificate, key)| (path(certificate), path(key))),
        ..options(&etcd)
    };
    let client = Some(("client.pem", "client.key"));
    let right = with(Some("ca.pem"), client);
    until("etcd has a leader", || answers(&right));
    let mut held = acquire(&right, "failover run").unwrap();
    held.still_held().unwrap();
    drop(held);
    // It shows one that this side does not know; a client that it does not know is cut off, however that looks here.
    for ca in [None, Some("other.pem")] {
        let Err(LockError::Etcd(EtcdError::NoAnswer { tried })) = acquire(&with(ca, client), "x") else {
            panic!("{ca:?}")
        };
        assert!(tried.contains("certificate"), "{tried}");
    }
    for stranger in [None, Some(("other.pem", "other.key"))] {
        let answer = acquire(&with(Some("ca.pem"), stranger), "x");
        assert!(matches!(answer, Err(LockError::Etcd(EtcdError::NoAnswer { .. }))), "{stranger:?}: {answer:?}");
    }
    let plain = EtcdOptions::new(vec![etcd.url().replace("https", "http").parse().unwrap()]);
    assert!(matches!(acquire(&plain, "x"), Err(LockError::Etcd(EtcdError::NoAnswer { .. }))));
    // Files that are not what they should be.
    for (ca, client, what) in [
        (Some("nowhere.pem"), client, "nowhere.pem"),
        (Some("ca.key"), client, "ca.key: it has no certificate"),
        (Some("ca.pem"), Some(("client.key", "client.key")), "client.key: it has no certificate"),
        (Some("ca.pem"), Some(("client.pem", "client.pem")), "client.pem: it has no private key"),
    ] {
        let Err(LockError::Etcd(error @ EtcdError::Setup { .. })) = acquire(&with(ca, client), "x") else {
            panic!("{what}")
        };
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn what_is_no_url_is_refused_without_repeating_it() {
    for url in ["http://user:secret@x:2379", "http://x/path"] {
        let Err(LockError::Etcd(error @ EtcdError::Setup { .. })) =
            acquire(&EtcdOptions::new(vec![url.parse().unwrap()]), "x")
        else {
            panic!("{url}")
        };
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    // One parser reads the URLs of every source.
    for url in ["", "127.0.0.1:2379", "ftp://user:secret@x", "http://x/?q", "http://"] {
        let error = url.parse::<SourceUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(matches!(acquire(&EtcdOptions::new(Vec::new()), "x"), Err(LockError::Etcd(EtcdError::Setup { .. }))));
}
