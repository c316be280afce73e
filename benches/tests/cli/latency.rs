//! Latency runs with real processes, so short that their times say nothing: what is looked at is whether they are complete,
//! and whether a delay that was put in comes out again.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::bench;

/// The subjects of the run `command`.
const SUBJECTS: [&str; 4] = ["farprobe", "floor", "quinn", "floor-again"];

/// Does what `words` say and gives the results.
fn measure(folder: &Path, words: &[&str]) -> Value {
    let output = bench(&[words, &["--out", folder.to_str().unwrap()]].concat()).output().unwrap();
    let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{complaints}");
    assert!(said.contains("| layout | subject | p50 |") && said.contains("results.json"), "{said}");
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(
        std::fs::read_to_string(folder.join("results.md")).unwrap().contains(&format!("`farprobe-bench {}", words[0]))
    );
    serde_json::from_str(&std::fs::read_to_string(folder.join("results.json")).unwrap()).unwrap()
}

fn runs(results: &Value) -> &[Value] {
    results["runs"].as_array().unwrap()
}

fn number(of: &Value, key: &str) -> f64 {
    of[key].as_f64().unwrap_or_else(|| panic!("{key} in {of}"))
}

#[test]
fn a_short_run_measures_every_subject_in_every_layout_and_can_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let results = measure(folder.path(), &["command", "--rounds", "2", "--seconds", "0.2", "--seed", "5"]);
    let layouts: Vec<&str> =
        results["layouts"].as_array().unwrap().iter().map(|layout| layout["name"].as_str().unwrap()).collect();
    assert!(layouts.contains(&"free"), "{layouts:?}");
    for layout in &layouts {
        for subject in SUBJECTS {
            let of = |run: &&Value| run["layout"] == *layout && run["subject"] == subject;
            let run = runs(&results).iter().find(of).unwrap_or_else(|| panic!("{subject} {layout}"));
            assert!(number(run, "n") > 0.0 && number(run, "sent") >= number(run, "n"), "{run}");
            assert_eq!((number(run, "rounds"), run["by_round"].as_array().unwrap().len()), (2.0, 2));
            let rising = ["p50", "p90", "p99", "p999", "max"].map(|key| number(run, key));
            assert!(rising[0] > 0.0 && rising.is_sorted(), "{rising:?}");
            assert!(number(&run["peak_mb"], "sender") > 1.0, "{run}");
            assert_eq!(run["hops"].as_array().unwrap().len(), 3);
        }
        let beside = |ratio: &&Value| ratio["layout"] == *layout;
        let of: Vec<_> = results["ratios"].as_array().unwrap().iter().filter(beside).map(|r| r["of"].clone()).collect();
        assert_eq!(of, ["farprobe", "quinn", "floor-again"]);
    }
    assert_eq!(results["bars"].as_array().unwrap().len(), 2 * layouts.len());
    let path = folder.path().join("results.json");
    let path = path.to_str().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert!(bench(&["compare", path, path]).stdout(writer).status().unwrap().success(), "a reader who has seen enough");
    let output = bench(&["compare", path, path]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success());
    assert_eq!(said.matches("within noise").count(), 2 * SUBJECTS.len() * layouts.len(), "{said}");
}

#[test]
fn a_delay_that_was_put_in_comes_out_again() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("twenty.toml");
    std::fs::write(&link, "[both]\ndelay_ms = 20.0\n").unwrap();
    let words = ["command", "--quick", "--rounds", "1", "--seconds", "0.2", "--link", link.to_str().unwrap()];
    let results = measure(&folder.path().join("out"), &words);
    assert_eq!(runs(&results).len(), SUBJECTS.len());
    for run in runs(&results) {
        let fastest = run["curve"][0][1].as_f64().unwrap();
        let hops = run["hops"].as_array().unwrap();
        let way = hops.iter().find(|hop| hop["name"] == "handed over to readable").unwrap();
        assert!(fastest >= 20_000.0 && number(way, "p50") >= 20_000.0, "{run}");
        // Within a millisecond on a machine that has nothing else to do; this one may be busy.
        assert!(number(run, "p50") < 200_000.0, "{run}");
        let figures: Vec<_> = run["figures"].as_array().unwrap().iter().map(|figure| figure["name"].clone()).collect();
        assert!(figures.contains(&"stale and applied by the cart's rule".into()), "{figures:?}");
    }
}

#[test]
fn the_real_time_thread_is_measured_quiet_and_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let results = measure(folder.path(), &["rt", "--rounds", "1", "--seconds", "0.2"]);
    for layout in ["quiet", "loaded"] {
        for (run, subject) in [("rt", "farprobe"), ("rt", "floor"), ("rt", "floor-again"), ("rt step", "farprobe")] {
            let of = |of: &&Value| of["run"] == run && of["layout"] == layout && of["subject"] == subject;
            let of = runs(&results).iter().find(of).unwrap_or_else(|| panic!("{run} {subject} {layout}"));
            assert!(number(of, "n") > 0.0 && number(of, "max") > 0.0, "{of}");
        }
    }
    assert_eq!(results["bars"].as_array().unwrap().len(), 2);
    // How long the hand had driven depends on the machine; that it is told of does not.
    let figures = runs(&results)[0]["figures"].as_array().unwrap();
    assert!(figures.iter().any(|figure| figure["name"] == "ticks in which the hand drove"), "{figures:?}");
}

#[test]
fn encoding_and_decoding_are_measured_at_both_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let results = measure(folder.path(), &["codec", "--quick", "--rounds", "1"]);
    let names: Vec<_> = runs(&results).iter().map(|run| (run["layout"].clone(), run["subject"].clone())).collect();
    let of_size = |size: &str| ["encode", "decode", "encode and decode"].map(|what| (size.into(), what.into()));
    assert_eq!(names, [of_size("640x480"), of_size("1280x720")].concat());
    for of in runs(&results).chunks(3) {
        let p50: Vec<f64> = of.iter().map(|run| number(run, "p50")).collect();
        assert!(p50[2] > p50[0] && p50[2] > p50[1], "both take longer than one of them: {p50:?}");
        assert_eq!(number(&of[0], "n"), 150.0);
    }
}

#[test]
fn slips_are_answered_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.json");
    std::fs::write(&other, "{\"seeds\": 3}").unwrap();
    let other = other.to_str().unwrap();
    for (words, answer) in [
        (&["command", "--link", "5g-god"][..], "there is no line \"5g-god\": choose one of clean, "),
        (&["command", "--seconds", "0"], "it must be within 0.1 to 600"),
        (&["command", "--rounds", "0"], "0 is not in 1..=1000"),
        (&["compare", "no-such.json", other], "no-such.json can't be read"),
        (&["compare", other, other], "is no file of results of a latency run: give the results.json of a run"),
    ] {
        let output = bench(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(answer), "{words:?}: {said}");
    }
}

/// The processes that `parent` has started and that still run, without its zombies.
fn children(parent: u32) -> Vec<u32> {
    let stat = |entry: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        // After the name, which is in brackets and may have any letters: the state, and the parent.
        let (head, tail) = text.rsplit_once(')')?;
        let mut fields = tail.split_whitespace();
        let (state, of) = (fields.next()?, fields.next()?.parse::<u32>().ok()?);
        (of == parent && state != "Z").then(|| head.split_whitespace().next()?.parse().ok()).flatten()
    };
    std::fs::read_dir("/proc").unwrap().filter_map(stat).collect()
}

#[test]
fn ctrl_c_leaves_nothing_running_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = bench(&["command", "--seconds", "600", "--out", out.to_str().unwrap()]).spawn().unwrap();
    let ends = loop {
        let ends = children(run.id());
        if ends.len() == 2 {
            break ends;
        }
        std::thread::yield_now();
    };
    // The shell's own word for it, as for the other programs' tests.
    let sent = Command::new("sh").arg("-c").arg(format!("kill -INT {}", run.id())).status().unwrap();
    assert!(sent.success());
    let output = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("interrupted; nothing is left running"), "{said}");
    for end in ends {
        assert!(!Path::new(&format!("/proc/{end}/stat")).exists(), "an end is still there");
    }
    assert!(!out.exists());
}
