//! What a value may be, and where in the file it stands.

use farprobe_safety::Limits;

use super::{Config, ConfigError};

/// Where a configuration came from, for complaints.
struct File<'a> {
    path: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn refuse(&self, key: &'static str, value: &impl ToString, rule: String) -> ConfigError {
        let place = match line_of_key(self.text, key) {
            Some(line) => format!("line {line}"),
            None => "not written, so its default counts".to_owned(),
        };
        ConfigError::Value { path: self.path.to_owned(), place, key, value: value.to_string(), rule }
    }
}

/// Checks every value of `config`, which was read from the `text` of the file called `path`.
pub(super) fn check(config: &Config, path: &str, text: &str) -> Result<(), ConfigError> {
    let file = File { path, text };
    check_limits(config, &file)?;
    check_ranges(config, &file)?;
    if config.scanner.source != "simulated" && !config.scanner.source.starts_with("cine:") {
        let rule = "it must be \"simulated\" or \"cine:FILE\"".to_owned();
        return Err(file.refuse("scanner.source", &config.scanner.source, rule));
    }
    Ok(())
}

/// A site may lower the compiled ceilings, never raise them.
fn check_limits(config: &Config, file: &File<'_>) -> Result<(), ConfigError> {
    let (limits, ceilings) = (&config.limits, Limits::CEILINGS);
    for (key, value, ceiling, unit) in [
        ("limits.soft_force_n", limits.soft_force_n, ceilings.soft_force.get(), "N"),
        ("limits.hard_force_n", limits.hard_force_n, ceilings.hard_force.get(), "N"),
        ("limits.torque_nm", limits.torque_nm, ceilings.torque.get(), "N·m"),
    ] {
        let Some(value) = value else { continue };
        if !(value > 0.0 && value <= ceiling) {
            let rule = format!("a site may only lower it: more than 0 and at most {ceiling} {unit}");
            return Err(file.refuse(key, &value, rule));
        }
    }
    Ok(())
}

fn check_ranges(config: &Config, file: &File<'_>) -> Result<(), ConfigError> {
    let ranges = [
        ("safety.link_timeout_ms", config.safety.link_timeout_ms as f64, 20.0, 200.0),
        ("safety.hold_s", config.safety.hold_s, 1.0, 30.0),
        ("safety.tick_gap_ms", config.safety.tick_gap_ms as f64, 3.0, 20.0),
        ("exam.force_n", config.exam.force_n, 0.5, config.soft_force()),
        ("arm.breathing_mm", config.arm.breathing_mm, 0.0, 15.0),
        ("scanner.frame_rate", config.scanner.frame_rate, 1.0, 60.0),
        ("video.bitrate_kbit", f64::from(config.video.bitrate_kbit), 200.0, 50_000.0),
        ("realtime.priority", f64::from(config.realtime.priority), 1.0, 99.0),
        ("cart.consoles", f64::from(config.cart.consoles), 1.0, 16.0),
    ];
    for (key, value, low, high) in ranges {
        if !(low..=high).contains(&value) {
            return Err(file.refuse(key, &value, format!("it must be within {low} to {high}")));
        }
    }
    Ok(())
}

/// The line, counted from 1, of the byte at `offset`.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The line of `table.key`, as the library that read the file places it; `None` if the key is not written.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let (table, key) = key.split_once('.')?;
    let document = toml::de::DeTable::parse(text).ok()?;
    let (key, _) = document.get_ref().get(table)?.get_ref().as_table()?.get_key_value(key)?;
    Some(line_of(text, key.span().start))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

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
            "configuration cart.toml, line 5: limits.hard_force_n = 25 is refused: a site may only lower it: more than 0 and \
             at most 20 N"
        );
        let unknown = complaint("[limits]\nsoft = 1\n");
        assert!(unknown.starts_with("configuration cart.toml, line 5: unknown field `soft`"), "{unknown}");
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
            ("limits", "soft_force_n", "0.0"),
            ("limits", "torque_nm", "-1.0"),
            ("realtime", "priority", "0"),
        ] {
            let text = complaint(&format!("[{table}]\n{key} = {bad}\n"));
            assert!(text.contains(&format!("line 5: {table}.{key}")), "{text}");
        }
    }

    #[test]
    fn the_exam_force_stays_below_a_lowered_soft_limit() {
        let text = complaint("[limits]\nsoft_force_n = 6.0\n");
        assert!(text.contains("cart.toml, not written, so its default counts: exam.force_n = 8 is refused"), "{text}");
    }
}
