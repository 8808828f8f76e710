//! Situations from public reports, each as a world of its own: machines that are not as a manual has them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::ssh::over_ssh;
use crate::world::{Signer, World, script, until};

/// What a served machine's program says first, in front of what it does.
fn in_front(world: &World, side: &str, program: &str, text: &str) {
    let path = world.path(side).join("bin").join(program);
    let real = path.with_file_name(format!("real-{program}"));
    std::fs::rename(&path, &real).unwrap();
    script(&path, &format!("{text}\nexec '{}' \"$@\"", real.display()));
}

/// sudo warns that the machine's name has no address, and does what it is asked (capistrano and many others).
#[test]
fn a_warning_of_sudo_is_not_what_the_command_said() {
    let (world, _sshd) = over_ssh();
    in_front(&world, "primary", "sudo", "echo 'sudo: unable to resolve host pi: Name or service not known' >&2");
    in_front(&world, "primary", "id", "[ \"$1\" = -u ] && { echo 1000; exit 0; }");
    let check = world.call(&["check"]);
    assert!(check.out.contains("can be guarded"), "{}", check.out);
    let run = world.run();
    assert_eq!(run.ends(0)["resumed"]["path"], "controlled");
    assert!(run.out.contains("guard-primary"), "{}", run.out);
}

/// The primary's units are masked, as the usual advice for an old machine says: they are stopped.
#[test]
fn masked_and_inactive_is_stopped() {
    let world = World::new(Signer::TezSign);
    in_front(
        &world,
        "primary",
        "systemctl",
        "case \"$*\" in *'show -p Id,LoadState,ActiveState'*)
  for unit in \"$@\"; do case $unit in *.service)
    printf 'RestartUSec=100ms\\nMainPID=0\\nResult=success\\nId=%s\\nLoadState=masked\\nActiveState=inactive\\nSubState=dead\\nUnitFileState=masked\\n\\n' \"$unit\";;
  esac; done; exit 0;; esac",
    );
    in_front(&world, "primary", "ps", "printf '1 systemd /sbin/init\\n'; exit 0");
    let plan = world.call(&["run", "--plan-only"]);
    assert_eq!(plan.named("plan")[0]["path"], "controlled", "{plan:?}");
}

/// Two machines from one image have one machine-id: the plan says what to do about it, and a copy's record is not one's own.
#[test]
fn a_copy_of_a_machine_is_told_so_and_is_not_this_one() {
    let mut world = World::new(Signer::TezSign);
    let machines = world.json();
    let id = |side: &str| machines[side]["machine_id"].as_str().unwrap().to_owned();
    let (primary, backup) = (id("primary"), id("backup"));
    let says = |world: &World, id: &str| {
        let text = format!("[ \"$1\" = /etc/machine-id ] && {{ echo {id}; exit 0; }}");
        in_front(world, "backup", "cat", &text);
    };
    world.run().ends(0);
    // Another backup, made from the first one's image, with a state folder of its own.
    let other = world.path("other");
    world.configure(|text| {
        let lines = text.lines().map(|line| {
            match line.starts_with("state = ") && line.contains("/state\"") && !line.contains("primary") {
                true => format!("state = {:?}", other.display().to_string()),
                false => line.to_owned(),
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    let said = world.call(&["run", "--plan-only"]);
    said.ends(7);
    says(&world, &"c".repeat(32));
    world.call(&["run", "--plan-only"]).ends(7);
    drop(backup);

    let fresh = World::new(Signer::TezSign);
    let primary_of_fresh = fresh.json()["primary"]["machine_id"].as_str().unwrap().to_owned();
    assert_ne!(primary, primary_of_fresh);
    says(&fresh, &primary_of_fresh);
    let plan = fresh.call(&["run", "--plan-only"]);
    assert!(plan.out.contains("systemd-machine-id-setup"), "{plan:?}");
}

/// `check` asks for a drill; a drill with the same configuration is what it asks for.
#[test]
fn the_drill_that_check_asks_for_counts() {
    let world = World::new(Signer::TezSign);
    let _none_yet = std::fs::remove_file(world.state().join("drill.json"));
    let before = world.call(&["check"]);
    assert!(before.out.contains("failover drill"), "{}", before.out);
    world.call(&["drill"]).ends(0);
    world.call(&["check"]).ends(0);
}

/// A server in front of the world's node: answers what `answer` makes of a request's head, or passes it on.
fn in_front_of_node(world: &World, answer: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> String {
    let node = world.json()["node"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (answer, node) = (std::sync::Arc::clone(&answer), node.clone());
            std::thread::spawn(move || pass_on(client, &node, &*answer));
        }
    });
    address.to_string()
}

/// The head of a request or an answer.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0_u8; 1];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// One request and its answer, on a connection of their own.
fn pass_on(mut client: TcpStream, node: &str, answer: &dyn Fn(&str) -> Option<String>) {
    let asked = head(&mut client);
    if let Some(answer) = answer(&asked) {
        let _gone = client.write_all(answer.as_bytes());
        return;
    }
    let Ok(mut upstream) = TcpStream::connect(node) else { return };
    let _gone = upstream.write_all(asked.as_bytes());
    let answered = head(&mut upstream);
    let length = answered.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().ok())?
    });
    let once = answered.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let _gone = client.write_all(once.as_bytes());
    let _gone = std::io::copy(&mut upstream.take(length.unwrap_or(u64::MAX)), &mut client);
}

/// A password in a URL, percent-encoded: used, and shown nowhere.
#[test]
fn a_password_in_a_url_is_used_and_shown_nowhere() {
    let mut world = World::new(Signer::TezSign);
    // "bak er:p@ss/%word"
    let basic = "Basic YmFrIGVyOnBAc3MvJXdvcmQ=";
    let address = in_front_of_node(&world, move |head| {
        let refused = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (!head.contains(basic)).then(|| refused.to_owned())
    });
    world.configure(|text| {
        let node = world_node(&text);
        text.replace(&node, &format!("http://bak%20er:p%40ss%2F%25word@{address}"))
    });
    let plan = world.call(&["run", "--plan-only"]);
    plan.ends(0);
    let run = world.run();
    run.ends(0);
    let journals: String = world.journals().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for text in [&plan.out, &plan.err, &run.out, &run.err, &journals] {
        assert!(!text.contains("p%40ss") && !text.contains("p@ss") && !text.contains("bak%20er"), "{text}");
    }
}

fn world_node(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("node = ")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}

/// A redirect is not followed, and its target is named.
#[test]
fn a_redirect_says_where_to() {
    let mut world = World::new(Signer::TezSign);
    let address = in_front_of_node(&world, |_| {
        let to = "https://rpc.example/";
        Some(format!("HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
    });
    world.configure(|text| text.replace(&world_node(&text), &format!("http://{address}")));
    let said = world.call(&["level"]);
    assert!(said.out.contains("https://rpc.example/") || said.err.contains("https://rpc.example/"), "{said:?}");
    assert_ne!(said.code, 0);
}

/// root's known_hosts has never seen the primary: that is not another machine.
#[test]
fn a_host_key_that_was_never_seen_is_no_impostor() {
    let (world, sshd) = over_ssh();
    sshd.known_as_nobody();
    let check = world.call(&["check"]);
    assert!(
        check.out.contains("has an ssh host key that") && check.out.contains("known_hosts")
            || check.out.contains("fingerprint"),
        "{}",
        check.out
    );
    assert!(!check.out.contains("does not have the expected ssh host key"), "{}", check.out);
}

/// `host = "primary:2222"` is a port.
#[test]
fn a_host_may_have_a_port() {
    let (mut world, sshd) = over_ssh();
    world.configure(|text| text.replace("host = \"primary\"", &format!("host = \"primary:{}\"", sshd.port())));
    std::fs::remove_file(world.state().join("pins.json")).unwrap();
    world.call(&["check"]);
    let plan = world.call(&["run", "--plan-only"]);
    assert_eq!(plan.named("plan")[0]["path"], "controlled", "{plan:?}");
    world.configure(|text| text.replace("host = \"primary:", "host = \"primary:x"));
    world.call(&["config", "check"]).ends(2);
}

/// S3: a machine whose services cannot be read may bake, and `standby --yes` says nothing of that.
#[test]
fn s3_a_machine_that_cannot_be_read_is_not_stopped_by_a_standby_that_nobody_meant() {
    let world = World::new(Signer::TezSign);
    world.run().ends(0);
    in_front(&world, "backup", "systemctl", "exit 1");
    let refused = world.call(&["standby", "--yes"]);
    refused.ends(3);
    assert!(refused.why().contains("whether this machine bakes is not known"), "{}", refused.why());
    let before = world.book().backup;
    until("the backup signs on", || world.book().backup > before);
}
