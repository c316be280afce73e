use std::path::Path;
use std::process::Command;

use farprobe_sim::link::{LinkProfile, Loss, Probability, named};

use super::*;
use crate::proof::{Ends, Pace, Traffic, prove};

/// A lab under a name that no other test of this machine has. Nothing without the rights to one: `make test` runs without.
fn lab(which: &str, profile: &LineProfile) -> Option<Lab> {
    let name = format!("fp-{}-{which}", std::process::id());
    match Lab::build(&name, profile, 7, Keep::Packets) {
        Ok(lab) => Some(lab),
        Err(error) if lacks_rights(&error) => {
            use std::io::Write as _;
            // Not by `eprintln`, which is shown for failed tests only.
            let _ = writeln!(io::stderr(), "no rights to network namespaces here: {which} is not tested");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Whether this machine, or the container that plays it, has no network devices to give.
fn lacks_rights(error: &LabError) -> bool {
    match error {
        LabError::NotRoot | LabError::NoIp => true,
        LabError::Refused { source, .. } => {
            matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound)
        }
        LabError::Ip { said, .. } => said.contains("not permitted") || said.contains("denied"),
        LabError::InUse { .. } | LabError::Driver(_) => false,
    }
}

fn namespace_exists(name: &str) -> bool {
    Path::new("/run/netns").join(name).exists()
}

#[test]
fn what_comes_through_the_devices_is_what_the_model_plans_and_nothing_is_left_behind() {
    let lossy = LinkProfile { loss: Loss::Random(Probability::literal(0.1)), ..LinkProfile::PERFECT };
    for (at, profile) in [LineProfile::symmetric(lossy), named::find("5g-poor").unwrap().line()].iter().enumerate() {
        let Some(mut lab) = lab(&format!("plan{at}"), profile) else { return };
        let (caller, called) = (lab.desk.socket().unwrap(), lab.cart.socket().unwrap());
        caller.connect(called.local_addr().unwrap()).unwrap();
        let names = [lab.desk.namespace.clone(), lab.cart.namespace.clone()];
        assert!(names.iter().all(|name| namespace_exists(name)));
        let traffic = Traffic { count: 500, bytes: 100, pace: Pace::Lockstep };
        for proof in prove(&mut lab.driver, &Ends { caller, called }, (profile, 7), traffic).unwrap() {
            assert!(proof.broken.is_empty() && proof.unclear.is_none(), "{proof:#?}");
        }
        drop(lab);
        assert!(!names.iter().any(|name| namespace_exists(name)));
    }
}

#[test]
fn any_program_reaches_the_other_side_and_nothing_else() {
    let Some(mut lab) = lab("ping", &LineProfile::default()) else { return };
    let route = |to: &str| {
        let words = ["netns", "exec", &lab.desk.namespace, "ip", "route", "get", to];
        Command::new("ip").args(words).output().unwrap()
    };
    let found = route(&lab.cart.address.to_string());
    assert!(String::from_utf8_lossy(&found.stdout).contains("dev line"), "{found:?}");
    assert!(!route("192.0.2.1").status.success(), "there is no way out");
    assert_eq!(lab.driver.stop().unwrap().there.counts.sent, 0, "nobody but programs talks on the line");
}

#[test]
fn what_a_killed_program_left_is_removed_and_what_another_has_is_not() {
    let Some(first) = lab("stale", &LineProfile::default()) else { return };
    let name = first.desk.namespace.trim_end_matches("-desk").to_owned();
    let second = Lab::build(&name, &LineProfile::default(), 1, Keep::Counts);
    assert!(matches!(second, Err(LabError::InUse { .. })), "{second:?}");
    drop(first);
    // As after SIGKILL: the names are there, and nobody claims them.
    assert!(ip::run(&format!("netns add {name}-desk")).is_ok());
    let third = Lab::build(&name, &LineProfile::default(), 1, Keep::Counts).unwrap();
    assert_eq!(third.leftover, Leftover::Removed);
}
