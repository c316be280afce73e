//! The cart's one configuration file.
//!
//! Unknown keys are refused, contact limits can only be lowered below the compiled ceilings, and every complaint names
//! file, line and key.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The cart itself.
    pub cart: Cart,
    /// The robot arm.
    #[serde(default)]
    pub arm: Arm,
    /// The source of ultrasound pictures.
    #[serde(default)]
    pub scanner: Scanner,
    /// How pictures travel.
    #[serde(default)]
    pub video: Video,
    /// Contact limits of this site.
    #[serde(default)]
    pub limits: Limits,
    /// How the ladder behaves.
    #[serde(default)]
    pub safety: Safety,
    /// What an exam starts with.
    #[serde(default)]
    pub exam: Exam,
    /// The switch at the bedside.
    #[serde(default)]
    pub bedside: Bedside,
    /// The real-time thread.
    #[serde(default)]
    pub realtime: Realtime,
}

/// The cart itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cart {
    /// UDP address the consoles connect to.
    pub listen: SocketAddr,
    /// Folder with `ca.pem`, `cert.pem` and `key.pem`; relative to the configuration file.
    pub identity: PathBuf,
    /// How many consoles may be connected at once, the driver included.
    #[serde(default = "four")]
    pub consoles: u8,
}

fn four() -> u8 {
    4
}

/// The robot arm.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arm {
    /// Which adapter drives it.
    pub kind: ArmKind,
    /// Seed of the simulation: sensor noise and bias.
    pub seed: u64,
    /// Breathing of the simulated patient: the skin of the belly rises and falls by this much, mm.
    pub breathing_mm: f64,
}

impl Default for Arm {
    fn default() -> Self {
        // 4 mm is quiet breathing: visible in the picture, and the force law has work to do.
        Self { kind: ArmKind::SimulatedFr3, seed: 1, breathing_mm: 4.0 }
    }
}

/// Which adapter drives the arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArmKind {
    /// The simulated FR3 of plant card A, over the simulated patient.
    SimulatedFr3,
    /// The same arm with the slower dynamics of plant card B.
    SimulatedFr3Slow,
}

/// The source of ultrasound pictures.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scanner {
    /// `simulated`, or `cine:FILE` for a recording (a DICOM file or a folder of pictures).
    pub source: String,
    /// Pictures a second of the simulated scanner.
    pub frame_rate: f64,
}

impl Default for Scanner {
    fn default() -> Self {
        // 30 a second is what most abdominal presets run at.
        Self { source: "simulated".into(), frame_rate: 30.0 }
    }
}

/// How pictures travel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Video {
    /// Bit rate of the ultrasound picture, kbit/s.
    pub bitrate_kbit: u32,
    /// Local addresses the picture may leave from (`IP:PORT`, port 0 = any). Empty = the address the cart listens on.
    pub local: Vec<SocketAddr>,
}

impl Default for Video {
    fn default() -> Self {
        // 5 Mbit/s keeps speckle at about 35 dB at 1024 x 768 and 30 pictures a second.
        Self { bitrate_kbit: 5_000, local: Vec::new() }
    }
}

/// Contact limits of this site; each may only be lowered below the compiled ceiling.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Above it the probe moves no deeper, N.
    pub soft_force_n: Option<f64>,
    /// Never passed by the probe's own motion, N.
    pub hard_force_n: Option<f64>,
    /// Never passed, N·m.
    pub torque_nm: Option<f64>,
}

/// How the ladder behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Safety {
    /// Without a fresh command for this long the link counts as lost, ms (20–200).
    pub link_timeout_ms: u64,
    /// Hold lasts at most this long, s (1–30).
    pub hold_s: f64,
    /// Whether the probe lifts off by itself after Release.
    pub retract: Retract,
    /// A gap between ticks longer than this leads to Soften, ms (3–20).
    pub tick_gap_ms: u64,
}

impl Default for Safety {
    fn default() -> Self {
        Self { link_timeout_ms: 50, hold_s: 10.0, retract: Retract::AfterOneSecond, tick_gap_ms: 3 }
    }
}

/// Whether the probe lifts off by itself after Release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retract {
    /// One second after the loss.
    AfterOneSecond,
    /// Never: it stays at no more than 2 N until the staff lift it.
    Never,
}

/// What an exam starts with.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Exam {
    /// Contact force, N. A default for trying the system, not clinical advice.
    pub force_n: f64,
}

impl Default for Exam {
    fn default() -> Self {
        Self { force_n: 8.0 }
    }
}

/// The switch at the bedside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bedside {
    /// Words typed on the cart's terminal: consent, arm, disarm, stop, reset.
    pub terminal: bool,
    /// The same words through a local socket at this path.
    pub socket: Option<PathBuf>,
    /// A simulated nurse records consent and arms the cart after start. Simulated arm only.
    pub simulated_nurse: bool,
}

impl Default for Bedside {
    fn default() -> Self {
        Self { terminal: true, socket: None, simulated_nurse: false }
    }
}

/// The real-time thread.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Realtime {
    /// SCHED_FIFO priority, 1–99.
    pub priority: u8,
}

impl Default for Realtime {
    fn default() -> Self {
        // Above the kernel's threaded interrupts (50), below its watchdogs (99).
        Self { priority: 80 }
    }
}

/// The configuration can't be used; nothing was started.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("configuration {path}: {source}. Give the path of an existing file with --config.")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A key is unknown or missing, or a value has the wrong kind.
    #[error("configuration {path}, line {line}: {what}")]
    Syntax {
        /// As given.
        path: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// A value is outside its range.
    #[error("configuration {path}, line {line}: {key} = {value} is refused: {rule}")]
    Value {
        /// As given.
        path: String,
        /// Counted from 1.
        line: usize,
        /// Table and key.
        key: &'static str,
        /// The value given.
        value: String,
        /// What would be allowed.
        rule: String,
    },
}

impl Config {
    /// Reads and checks the file at `path`. Relative paths inside it become relative to its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: name.clone(), source })?;
        let mut config = Self::parse(&name, &text)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.cart.identity = folder.join(&config.cart.identity);
        Ok(config)
    }

    /// Checks the text of a file called `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| line_of(text, span.start)),
            what: error.message().trim().to_owned(),
        })?;
        config.check(path, text)?;
        Ok(config)
    }

    fn check(&self, path: &str, text: &str) -> Result<(), ConfigError> {
        let refuse = |key: &'static str, value: String, rule: String| {
            let line = line_of_key(text, key);
            Err(ConfigError::Value { path: path.to_owned(), line, key, value, rule })
        };
        for (key, value, ceiling, unit) in [
            ("limits.soft_force_n", self.limits.soft_force_n, farprobe_safety::Limits::CEILINGS.soft_force.get(), "N"),
            ("limits.hard_force_n", self.limits.hard_force_n, farprobe_safety::Limits::CEILINGS.hard_force.get(), "N"),
            ("limits.torque_nm", self.limits.torque_nm, farprobe_safety::Limits::CEILINGS.torque.get(), "N·m"),
        ] {
            let Some(value) = value else { continue };
            if !(value > 0.0 && value <= ceiling) {
                let rule = format!("a site may only lower it: more than 0 and at most {ceiling} {unit}");
                return refuse(key, value.to_string(), rule);
            }
        }
        let ranges = [
            ("safety.link_timeout_ms", self.safety.link_timeout_ms as f64, 20.0, 200.0),
            ("safety.hold_s", self.safety.hold_s, 1.0, 30.0),
            ("safety.tick_gap_ms", self.safety.tick_gap_ms as f64, 3.0, 20.0),
            ("exam.force_n", self.exam.force_n, 0.5, self.soft_force()),
            ("arm.breathing_mm", self.arm.breathing_mm, 0.0, 15.0),
            ("scanner.frame_rate", self.scanner.frame_rate, 1.0, 60.0),
            ("video.bitrate_kbit", f64::from(self.video.bitrate_kbit), 200.0, 50_000.0),
            ("realtime.priority", f64::from(self.realtime.priority), 1.0, 99.0),
            ("cart.consoles", f64::from(self.cart.consoles), 1.0, 16.0),
        ];
        for (key, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return refuse(key, value.to_string(), format!("it must be within {low} to {high}"));
            }
        }
        if self.scanner.source != "simulated" && !self.scanner.source.starts_with("cine:") {
            let rule = "it must be \"simulated\" or \"cine:FILE\"".to_owned();
            return refuse("scanner.source", self.scanner.source.clone(), rule);
        }
        Ok(())
    }

    fn soft_force(&self) -> f64 {
        self.limits.soft_force_n.unwrap_or(farprobe_safety::Limits::CEILINGS.soft_force.get())
    }

    /// [`Safety::link_timeout_ms`] as a span.
    pub fn link_timeout(&self) -> Duration {
        Duration::from_millis(self.safety.link_timeout_ms)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The line of `table.key`; 1 if the key is not written (its default was refused together with another key).
fn line_of_key(text: &str, key: &str) -> usize {
    let (table, key) = key.split_once('.').unwrap_or(("", key));
    let mut in_table = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            in_table = name.trim_end_matches(']').trim() == table;
        } else if in_table && line.split('=').next().is_some_and(|name| name.trim() == key) {
            return index + 1;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(text.contains("exam.force_n = 8 is refused"), "{text}");
    }
}
