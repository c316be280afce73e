//! What people type wrongly, and what they must not lose by it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farprobe_transport::identity::Purpose;

use crate::harness::{Process, Site, assets, programs};

/// The words of `command`, which must fail.
fn refused(mut command: Command, name: &str) -> String {
    command.env("NO_COLOR", "1");
    let mut process = Process::start(name, command);
    let status = process.end();
    assert!(!status.success(), "{}", process.text());
    process.text()
}

fn console(words: &[&str]) -> Command {
    let mut command = Command::new(&programs().console);
    command.args(words);
    command
}

/// A file of a black picture of these sides, the first a multiple of four.
fn black_bitmap(width: u32, height: u32) -> Vec<u8> {
    let pixels = width * height * 3;
    let header = [54 + pixels, 0, 54, 40, width, height, 1 | 24 << 16, 0, pixels, 0, 0, 0, 0];
    let header = header.into_iter().flat_map(u32::to_le_bytes);
    b"BM".iter().copied().chain(header).chain(std::iter::repeat_n(0, pixels as usize)).collect()
}

#[test]
fn a_slip_on_the_command_line_costs_no_earlier_results() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).into_os_string().into_string().unwrap();
    let kept = ["holiday.png", "console.png", "summary.json", "session.log"];
    for name in kept {
        std::fs::write(path(name), "mine").unwrap();
    }
    let here = path("");
    let demo = assets("exams/demo.exam").into_os_string().into_string().unwrap();
    let site = Site::new(Purpose::Real);
    let operator = site.path("operator").into_os_string().into_string().unwrap();
    for (wrong, words) in [
        (&["demo", "--script", "no-such.exam"][..], "no-such.exam: "),
        (&["demo", "--script", &demo, "--settings", "no-such.toml"], "no-such.toml"),
        (&["demo", "--script", &demo, "--source", "foo"], "\"simulated\" or \"cine:FILE\", not \"foo\""),
        (&["demo", "--script", &demo, "--source", "cine:no-such.dcm"], "no-such.dcm: "),
        (
            &["connect", "no-port", "--identity", &operator, "--script", &demo],
            "no-port\" is no address of a cart: give HOST:PORT",
        ),
        (
            &["connect", "127.0.0.1:9", "--identity", "no-such", "--script", &demo],
            "identity issue AUTHORITY no-such --role",
        ),
    ] {
        let said = refused(console(&[wrong, &["--headless", "--out", &here, "--shots", &here]].concat()), "console");
        assert!(said.contains(words), "{wrong:?}: {said}");
        assert!(kept.iter().all(|name| std::fs::read(path(name)).unwrap() == b"mine"), "{wrong:?}");
    }
}

#[test]
fn a_cart_takes_no_unknown_source_and_arms_itself_in_a_demo_only() {
    let site = Site::new(Purpose::Real);
    let mut unknown = site.cart_command(&site.path("cart"));
    unknown.args(["--source", "foo"]);
    let said = refused(unknown, "cart");
    assert!(said.contains("\"simulated\" or \"cine:FILE\", not \"foo\""), "{said}");
    let pipe = site.path("pipe.dcm");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut unending = site.cart_command(&site.path("cart"));
    unending.arg("--source").arg(format!("cine:{}", pipe.display()));
    let said = refused(unending, "cart");
    assert!(said.contains("pipe.dcm: it is no ordinary file"), "{said}");
    // The codec's limit is known to the programs and not to who reads the file.
    let tiny = site.path("tiny");
    std::fs::create_dir(&tiny).unwrap();
    std::fs::write(tiny.join("a.bmp"), black_bitmap(8, 8)).unwrap();
    let mut unsendable = site.cart_command(&site.path("cart"));
    unsendable.arg("--source").arg(format!("cine:{}", tiny.display()));
    let said = refused(unsendable, "cart");
    assert!(said.contains("--source = cine:"), "{said}");
    assert!(said.contains("tiny: its pictures are of 8 x 8 pixels, and from 16 x 16 to 3840 x 2160"), "{said}");
    let config = std::fs::read_to_string(site.path("cart.toml")).unwrap() + "simulated_nurse = true\n";
    let line = config.lines().count();
    std::fs::write(site.path("cart.toml"), config).unwrap();
    let said = refused(site.cart_command(&site.path("cart")), "cart");
    let words = format!("cart.toml, line {line}: bedside.simulated_nurse = true is refused: nobody but a person");
    assert!(said.contains(&words), "{said}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let site = Site::new(Purpose::Real);
    for program in [&programs().cart, &programs().console] {
        let mut show = Command::new(program);
        show.args(["identity", "show"]).arg(site.path("cart"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = show.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_killed_demo_leaves_no_key_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = console(&["demo", "--headless", "--script"]);
    command.arg(assets("exams/demo.exam")).arg("--out").arg(folder.path().join("out")).env("TMPDIR", folder.path());
    let mut demo = Process::start("console", command);
    // What the cart tells a console that it has let in.
    demo.line("the patient has consented");
    demo.kill();
    assert!(keys(folder.path()).is_empty(), "{:?}", keys(folder.path()));
}

/// All private keys in and under `folder`.
fn keys(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder to look into").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(keys(&path));
        } else if path.file_name().is_some_and(|name| name == "key.pem") {
            found.push(path);
        }
    }
    found
}
