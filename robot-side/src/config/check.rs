//! What a value may be, and where in the file it stands.

use farprobe_devices::line_of;
use farprobe_safety::Limits;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError};

/// Where a configuration came from, for complaints.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn refuse(&self, key: &'static str, value: &impl ToString, rule: String) -> ConfigError {
        let place = match line_of_key(&self.text, key) {
            Some(line) => format!("line {line}"),
            None => "not written, so its default counts".to_owned(),
        };
        let place = format!("configuration {}, {place}: {key}", self.path);
        ConfigError::Value { place, value: value.to_string(), rule }
    }
}

/// Checks every value of `config`.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    check_limits(config)?;
    check_ranges(config)
}

/// The lowest limits an exam is possible with: a touch on soft tissue presses with a newton, on a rib with three, and gel alone turns
/// the probe with some hundredths of a newton metre. Below, every touch would end driving, and the reason would look like a fault.
const LOWEST_SOFT_N: f64 = 1.0;
const LOWEST_HARD_N: f64 = 3.0;
const LOWEST_TORQUE_NM: f64 = 0.1;

/// A site may lower the compiled ceilings, never raise them.
fn check_limits(config: &Config) -> Result<(), ConfigError> {
    let (limits, ceilings) = (&config.limits, Limits::CEILINGS);
    for (key, value, lowest, ceiling, unit) in [
        ("limits.soft_force_n", limits.soft_force_n, LOWEST_SOFT_N, ceilings.soft_force.get(), "N"),
        ("limits.hard_force_n", limits.hard_force_n, LOWEST_HARD_N, ceilings.hard_force.get(), "N"),
        ("limits.torque_nm", limits.torque_nm, LOWEST_TORQUE_NM, ceilings.torque.get(), "N·m"),
    ] {
        let Some(value) = value else { continue };
        if !(lowest..=ceiling).contains(&value) {
            let rule = format!("a site may only lower it: at least {lowest} and at most {ceiling} {unit}");
            return Err(config.refuse(key, &value, rule));
        }
    }
    let hard = limits.hard_force_n.unwrap_or(ceilings.hard_force.get());
    if config.soft_force() >= hard {
        let rule = format!("it must be below the hard force limit, which is {hard} N (limits.hard_force_n)");
        return Err(config.refuse("limits.soft_force_n", &config.soft_force(), rule));
    }
    Ok(())
}

fn check_ranges(config: &Config) -> Result<(), ConfigError> {
    if let Some(force) = config.exam.force_n
        && !(0.5..=config.soft_force()).contains(&force)
    {
        let soft = config.soft_force();
        let rule = format!("it must be within 0.5 to {soft} N, the soft force limit (limits.soft_force_n)");
        return Err(config.refuse("exam.force_n", &force, rule));
    }
    let ranges = [
        ("safety.link_timeout_ms", config.safety.link_timeout_ms as f64, 20.0, 200.0),
        ("safety.hold_s", config.safety.hold_s, 1.0, 30.0),
        ("safety.tick_gap_ms", config.safety.tick_gap_ms as f64, 3.0, 20.0),
        ("arm.breathing_mm", config.arm.breathing_mm, 0.0, 15.0),
        ("scanner.frame_rate", config.scanner.frame_rate, 1.0, 60.0),
        ("video.bitrate_kbit", f64::from(config.video.bitrate_kbit), 200.0, 50_000.0),
        ("realtime.priority", f64::from(config.realtime.priority), 1.0, 99.0),
        ("cart.consoles", f64::from(config.cart.consoles), 1.0, 16.0),
    ];
    for (key, value, low, high) in ranges {
        if !(low..=high).contains(&value) {
            return Err(config.refuse(key, &value, format!("it must be within {low} to {high}")));
        }
    }
    Ok(())
}

/// What the library that read `text` has to complain of, with line and key, in the words of a configuration.
pub(super) fn explain(path: &str, text: &str, error: &toml::de::Error) -> ConfigError {
    // Words of the library for kinds of numbers that are not a site's.
    const KINDS: [(&str, &str); 5] = [
        ("expected f64", "expected a number"),
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected u32", "expected a whole number, 0 or more"),
        ("expected u8", "expected a whole number from 0 to 255"),
        ("invalid socket address syntax", "expected \"IP:PORT\", such as \"0.0.0.0:4433\""),
    ];
    let mut what = error.message().trim().replace('\n', ", ");
    for (theirs, ours) in KINDS {
        what = what.replace(theirs, ours);
    }
    let offset = error.span().map_or(0, |span| span.start);
    let line = line_of(text, offset);
    let what = match key_at(text, offset) {
        Some(key) => format!("{key}: {what}"),
        // The text as a whole is not TOML, or not of this file's shape: the line itself tells.
        None => match text.lines().nth(line - 1).map(str::trim) {
            Some(written) if !written.is_empty() => format!("{what}: {written}"),
            _ => what,
        },
    };
    ConfigError::Syntax { path: path.to_owned(), line, what }
}

/// The line of `table.key`, as the library that read the file places it; `None` if the key is not written.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    let (table, key) = key.split_once('.')?;
    let document = DeTable::parse(text).ok()?;
    let (key, _) = document.get_ref().get(table)?.get_ref().as_table()?.get_key_value(key)?;
    Some(line_of(text, key.span().start))
}

/// The `table.key` whose name or value is at `offset`; `None` if the text is not TOML or no key is there.
fn key_at(text: &str, offset: usize) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let covers = |value: &Spanned<DeValue<'_>>| value.span().contains(&offset);
    for (table, content) in document.get_ref() {
        let Some(keys) = content.get_ref().as_table() else {
            if covers(content) {
                return Some(table.get_ref().to_string());
            }
            continue;
        };
        for (key, value) in keys {
            if key.span().contains(&offset) || covers(value) {
                return Some(format!("{}.{}", table.get_ref(), key.get_ref()));
            }
        }
    }
    None
}
