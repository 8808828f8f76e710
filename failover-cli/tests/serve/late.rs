//! H40: what `return` sends to the primary is held up on its way, and comes there after a stop (S13 (c)).

use failover_core::baker::secret;
use std::process::Stdio;

use crate::crash::cut;
use crate::said::Said;
use crate::world::{Signer, World, finish, program, script, until};

/// Seen on the version before: after the stop the token was written and the primary's baker started, and `return` ended 0.
#[test]
fn h40_what_starts_the_primary_comes_after_a_stop_there() {
    for units in [false, true] {
        let mut world = World::new(Signer::TezSign);
        if units {
            let units = "control = \"systemd\"\nunits = [\"bb-default-node-xtz-baker\", \"bb-default-signer-tezsign\"]";
            world.configure(|text| text.replace("control = \"tezbake\"", units));
        }
        let plan = world.plan();
        assert!(cut(&world, &plan, |record| record["record"] == "after" && record["step"] == "note-level"));
        world.call(&["stand-down"]).ends(0);
        // Whether or not the run came so far.
        let file = "/bake-buddy/signer/tezsign.secret";
        let folder = world.path("primary-state/machine/secrets").display().to_string();
        let kept = format!("{folder}/{}", file.replace('/', "%"));
        let places = [file, "/bake-buddy/signer/__bin_generated/tezsign.service.sh"];
        let away = [&["sudo", "-n", "sh", "-c", secret::STASH, secret::NAME, &folder][..], &places].concat();
        assert_eq!(world.exec("primary", &away).code, 0);
        let is_there = |path: &str| {
            !world.exec("primary", &["find", path, "-maxdepth", "0", "-printf", "%p\\0"]).stdout.is_empty()
        };
        assert!(is_there(&kept) && !is_there(file));

        // What writes the token there waits until it is let go; everything else passes.
        let sudo = world.path("primary/bin/sudo");
        let passes = std::fs::read_to_string(&sudo).unwrap();
        let (reached, go) = (world.path("reached"), world.path("go"));
        let waits = format!(
            "case \"$*\" in *failover-guard*'\"returned\"'*) : >{}; while ! [ -e {} ]; do /bin/sleep 0.1; done ;; esac",
            reached.display(),
            go.display()
        );
        script(&sudo, &format!("{waits}\n{}", passes.trim_start_matches("#!/bin/sh\n")));

        let given = world.program(&["return", "--yes"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("the start is on its way", || reached.exists());
        let mut stop = program(&["--json", "--config"]);
        let stopped = finish(stop.arg(world.path("primary.toml")).arg("stand-down"));
        assert!([0, 1].contains(&stopped.code), "{stopped:?}");
        std::fs::write(&go, "").unwrap();

        let output = given.wait_with_output().unwrap();
        let said = Said::of(output);
        assert!(!world.bakes("primary") && !world.bakes("backup"), "{said:?}");
        let next = said.ends(7)["next"].as_str().unwrap().to_owned();
        assert!(next.contains("on one machine only: `failover run`"), "{next}");
        assert!(said.why().contains("failover stand-down"), "it says by whom: {said:?}");
        let guarded = finish(program(&["--json", "--config"]).arg(world.path("primary.toml")).args(["guard", "check"]));
        assert_eq!(guarded.code, 3, "the token is not there: {guarded:?}");
        assert!(is_there(&kept) && !is_there(file), "the secret is still aside");

        // Nobody bakes, and the same command leads out (S18).
        std::fs::write(&sudo, passes).unwrap();
        world.call(&["return", "--yes"]).ends(0);
        assert!(world.bakes("primary"));
        assert_eq!(is_there(file), !units, "TezBake's secret is where it belongs");
        assert_eq!(world.book().backup, 0);
    }
}
