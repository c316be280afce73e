use std::path::Path;

use super::Config;

const SMALLEST: &str = "[cart]\nlisten = \"127.0.0.1:0\"\nidentity = \"id\"\n";

fn complaint(extra: &str) -> String {
    Config::parse("cart.toml", &format!("{SMALLEST}{extra}")).unwrap_err().to_string()
}

#[test]
fn the_shipped_file_is_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/cart-sim.toml");
    Config::load(&path).unwrap();
}

#[test]
fn a_complaint_names_file_line_and_key() {
    assert_eq!(
        complaint("[limits]\nhard_force_n = 25.0\n"),
        "configuration cart.toml, line 5: limits.hard_force_n = 25 is refused: a site may only lower it: at least 3 and \
         at most 20 N"
    );
    let unknown = complaint("[limits]\nsoft = 1\n");
    assert!(unknown.starts_with("configuration cart.toml, line 5: limits.soft: unknown field `soft`"), "{unknown}");
    let nan = complaint("[exam]\nforce_n = nan\n");
    assert!(nan.contains("line 5: exam.force_n = NaN is refused"), "{nan}");
}

#[test]
fn the_line_is_true_however_the_key_is_written() {
    for (extra, line) in [
        ("[limits] # this site's\n\nhard_force_n = 25.0\n", 6),
        ("[ limits ]\n# hard_force_n = 1.0\nhard_force_n=25.0 # too much\n", 6),
        ("[exam]\nforce_n = 5.0\n['limits']\n\"hard_force_n\" = 25.0\n", 7),
        ("[limits]\nsoft_force_n = 2.0\r\nhard_force_n = 25.0\n", 6),
    ] {
        let text = complaint(extra);
        assert!(text.contains(&format!("line {line}: limits.hard_force_n = 25 is refused")), "{extra:?}: {text}");
    }
    let on_top = |first: &str| Config::parse("cart.toml", &format!("{first}\n{SMALLEST}")).unwrap_err().to_string();
    for first in ["limits.hard_force_n = 25.0", "limits = { soft_force_n = 3.0, hard_force_n = 25.0 }"] {
        assert!(on_top(first).contains("line 1: limits.hard_force_n = 25 is refused"), "{}", on_top(first));
    }
    // What the library itself refuses says its line, too.
    let kind = complaint("[limits] # this site's\nhard_force_n = \"much\"\n");
    assert!(kind.contains("cart.toml, line 5: "), "{kind}");
}

#[test]
fn every_range_is_held_at_both_ends() {
    for (table, key, bad) in [
        ("safety", "link_timeout_ms", "19"),
        ("safety", "link_timeout_ms", "201"),
        ("safety", "hold_s", "0.5"),
        ("safety", "tick_gap_ms", "21"),
        ("exam", "force_n", "15.5"),
        ("limits", "soft_force_n", "0.99"),
        ("limits", "hard_force_n", "2.99"),
        ("limits", "torque_nm", "0.09"),
        ("limits", "torque_nm", "nan"),
        ("realtime", "priority", "0"),
    ] {
        let text = complaint(&format!("[{table}]\n{key} = {bad}\n"));
        assert!(text.contains(&format!("line 5: {table}.{key}")), "{text}");
    }
}

#[test]
fn a_site_that_only_lowers_a_limit_can_start() {
    let config = |limits: &str| Config::parse("cart.toml", &format!("{SMALLEST}[limits]\n{limits}\n")).unwrap();
    let lowered = config("soft_force_n = 5");
    assert_eq!((lowered.soft_force(), lowered.exam_force()), (5.0, 5.0));
    assert_eq!(lowered.consequences(), ["exam.force_n is not written: exams begin with 5 N, the soft force limit"]);
    assert_eq!(config("soft_force_n = 1.0\nhard_force_n = 3.0\ntorque_nm = 0.1").soft_force(), 1.0, "the lowest");
    let lowered = config("hard_force_n = 8");
    assert_eq!((lowered.soft_force(), lowered.exam_force()), (6.0, 6.0));
    assert_eq!(lowered.consequences().len(), 2);
    let lowered = config("hard_force_n = 18");
    assert_eq!((lowered.soft_force(), lowered.exam_force()), (13.5, 8.0));
    let untouched = config("soft_force_n = 12");
    assert_eq!((untouched.exam_force(), untouched.consequences().len()), (8.0, 0));
}

#[test]
fn a_force_that_is_written_stays_below_what_is_lowered() {
    let text = complaint("[limits]\nsoft_force_n = 6.0\n[exam]\nforce_n = 8.0\n");
    assert!(text.contains("cart.toml, line 7: exam.force_n = 8 is refused: it must be within 0.5 to 6 N"), "{text}");
    let text = complaint("[limits]\nsoft_force_n = 12.0\nhard_force_n = 12.0\n");
    assert!(
        text.contains("line 5: limits.soft_force_n = 12 is refused: it must be below the hard force limit"),
        "{text}"
    );
}

#[test]
fn what_the_library_refuses_names_the_key_too() {
    for (extra, words) in [
        (
            "[limits]\nhard_force_n = \"20\"\n",
            "line 5: limits.hard_force_n: invalid type: string \"20\", expected a number",
        ),
        ("[safety]\nretract = \"whenever\"\n", "line 5: safety.retract: unknown variant `whenever`, expected"),
        ("[arm]\nkind = \"ur5e\"\n", "line 5: arm.kind: unknown variant `ur5e`, expected"),
        (
            "[safety]\nlink_timeout_ms = -1\n",
            "line 5: safety.link_timeout_ms: invalid value: integer `-1`, expected a whole",
        ),
        (
            "[scanner]\nsource = \"foo\"\n",
            "line 5: scanner.source: a source of pictures is \"simulated\" or \"cine:FILE\"",
        ),
        ("[safety]\nhold_s = 5\nhold_s = 6\n", "line 6: duplicate key: hold_s = 6"),
        ("[safety]\nhold_s = \n", "line 5: "),
        ("[safety]\nholds = 3\n", "line 5: safety.holds: unknown field `holds`, expected"),
        ("[safty]\n", "line 4: unknown field `safty`"),
        ("[video]\nlocal = [\"here\"]\n", "line 5: video.local: expected \"IP:PORT\""),
    ] {
        let text = complaint(extra);
        assert!(text.contains(&format!("cart.toml, {words}")), "{extra:?}: {text}");
    }
    let listen = Config::parse("cart.toml", "[cart]\nidentity = \"id\"\nlisten = \"foo\"\n").unwrap_err().to_string();
    assert!(listen.contains("line 3: cart.listen: expected \"IP:PORT\", such as"), "{listen}");
    let missing = Config::parse("cart.toml", "[cart]\nidentity = \"id\"\n").unwrap_err().to_string();
    assert!(missing.contains("line 1: missing field `listen`"), "{missing}");
}

#[test]
fn a_source_that_fails_later_is_still_found_in_the_file() {
    let text = format!("{SMALLEST}[scanner]\nsource = \"cine:none.dcm\"\n");
    let mut config = Config::parse("cart.toml", &text).unwrap();
    let said = config.refuse_source("it is not there".into()).to_string();
    assert_eq!(said, "configuration cart.toml, line 5: scanner.source = cine:none.dcm is refused: it is not there");
    config.override_source("cine:other.dcm".parse().unwrap());
    let said = config.refuse_source("it is not there".into()).to_string();
    assert_eq!(said, "--source = cine:other.dcm is refused: it is not there");
}

#[test]
fn what_is_no_text_file_is_refused_without_reading_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| Config::load(path).unwrap_err().to_string();
    let path = folder.path().join("cart.toml");
    assert!(said(&path).contains("give the path of a file"), "{}", said(&path));
    assert!(said(folder.path()).contains(": it is a folder: "), "{}", said(folder.path()));
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    assert!(said(&path).contains(": it is not text in UTF-8: "), "{}", said(&path));
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(said(&path).contains(": it is longer than 1 MiB: "), "{}", said(&path));
    // A device that never ends.
    assert!(said(Path::new("/dev/zero")).contains(": it is no ordinary file: "));
}
