//! Each thing that must be in force for a unit to be guarded, and its absence.

use std::path::Path;

use super::*;

const FILE: &str = "/etc/systemd/system/octez-baker.service.d/zz-failover-guard.conf";

fn unit() -> UnitName {
    "octez-baker".parse().unwrap()
}

/// What busctl prints of a guarded unit, a property a line, as systemd 252 and 257 have it.
fn guarded() -> (Vec<String>, Vec<String>) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect();
    let unit = lines(
        r#"{"type":"s","data":"octez-baker.service"}
{"type":"s","data":"loaded"}
{"type":"b","data":false}
{"type":"as","data":["/usr/lib/systemd/system/service.d/10-timeout-abort.conf","/etc/systemd/system/octez-baker.service.d/zz-failover-guard.conf"]}
{"type":"as","data":["/var/lib/failover","/var/tmp"]}
{"type":"a(sbbsi)","data":[["AssertPathExists",false,false,"/var/lib/failover/ACTIVE",0]]}"#,
    );
    let service = lines(
        r#"{"type":"a(sasasttttuii)","data":[["/usr/bin/test",["/usr/bin/test","-e","/var/lib/failover/ACTIVE"],["privileged"],0,0,0,0,0,0,0]]}
{"type":"(aiai)","data":[[143],[15]]}"#,
    );
    (unit, service)
}

fn missing(unit_lines: &[String], service_lines: &[String]) -> Vec<String> {
    let drop_in = DropIn::new(Path::new("/var/lib/failover/ACTIVE")).unwrap();
    let loaded = Loaded::parse(&unit_lines.join("\n"), &service_lines.join("\n")).unwrap();
    loaded.no_unit(&unit()).into_iter().chain(loaded.missing(&drop_in, FILE)).collect()
}

/// What is missing where `from` in what busctl prints is `to`.
fn changed(from: &str, to: &str) -> Vec<String> {
    let (unit, service) = guarded();
    let change = |lines: Vec<String>| lines.iter().map(|line| line.replace(from, to)).collect::<Vec<_>>();
    assert!(unit.iter().chain(&service).any(|line| line.contains(from)), "{from}");
    missing(&change(unit), &change(service))
}

#[test]
fn a_guarded_unit_misses_nothing() {
    let (unit, service) = guarded();
    assert_eq!(missing(&unit, &service), Vec::<String>::new());
    // Whether a pager, a newer busctl or none put them on lines of their own makes no difference.
    assert!(Loaded::parse(&unit.concat(), &format!("{}\n", service.join(" "))).is_ok());
}

#[test]
fn each_thing_that_is_not_in_force_is_named() {
    for (from, to, expected) in [
        // A later drop-in with an empty AssertPathExists= or ExecCondition=.
        (r#"[["AssertPathExists",false,false,"/var/lib/failover/ACTIVE",0]]"#, "[]", "AssertPathExists"),
        (
            r#"[["/usr/bin/test",["/usr/bin/test","-e","/var/lib/failover/ACTIVE"],["privileged"],0,0,0,0,0,0,0]]"#,
            "[]",
            "ExecCondition",
        ),
        // One of several, its contrary, another path, another kind.
        (r#""AssertPathExists",false"#, r#""AssertPathExists",true"#, "AssertPathExists"),
        (r#""AssertPathExists",false,false"#, r#""AssertPathExists",false,true"#, "AssertPathExists"),
        (r#"false,"/var/lib/failover/ACTIVE""#, r#"false,"/var/lib/failover/ACTIVE2""#, "AssertPathExists"),
        ("AssertPathExists", "AssertPathIsDirectory", "AssertPathExists"),
        // Not as root, not looked at, another program, another file.
        (r#"["privileged"]"#, "[]", "ExecCondition"),
        (r#"["privileged"]"#, r#"["ignore-failure","privileged"]"#, "ExecCondition"),
        (r#"["/usr/bin/test",["#, r#"["/usr/bin/true",["#, "ExecCondition"),
        (r#""-e","/var/lib/failover/ACTIVE""#, r#""-e","/var/lib/failover/OTHER""#, "ExecCondition"),
        (r#""-e","/var/lib/failover/ACTIVE""#, r#""-e /var/lib/failover/ACTIVE""#, "ExecCondition"),
        (r#""-e""#, r#""!","-e""#, "ExecCondition"),
        // The exit of the condition that says no would count as a yes.
        ("[143]", "[143,1]", "SuccessExitStatus"),
        ("octez-baker.service.d/zz", "octez-baker.service.d/aa", "is not loaded"),
        (r#""data":"loaded""#, r#""data":"not-found""#, "not-found"),
        (r#""b","data":false"#, r#""b","data":true"#, "NeedDaemonReload"),
        (r#""/var/lib/failover","#, "", "RequiresMountsFor"),
        (r#""s","data":"octez-baker.service""#, r#""s","data":"baker.service""#, "another unit"),
    ] {
        let why = changed(from, to);
        assert_eq!(why.len(), 1, "{from} -> {to}: {why:?}");
        assert!(why[0].contains(expected), "{from} -> {to}: {why:?}");
    }
}

#[test]
fn an_empty_drop_in_is_loaded_and_guards_nothing() {
    let (unit, service) = guarded();
    let unit: Vec<_> = unit
        .iter()
        .map(|l| {
            l.replace(r#""/var/lib/failover","#, "")
                .replace(r#"[["AssertPathExists",false,false,"/var/lib/failover/ACTIVE",0]]"#, "[]")
        })
        .collect();
    let service = [r#"{"type":"a(sasasttttuii)","data":[]}"#.to_owned(), service[1].clone()];
    assert_eq!(missing(&unit, &service).len(), 3);
}

#[test]
fn another_units_asserts_and_conditions_beside_it_change_nothing() {
    let more = |from: &str, to: &str| assert_eq!(changed(from, to), Vec::<String>::new(), "{to}");
    more(r#"[["AssertPathExists""#, r#"[["AssertPathExists",true,false,"/mnt",1],["AssertPathExists""#);
    more(
        r#"[["/usr/bin/test""#,
        r#"[["/usr/bin/true",["/usr/bin/true"],["ignore-failure"],1,2,3,4,5,1,0],["/usr/bin/test""#,
    );
}

#[test]
fn an_answer_that_is_odd_is_no_answer() {
    let (unit, service) = guarded();
    let (unit, service) = (unit.join("\n"), service.join("\n"));
    for odd in [
        "",
        "Failed to get property Asserts on interface org.freedesktop.systemd1.Unit: Unknown interface",
        &unit[..unit.len() / 2],
        &unit.replace("a(sbbsi)", "a(sbbs)"),
        &unit.replace(",0]]", "]]"),
        &unit.replace(r#""b","data":false"#, r#""b","data":"no""#),
        &unit.replacen("{\"type\":\"s\",\"data\":\"loaded\"}\n", "", 1),
        &format!("{unit}\n{unit}"),
        &service,
    ] {
        assert!(Loaded::parse(odd, &service).is_err(), "{odd}");
    }
    for odd in ["", "[]", &unit, &service.replace(r#"["privileged"]"#, "1"), &service.replace("[143]", "143")] {
        assert!(Loaded::parse(&unit, odd).is_err(), "{odd}");
    }
}

#[test]
fn objects_are_named_as_sd_bus_escapes_them() {
    let path = |name: &str| object(&name.parse().unwrap());
    for (name, expected) in [
        ("ssh", "ssh_2eservice"),
        ("bb-default-signer-tezsign", "bb_2ddefault_2dsigner_2dtezsign_2eservice"),
        ("signer@main_2", "signer_40main_5f2_2eservice"),
        ("2baker", "_32baker_2eservice"),
        ("a\\x2db", "a_5cx2db_2eservice"),
    ] {
        assert_eq!(path(name), format!("/org/freedesktop/systemd1/unit/{expected}"));
    }
}
