//! The cart's one configuration file.
//!
//! Unknown keys are refused, contact limits can only be lowered below the compiled ceilings, and every complaint names
//! file, key and its line as the TOML library places it.

mod check;
mod tables;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

pub use tables::{Arm, ArmKind, Bedside, Cart, Exam, Limits, Realtime, Retract, Safety, Scanner, Video};

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
    #[error("configuration {path}, {place}: {key} = {value} is refused: {rule}")]
    Value {
        /// As given.
        path: String,
        /// Its line, or that it is not written.
        place: String,
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
        if let Some(recording) = config.scanner.source.strip_prefix("cine:") {
            config.scanner.source = format!("cine:{}", folder.join(recording).display());
        }
        Ok(config)
    }

    /// Checks the text of a file called `path`.
    pub fn parse(path: &str, text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| check::line_of(text, span.start)),
            what: error.message().trim().to_owned(),
        })?;
        check::check(&config, path, text)?;
        Ok(config)
    }

    /// The soft force limit in force, N.
    fn soft_force(&self) -> f64 {
        self.limits.soft_force_n.unwrap_or(farprobe_safety::Limits::CEILINGS.soft_force.get())
    }

    /// [`Safety::link_timeout_ms`] as a span.
    pub fn link_timeout(&self) -> Duration {
        Duration::from_millis(self.safety.link_timeout_ms)
    }
}
