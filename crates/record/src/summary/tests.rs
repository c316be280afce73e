use std::time::Duration;

use super::*;
use farprobe_proto::{Cause, ForceReport, Ladder, RtLoopReport};
use std::time::UNIX_EPOCH;

use crate::ProcessCost;

fn spread(ms: f64) -> Percentiles {
    Percentiles { samples: 100, p50: ms, p90: ms + 0.5, p95: ms + 1.0, p99: ms + 2.0, p999: ms + 2.5, max: ms + 3.0 }
}

fn facts() -> SessionFacts {
    SessionFacts {
        software: "farprobe-console 0.1.0".to_owned(),
        started_at: UNIX_EPOCH + Duration::from_secs(1_795_352_966),
        simulated_arm: true,
    }
}

fn console() -> ConsoleFigures {
    ConsoleFigures {
        duration_s: 30.0,
        commands_sent: 15_000,
        command_age_ms: Some(spread(1.0)),
        pictures_shown: 899,
        pictures_lost: 1,
        pictures_painted: 890,
        picture_latency_ms: Some(spread(20.0)),
        picture_age_ms: Some(spread(30.0)),
        picture_age_reached_ms: Some(spread(63.0)),
        hand_to_eye_ms: Some(spread(50.0)),
        clock_error_bound_ms: Some(0.4),
        hops: vec![HopSummary { name: "handle → sent".to_owned(), ms: Some(spread(0.1)) }],
        waterfall: Some(WaterfallSummary {
            commands: 2,
            total_ms: 0.1,
            hops: vec![WaterfallHop { name: "handle → sent".to_owned(), mean_ms: 0.1 }],
        }),
        course: Course { connections: 1, asked: Some(8.0), ladder: steps(), ..Course::default() },
        cost: ProcessCost { cpu_percent: 40.0, rss_mb: 200.0 },
    }
}

fn steps() -> Vec<LadderStep> {
    let cause = Cause::LeaseGranted;
    let found = LadderStep { at_s: 0.0, from: None, to: Ladder::Ready, cause, origin: cause };
    let (from, to, cause) = (Some(Ladder::Ready), Ladder::Engaged, Cause::ClutchPressed);
    let engaged = LadderStep { at_s: 1.5, from, to, cause, origin: cause };
    let (from, to, cause) = (Some(Ladder::Soften), Ladder::Release, Cause::TimedOut);
    vec![found, engaged, LadderStep { at_s: 3.0, from, to, cause, origin: Cause::LinkLost }]
}

fn cart() -> CartReport {
    CartReport {
        duration_s: 30.0,
        commands_applied: 14_990,
        stale_applied: 0,
        refused: RefusedCommands { late: 10, ..RefusedCommands::default() },
        excess_transit_ms: [0.1, 1.0, 5.0],
        pictures_sent: 900,
        force: ForceReport {
            peak: Newton::literal(9.1),
            mean_in_contact: Some(Newton::literal(8.02)),
            settled_s: 12.0,
            regulated: Newton::literal(8.0),
            is_true_force: true,
        },
        rt_loop: RtLoopReport { ticks: 30_000, step_us_p50: 9.0, ticks_lost: 17, ..RtLoopReport::default() },
        cpu_percent: 60.0,
        rss_mb: 80.0,
    }
}

/// The field of a path such as `force_n.peak`.
fn field<'a>(json: &'a serde_json::Value, path: &str) -> &'a serde_json::Value {
    path.split('.').fold(json, |value, key| &value[key])
}

#[test]
fn the_file_has_every_field_that_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.json");
    let summary = Summary::new(&facts(), console(), Some(&cart()));
    summary.save(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let numbers = [
        "duration_s commands_sent commands_applied stale_applied clock_error_bound_ms",
        "command_age_ms.p50 command_age_ms.p99 command_age_ms.max pictures.sent pictures.shown pictures.lost",
        "picture_age_ms.max picture_age_reached_ms.p50 picture_age_reached_ms.max",
        "pictures.painted picture_latency_ms.p50 picture_latency_ms.p95 picture_latency_ms.p99",
        "hand_to_eye_ms.p50 hand_to_eye_ms.p95 hand_to_eye_ms.p99 force_n.peak force_n.mean_in_contact force_n.target",
        "rt_loop.ticks rt_loop.overruns rt_loop.step_us_p50 rt_loop.step_us_p999 rt_loop.lateness_us_p99 rt_loop.ticks_lost",
        "cpu_percent.cart cpu_percent.console rss_mb.cart rss_mb.console",
    ];
    for name in numbers.iter().flat_map(|line| line.split(' ')) {
        assert!(field(&json, name).is_number(), "{name} is missing");
    }
    let ladder = field(&json, "ladder");
    assert_eq!((&ladder[0]["to"], ladder[0]["from"].is_null()), (&"Ready".into(), true));
    assert_eq!(
        (&ladder[1]["to"], &ladder[1]["cause"], &ladder[1]["at_s"]),
        (&"Engaged".into(), &"ClutchPressed".into(), &1.5.into())
    );
    assert_eq!((&ladder[2]["cause"], &ladder[2]["origin"]), (&"TimedOut".into(), &"LinkLost".into()));
    assert_eq!(field(&json, "commit"), commit());
    assert!(field(&json, "machine.cores").is_number());
    assert_eq!(field(&json, "started_at"), "2026-11-22T13:09:26Z");
    assert_eq!(serde_json::from_str::<Summary>(&text).unwrap(), summary);
}

#[test]
fn without_a_report_the_carts_figures_are_null_and_the_rest_is_there() {
    let summary = Summary::new(&facts(), console(), None);
    let json = serde_json::to_value(&summary).unwrap();
    for name in ["commands_applied", "stale_applied", "pictures.sent", "force_n", "rt_loop", "cpu_percent.cart"] {
        assert!(field(&json, name).is_null(), "{name}");
    }
    assert_eq!(field(&json, "pictures.shown"), 899);
    assert!(summary.to_string().contains("not measured"));
}

#[test]
fn an_interrupted_exam_says_so_and_what_did_not_go_as_scripted() {
    let course = Course {
        connections: 2,
        interrupted: true,
        script: Some(Err("the cart was lost".to_owned())),
        ..console().course
    };
    let summary = Summary::new(&facts(), ConsoleFigures { course, ..console() }, Some(&cart()));
    assert_eq!((summary.went_as_scripted, summary.why.as_deref()), (Some(false), Some("the cart was lost")));
    let printed = summary.to_string();
    for line in ["interrupted: 2 connections", "did not go as scripted: the cart was lost"] {
        assert!(printed.contains(line), "{line:?} is not in\n{printed}");
    }
}

#[test]
fn the_target_is_what_this_console_asked_for_and_not_what_the_limits_made_of_it() {
    let course = |asked| Course { asked, seen_peak: Some(8.4), ..console().course };
    let force = |asked, cart: Option<&CartReport>| {
        let figures = ConsoleFigures { course: course(asked), ..console() };
        Summary::new(&facts(), figures, cart).force_n.unwrap()
    };
    let told = force(Some(12.0), Some(&cart()));
    assert_eq!((told.target, told.regulated, told.is_true_force), (Some(12.0), Some(8.0), true));
    // It looked on: what was regulated to was another's wish.
    let mut others = cart();
    others.force.mean_in_contact = None;
    let told = force(None, Some(&others));
    assert_eq!((told.peak, told.target, told.regulated), (9.1, None, None));
    // Without a word of the cart there is what its sensor said in the states.
    let seen = force(Some(12.0), None);
    assert_eq!((seen.peak, seen.target, seen.regulated, seen.is_true_force), (8.4, Some(12.0), None, false));
}

#[test]
fn a_figure_that_is_no_number_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.json");
    let refused = |summary: Summary| summary.save(&path).unwrap_err().to_string();
    let good = || Summary::new(&facts(), console(), Some(&cart()));
    assert_eq!(refused(Summary { duration_s: f64::NAN, ..good() }), "the summary's duration_s is not a number");
    let rss_mb = Sides { cart: Some(f64::INFINITY), console: 1.0 };
    assert_eq!(refused(Summary { rss_mb, ..good() }), "the summary's rss_mb is not a number");
    let hops = vec![HopSummary { name: String::new(), ms: Some(spread(f64::NAN)) }];
    assert_eq!(refused(Summary { hops, ..good() }), "the summary's hops is not a number");
    assert!(!path.exists());
}

#[test]
fn what_is_printed_can_be_read_by_people() {
    let printed = Summary::new(&facts(), console(), Some(&cart())).to_string();
    for line in [
        "Session of 30.0 s, 2026-11-22T13:09:26Z, simulated arm",
        "sent                  15000 (500 a second)",
        "shown                 899 (1 lost, 890 painted)",
        "  reached on screen       63.0     64.0     65.0     66.0",
        "hand to eye               50.0     51.0     52.0     53.0",
        "contact force         peak 9.1 N, mean in contact 8.0 N, asked for 8.0 N (true force)",
        "CPU, % of a core      cart 60.0, console 40.0",
        "0.000 s  found: ready         lease granted",
        "1.500 s  ready → engaged      clutch pressed",
        "3.000 s  soften → release     timed out after link lost",
    ] {
        assert!(printed.contains(line), "{line:?} is not in\n{printed}");
    }
}
