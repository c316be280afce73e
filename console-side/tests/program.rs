//! The program itself, started as a user starts it, where it must come to nothing in good order.
#![allow(clippy::unwrap_used, reason = "a test stops where it stumbles")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, apart from the settings of whoever runs the tests.
fn console(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_farprobe-console"));
    command.env("XDG_CONFIG_HOME", home).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whoever exports a display that is gone must not lose the last exam's results for it.
#[test]
fn a_display_that_does_not_answer_costs_no_results() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(out.join("farprobe-results.txt"), "summary.json\n").unwrap();
    std::fs::write(out.join("summary.json"), "the last exam").unwrap();
    let mut command = console(folder.path());
    command.arg("demo").arg("--out").arg(&out);
    command.env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET").env("DISPLAY", ":30077");
    let ended = command.output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", errors(&ended));
    assert!(errors(&ended).contains(":30077"), "{}", errors(&ended));
    assert_eq!(std::fs::read_to_string(out.join("summary.json")).unwrap(), "the last exam");
    let left = std::fs::read_dir(&out).unwrap().count();
    assert_eq!(left, 2, "nothing was added");
}

/// As behind `| head -1`.
#[test]
fn an_output_that_nobody_reads_any_more_is_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (script, file) = (folder.path().join("short.exam"), folder.path().join("file"));
    std::fs::write(&script, "at 0.1 end\n").unwrap();
    std::fs::write(&file, "no folder for results: the program ends here").unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = console(folder.path());
    command.arg("demo").arg("--headless").arg("--script").arg(&script).arg("--out").arg(&file);
    let ended = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", errors(&ended));
    assert!(errors(&ended).contains("name another one with --out"), "{}", errors(&ended));
}
