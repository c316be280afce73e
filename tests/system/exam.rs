//! A whole exam by the script of the demo: what it must leave behind, and what must be true of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::harness::{Alone, Process, StallDetector, Trip, assets, excuse, programs, tell, wait_for_the_machine};

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
    "/picture_age_ms/max",
    "/picture_age_reached_ms/p50",
    "/picture_age_reached_ms/max",
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

/// The moments that the script marks.
const MARKS: &[&str] = &["approach", "contact", "fan", "frozen", "lifted"];

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
/// beside it have seen a stall that explains every watchdog that tripped, or a machine that was away for too much of the time.
/// Without that proof it is the programs' fault.
fn examine_and_check(out: &Path, source: Option<&str>) {
    let _machine = Alone::new();
    loop {
        let began = Instant::now();
        let witnesses = StallDetector::start();
        let (summary, ended) = examine(out, source);
        let seen = witnesses.finish();
        let log = std::fs::read_to_string(out.join("session.log")).expect("a session log");
        check_what_protects(&summary, &log);
        let Err(how) = ended.and_then(|()| whole_exam(&summary, &log)) else { return };
        let trips = Trip::all(&steps(&summary), &log);
        let excuse = excuse(&trips, &seen).unwrap_or_else(|why| panic!("{how}\n{why}; {seen}\n{summary:#}"));
        tell(&format!("{excuse}; once more"));
        wait_for_the_machine(began);
    }
}

fn number(summary: &Value, at: &str) -> f64 {
    summary.pointer(at).and_then(Value::as_f64).unwrap_or_else(|| panic!("{at} is no number in {summary:#}"))
}

/// What is true of every exam, on whatever machine.
fn check_what_protects(summary: &Value, log: &str) {
    assert_eq!(number(summary, "/stale_applied"), 0.0);
    let peak = number(summary, "/force_n/peak");
    assert!(peak <= 10.0, "peak {peak} N");
    assert_eq!(summary.pointer("/force_n/is_true_force"), Some(&Value::Bool(true)));
    for at in ["/commit", "/machine/cpu"] {
        assert!(summary.pointer(at).and_then(Value::as_str).is_some_and(|text| !text.is_empty()), "{at}");
    }
    let steps = steps(summary);
    for pair in steps.windows(2) {
        assert_eq!(pair[0]["to"], pair[1]["from"], "a step is missing");
    }
    for step in steps {
        assert!(step["at_s"].as_f64().is_some_and(f64::is_finite), "{step}");
    }
    check_log(log);
}

/// What is true of an exam that went through to its end.
fn whole_exam(summary: &Value, log: &str) -> Result<(), String> {
    let holds = |holds: bool, otherwise: String| if holds { Ok(()) } else { Err(otherwise) };
    for at in NUMBERS {
        holds(summary.pointer(at).and_then(Value::as_f64).is_some_and(f64::is_finite), format!("{at} is no number"))?;
    }
    holds(summary["went_as_scripted"] == true, "it did not go as its script says".to_owned())?;
    let rate = number(summary, "/commands_sent") / number(summary, "/duration_s");
    holds(rate >= 400.0, format!("{rate} commands a second"))?;
    let (sent, shown) = (number(summary, "/pictures/sent"), number(summary, "/pictures/shown"));
    holds(sent > 0.0 && shown >= 0.99 * sent, format!("{shown} of {sent} pictures were shown"))?;
    let mean = number(summary, "/force_n/mean_in_contact");
    holds((mean - TARGET).abs() <= 1.0, format!("mean {mean} N"))?;
    let ladder = ladder(summary);
    holds(ladder == LADDER, format!("the ladder stood in {ladder:?}"))?;
    let marks = marks(log);
    holds(marks == MARKS, format!("the moments were {marks:?}"))
}

/// The steps of the ladder.
fn steps(summary: &Value) -> Vec<Value> {
    summary["ladder"].as_array().expect("a list of steps").clone()
}

/// The states of the ladder in the order in which it stood in them.
fn ladder(summary: &Value) -> Vec<String> {
    let steps = steps(summary);
    let first = steps.first().and_then(|step| step["from"].as_str());
    first.into_iter().chain(steps.iter().filter_map(|step| step["to"].as_str())).map(str::to_owned).collect()
}

/// Every line is an object with its time, none is before the first, those of one thread are in order, and the last says that it
/// is the last.
fn check_log(text: &str) {
    assert!(text.lines().last().is_some_and(|line| line.contains("\"kind\":\"ended\"")), "no end: {text}");
    let mut first = None;
    let mut newest: BTreeMap<&str, f64> = BTreeMap::new();
    for line in text.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let at = number(&entry, "/time_s");
        assert!(at >= *first.get_or_insert(at), "{line}");
        assert!(entry["kind"].is_string(), "no kind: {line}");
        // Steps of the ladder come from one thread, marks from another.
        if let Some(kind) = ["ladder", "mark"].into_iter().find(|kind| entry["kind"] == *kind) {
            let before = newest.insert(kind, at);
            assert!(before.is_none_or(|before| at >= before), "{line}");
        }
    }
}

/// The moments that the script marks and that were logged.
fn marks(log: &str) -> Vec<String> {
    let entries = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let marks = entries.filter(|entry| entry["kind"] == "mark");
    marks.filter_map(|mark| mark["words"].as_str().map(str::to_owned)).collect()
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
