//! The cart's one configuration file.
//!
//! Unknown keys are refused, contact limits can only be lowered below the compiled ceilings, and every complaint names
//! file, key and its line as the TOML library places it.

mod check;
mod tables;

use std::path::Path;
use std::time::Duration;

use farprobe_devices::scanner::Source;
use farprobe_devices::{FileError, read_text};
use serde::Deserialize;
use thiserror::Error;

use check::File;
pub use tables::{Arm, ArmKind, Bedside, Cart, Exam, Limits, Metrics, Realtime, Retract, Safety, Scanner, Video};

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
    /// Live figures for Prometheus.
    #[serde(default)]
    pub metrics: Metrics,
    /// The file itself, for complaints about what is found out later.
    #[serde(skip)]
    file: File,
    #[serde(skip)]
    source_from: SourceFrom,
    #[serde(skip)]
    terminal_use: TerminalUse,
}

/// Who said where pictures come from.
#[derive(Debug, Clone, Copy, Default)]
enum SourceFrom {
    #[default]
    File,
    CommandLine,
}

/// Whether anybody can type at the cart's terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TerminalUse {
    /// The staff may.
    #[default]
    Staff,
    /// Standard input belongs to the program that started this one.
    Parent,
    /// Standard input is /dev/null.
    Nobody,
}

/// The contact force an exam begins with where nothing is written, N.
const EXAM_FORCE_N: f64 = 8.0;

/// The soft force limit of a site that lowers the hard one only: the ceilings' own proportion, 15 to 20 N.
const SOFT_OF_HARD: f64 = 0.75;

/// The configuration can't be used; nothing was started.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("configuration {path}: {source}: give the path of a file that can be read with --config")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// What is at the path is no configuration file.
    #[error("configuration {path}: {what}: give the path of a TOML file with --config")]
    NoFile {
        /// As given.
        path: String,
        /// What it is instead.
        what: FileError,
    },
    /// The text is not TOML, a key is unknown or missing, or a value has the wrong kind.
    #[error("configuration {path}, line {line}: {what}")]
    Syntax {
        /// As given.
        path: String,
        /// Counted from 1.
        line: usize,
        /// Where it is known the key, and what is wrong.
        what: String,
    },
    /// Nothing is left by which the staff could act, though the file allows the terminal.
    #[error("the cart has no switch at the bedside: {what}")]
    Switchless {
        /// Why, and what to do.
        what: String,
    },
    /// A value is refused, by its range or by what uses it.
    #[error("{place} = {value} is refused: {rule}")]
    Value {
        /// File, line and key, or the option of the command line.
        place: String,
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
        let text = read_text(path).map_err(|error| match error {
            FileError::System(source) => ConfigError::Unreadable { path: name.clone(), source },
            what => ConfigError::NoFile { path: name.clone(), what },
        })?;
        let mut config = Self::parse(&name, &text)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.cart.identity = folder.join(&config.cart.identity);
        config.scanner.source = config.scanner.source.beside(folder);
        Ok(config)
    }

    /// Checks the text of a file called `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, ConfigError> {
        let mut config: Self = toml::from_str(text).map_err(|error| check::explain(path, text, &error))?;
        config.file = File { path: path.to_owned(), text: text.to_owned() };
        check::check(&config)?;
        Ok(config)
    }

    /// Takes pictures from `source`, as the command line says, in place of what the file says.
    pub fn override_source(&mut self, source: Source) {
        self.scanner.source = source;
        self.source_from = SourceFrom::CommandLine;
    }

    /// Whatever the file says: nobody can type at this cart's terminal.
    pub fn take_terminal(&mut self, by: TerminalUse) {
        self.terminal_use = by;
    }

    /// Whether the staff's words are read from the terminal.
    pub fn has_terminal(&self) -> bool {
        self.bedside.terminal && self.terminal_use == TerminalUse::Staff
    }

    /// That there is no switch at the bedside is refused.
    pub(crate) fn refuse_switchless(&self) -> ConfigError {
        let remedy = "nobody could allow anything, nor stop it: name a bedside.socket or start with --bedside-socket";
        let nobody = |why: &str| ConfigError::Switchless { what: format!("{why}, and {remedy}") };
        match (self.bedside.terminal, self.terminal_use) {
            (true, TerminalUse::Nobody) => nobody("standard input is /dev/null"),
            (true, TerminalUse::Parent) => nobody("standard input belongs to the program that started this cart"),
            (false, _) | (true, TerminalUse::Staff) => {
                self.refuse("bedside.terminal", &false, format!("{remedy}, or let the staff type at the terminal"))
            }
        }
    }

    /// The source of pictures is refused, with the words of what refused it.
    pub(crate) fn refuse_source(&self, rule: String) -> ConfigError {
        let value = self.scanner.source.to_string();
        match self.source_from {
            SourceFrom::File => self.file.refuse("scanner.source", &value, rule),
            SourceFrom::CommandLine => ConfigError::Value { place: "--source".to_owned(), value, rule },
        }
    }

    /// `key` is refused as it stands in the file.
    pub(crate) fn refuse(&self, key: &'static str, value: &impl ToString, rule: String) -> ConfigError {
        self.file.refuse(key, value, rule)
    }

    /// The soft force limit in force, N.
    pub fn soft_force(&self) -> f64 {
        let ceilings = farprobe_safety::Limits::CEILINGS;
        let below_hard = self.limits.hard_force_n.map_or(f64::INFINITY, |hard| hard * SOFT_OF_HARD);
        self.limits.soft_force_n.unwrap_or(ceilings.soft_force.get().min(below_hard))
    }

    /// The contact force an exam begins with, N.
    pub fn exam_force(&self) -> f64 {
        self.exam.force_n.unwrap_or(EXAM_FORCE_N.min(self.soft_force()))
    }

    /// What follows from lowered limits for keys that are not written, in words for the log.
    pub fn consequences(&self) -> Vec<String> {
        let mut all = Vec::new();
        let soft = self.soft_force();
        if self.limits.soft_force_n.is_none() && soft < farprobe_safety::Limits::CEILINGS.soft_force.get() {
            all.push(format!("limits.soft_force_n is not written: {soft} N, to stay below limits.hard_force_n"));
        }
        let force = self.exam_force();
        if self.exam.force_n.is_none() && force < EXAM_FORCE_N {
            all.push(format!("exam.force_n is not written: exams begin with {force} N, the soft force limit"));
        }
        all
    }

    /// [`Safety::link_timeout_ms`] as a span.
    pub fn link_timeout(&self) -> Duration {
        Duration::from_millis(self.safety.link_timeout_ms)
    }
}

#[cfg(test)]
mod tests;
