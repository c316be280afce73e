//! A whole exam by the script of the demo: what it must leave behind, and what must be true of it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use farprobe_geom::Time;
use serde_json::Value;

use crate::harness::{Alone, Class, Gap, Process, StallDetector, Watchdog, assets, programs};

/// How many exams a machine that provably stalls may spoil, each with its own proof. A shared host that takes half of the
/// processors away, which was seen, spoils about every second one; then one in 250 runs finds no quiet one among eight.
const ATTEMPTS: usize = 8;

/// The contact force that the script asks for, N.
const TARGET: f64 = 8.0;

/// What every summary holds as a finite number.
const NUMBERS: &[&str] = &[
    "/duration_s",
    "/commands_sent",
    "/commands_applied",
    "/stale_applied",
    "/command_age_ms/p50",
    "/command_age_ms/p99",
    "/command_age_ms/max",
    "/pictures/sent",
    "/pictures/shown",
    "/pictures/lost",
    "/picture_latency_ms/p50",
    "/picture_latency_ms/p95",
    "/picture_latency_ms/p99",
    "/hand_to_eye_ms/p50",
    "/hand_to_eye_ms/p95",
    "/hand_to_eye_ms/p99",
    "/clock_error_bound_ms",
    "/force_n/peak",
    "/force_n/mean_in_contact",
    "/force_n/target",
    "/rt_loop/ticks",
    "/rt_loop/overruns",
    "/rt_loop/step_us_p50",
    "/rt_loop/step_us_p999",
    "/rt_loop/lateness_us_p99",
    "/rt_loop/ticks_lost",
    "/cpu_percent/cart",
    "/cpu_percent/console",
    "/rss_mb/cart",
    "/rss_mb/console",
];

/// Where the ladder stands in the script: two re-indexings in contact, the second over a frozen picture.
const LADDER: &[&str] = &["Idle", "Ready", "Engaged", "Hold", "Engaged", "Hold", "Engaged", "Ready"];

/// Runs the demo's exam, and gives its summary and whether the console was content.
fn examine(out: &Path, source: Option<&str>) -> (Value, Result<(), String>) {
    let mut command = Command::new(&programs().console);
    command.args(["demo", "--headless", "--script"]).arg(assets("exams/demo.exam")).arg("--out").arg(out);
    if let Some(source) = source {
        command.args(["--source", source]);
    }
    let mut console = Process::start("console", command);
    let status = console.end();
    let cart = std::fs::read_to_string(out.join("cart.log")).unwrap_or_default();
    let said = format!("{status}\n{}\nthe cart said:\n{cart}", console.text());
    let summary = std::fs::read_to_string(out.join("summary.json")).unwrap_or_else(|_| panic!("no summary: {said}"));
    (serde_json::from_str(&summary).expect("JSON"), if status.success() { Ok(()) } else { Err(said) })
}

/// Examines and checks. What protects the patient must hold in every exam. A virtual machine may stop everything on it for a
/// quarter of a second, and then the cart is right to take the probe off; such an exam is repeated, but only if witnesses
/// beside it have seen a stall that explains every watchdog that tripped. Without that proof it is the programs' fault.
fn examine_and_check(out: &Path, source: Option<&str>) {
    let _machine = Alone::new();
    for _ in 0..ATTEMPTS {
        let witnesses = StallDetector::start();
        let (summary, ended) = examine(out, source);
        let gaps = witnesses.finish();
        assert_eq!(number(&summary, "/stale_applied"), 0.0);
        let peak = number(&summary, "/force_n/peak");
        assert!(peak <= 10.0, "peak {peak} N");
        let log = std::fs::read_to_string(out.join("session.log")).expect("a session log");
        let excuses = excuses(&trips(&summary, &log), &gaps);
        let excuses = excuses.unwrap_or_else(|trip| {
            let longest = gaps.iter().max_by_key(|gap| gap.to.saturating_since(gap.from));
            let seen = longest.map_or("saw no stall".to_owned(), |gap| format!("saw no worse than this: {gap}"));
            panic!("{trip}, and no stall of this machine explains it; the witnesses {seen}\n{summary:#}");
        });
        if excuses.is_empty() {
            ended.unwrap_or_else(|said| panic!("{said}"));
            assert_eq!(summary["went_as_scripted"], true);
            return check(out, &summary);
        }
        for (cause, gap) in excuses {
            // Not by `println`, which the test harness shows for failed tests only.
            let told = writeln!(std::io::stderr(), "{cause} is forgiven, for this machine stalled: {gap}; once more");
            told.expect("somebody listens");
        }
    }
    panic!("this machine stalled in each of {ATTEMPTS} exams: run the tests where less else runs");
}

/// A watchdog that tripped, and when that was told, by the machine's clock; none if the console never heard of it.
type Trip = (Watchdog, Option<Time>);

/// The watchdogs that tripped: the cart's by the ladder of the summary, the console's by its log.
fn trips(summary: &Value, log: &str) -> Vec<Trip> {
    let entries: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let time = |entry: &Value| Time::from_nanos((number(entry, "/time_s") * 1e9) as u64);
    let steps = summary["ladder"].as_array().map_or(&[][..], Vec::as_slice);
    // Both lists are in the order of time.
    let mut heard = entries.iter().filter(|entry| entry["kind"] == "ladder");
    let of_cart = steps.iter().filter_map(|step| Watchdog::named(step["cause"].as_str()?)).map(|watchdog| {
        let at = heard.by_ref().find(|entry| entry["cause"] == watchdog.cause).map(time);
        (watchdog, at)
    });
    let of_cart: Vec<Trip> = of_cart.collect();
    let events = entries.iter().filter(|entry| entry["kind"] == "event");
    let of_console = events.filter_map(|event| Some((Watchdog::told(event["words"].as_str()?)?, Some(time(event)))));
    of_cart.into_iter().chain(of_console).collect()
}

/// For each watchdog that tripped, the stall that explains it. An error names the first that no stall explains.
fn excuses(trips: &[Trip], gaps: &[Gap]) -> Result<Vec<(&'static str, Gap)>, String> {
    let excuse = |(watchdog, at): &Trip| {
        let gap = at.and_then(|at| watchdog.excuse(at, gaps));
        gap.map(|gap| (watchdog.cause, gap)).ok_or_else(|| format!("a watchdog tripped: {}", watchdog.cause))
    };
    trips.iter().map(excuse).collect()
}

fn number(summary: &Value, at: &str) -> f64 {
    summary.pointer(at).and_then(Value::as_f64).unwrap_or_else(|| panic!("{at} is no number in {summary:#}"))
}

/// What is true of every exam by the script, whatever the pictures show.
fn check(out: &Path, summary: &Value) {
    for at in NUMBERS {
        assert!(number(summary, at).is_finite(), "{at}");
    }
    for at in ["/commit", "/machine/cpu"] {
        assert!(summary.pointer(at).and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{at}");
    }
    let rate = number(summary, "/commands_sent") / number(summary, "/duration_s");
    assert!(rate >= 400.0, "{rate} commands a second");
    let (sent, shown) = (number(summary, "/pictures/sent"), number(summary, "/pictures/shown"));
    assert!(sent > 0.0 && shown >= 0.99 * sent, "{shown} of {sent} pictures were shown");
    let mean = number(summary, "/force_n/mean_in_contact");
    assert!((mean - TARGET).abs() <= 1.0, "mean {mean} N");
    assert_eq!(summary.pointer("/force_n/is_true_force"), Some(&Value::Bool(true)));
    assert_eq!(ladder(summary), LADDER, "{summary:#}");
    check_log(&out.join("session.log"));
}

/// The states of the ladder in the order in which it stood in them.
fn ladder(summary: &Value) -> Vec<&str> {
    let steps = summary["ladder"].as_array().expect("a list of steps");
    let word = |step: &'static str, value: &'_ Value| value[step].as_str().map(str::to_owned);
    for pair in steps.windows(2) {
        assert_eq!(word("to", &pair[0]), word("from", &pair[1]), "a step is missing");
    }
    for step in steps {
        assert!(step["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{step}");
        assert!(step["at_s"].as_f64().is_some_and(f64::is_finite), "{step}");
    }
    let first = steps.first().and_then(|step| step["from"].as_str());
    first.into_iter().chain(steps.iter().filter_map(|step| step["to"].as_str())).collect()
}

/// Every line is an object with its time, none is before the first, those of one thread are in order, and the marks of the
/// script are there.
fn check_log(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a session log");
    let mut first = None;
    let mut newest: BTreeMap<&str, f64> = BTreeMap::new();
    let mut marks = Vec::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let at = number(&entry, "/time_s");
        assert!(at >= *first.get_or_insert(at), "{line}");
        match entry["kind"].as_str() {
            Some("mark") => marks.extend(entry["words"].as_str().map(str::to_owned)),
            Some(_) => {}
            None => panic!("no kind: {line}"),
        }
        // Steps of the ladder come from one thread, marks from another.
        if let Some(kind) = ["ladder", "mark"].into_iter().find(|kind| entry["kind"] == *kind) {
            let before = newest.insert(kind, at);
            assert!(before.is_none_or(|before| at >= before), "{line}");
        }
    }
    assert_eq!(marks, ["approach", "contact", "fan", "frozen", "lifted"]);
}

#[test]
fn a_watchdog_that_trips_is_forgiven_only_with_proof_of_a_stall() {
    let summary = |causes: &[&str]| {
        let steps: Vec<Value> = causes.iter().map(|cause| serde_json::json!({ "cause": cause })).collect();
        serde_json::json!({ "ladder": steps })
    };
    let step = |cause: &str, at: f64| format!(r#"{{"kind":"ladder","cause":"{cause}","time_s":{at}}}"#);
    let log = |steps: &[(&str, f64)]| steps.iter().map(|(cause, at)| step(cause, *at) + "\n").collect::<String>();
    let stall =
        |from, to| Gap { class: Class::Ordinary, cpu: 1, from: Time::from_millis(from), to: Time::from_millis(to) };
    let lost = summary(&["ClutchPressed", "LinkLost", "TimedOut"]);
    let once = log(&[("ClutchPressed", 0.1), ("LinkLost", 5.01), ("TimedOut", 5.26)]);
    let proof = stall(4_770, 5_005);

    assert_eq!(excuses(&trips(&summary(&["ClutchPressed", "ClutchOpened"]), &once), &[]), Ok(Vec::new()));
    assert_eq!(excuses(&trips(&lost, &once), &[proof]), Ok(vec![("LinkLost", proof)]));
    let named = Err("a watchdog tripped: LinkLost".to_owned());
    assert_eq!(excuses(&trips(&lost, &once), &[]), named);
    assert_eq!(excuses(&trips(&lost, &once), &[stall(1_000, 1_300)]), named, "a stall at another time");
    assert_eq!(excuses(&trips(&lost, &log(&[("ClutchPressed", 0.1)])), &[proof]), named, "a step without a time");
    let twice = summary(&["LinkLost", "TimedOut", "LinkLost"]);
    let both = log(&[("LinkLost", 5.01), ("TimedOut", 5.26), ("LinkLost", 9.0)]);
    assert_eq!(excuses(&trips(&twice, &both), &[proof]), named, "the second has no excuse");
}

#[test]
fn a_console_that_opened_its_own_clutch_needs_proof_as_well() {
    let told = r#"{"kind":"event","time_s":5.01,"words":"the clutch is held and does not count: "#;
    let late = format!("{told}new pictures are late: this console does not keep up\"}}");
    let frozen = format!("{told}the picture is frozen by the operator\"}}");
    let none = serde_json::json!({ "ladder": [] });
    let stall = Gap { class: Class::Ordinary, cpu: 0, from: Time::from_millis(4_500), to: Time::from_millis(5_000) };

    assert_eq!(excuses(&trips(&none, &late), &[stall]), Ok(vec![("new pictures are late", stall)]));
    assert!(excuses(&trips(&none, &late), &[]).is_err());
    assert_eq!(excuses(&trips(&none, &frozen), &[]), Ok(Vec::new()), "no watchdog");
}

#[test]
fn an_exam_over_real_sockets_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    examine_and_check(&out, None);
}

#[test]
fn an_exam_on_a_recording_keeps_the_same_promises() {
    let folder = tempfile::tempdir().unwrap();
    let cine = folder.path().join("cine");
    record(&cine);
    let out = folder.path().join("out");
    examine_and_check(&out, Some(&format!("cine:{}", cine.display())));
}

/// Makes a recording: a bright bar that wanders through grey noise, so that no two pictures are the same.
fn record(folder: &Path) {
    const SIZE: (usize, usize) = (320, 240);
    std::fs::create_dir(folder).expect("a folder to write into");
    std::fs::write(folder.join("cine.toml"), "frame_time_ms = 40\nmm_per_pixel = 0.5\n")
        .expect("a folder to write into");
    let mut noise = 1_u32;
    for number in 0..50 {
        let pixels: Vec<u8> = (0..SIZE.0 * SIZE.1)
            .map(|index| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let bar = (index % SIZE.0).abs_diff(number * SIZE.0 / 50) < 12;
                (noise >> 27) as u8 + if bar { 200 } else { 60 }
            })
            .collect();
        let file = std::fs::File::create(folder.join(format!("picture{number}.png"))).expect("a file to write into");
        let mut encoder = png::Encoder::new(file, SIZE.0 as u32, SIZE.1 as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().expect("a header").write_image_data(&pixels).expect("pixels");
    }
}
