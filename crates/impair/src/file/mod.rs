//! A line in a file. `assets/links/example.toml` shows every key.
//!
//! Unknown keys are refused, and every complaint names file, line and key.

mod check;
mod tables;

use std::path::Path;

use farprobe_devices::{FileError, Places, line_of, read_text};
use farprobe_sim::link::LineProfile;
use thiserror::Error;

/// A line can't be had from what was given; nothing was started.
#[derive(Debug, Error)]
pub enum LinkFileError {
    /// No line has this name (operator).
    #[error("there is no line \"{name}\": choose one of {names}, or give the path of a file")]
    NoName {
        /// As given.
        name: String,
        /// All there are.
        names: String,
    },
    /// The file can't be read (operator).
    #[error("line {path}: {source}: name a TOML file that can be read with --link")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system says, or what is at the path instead of a file.
        source: FileError,
    },
    /// The file is no TOML, or a key or value in it is refused (configuration).
    #[error("line {file}, line {line}: {what}")]
    Refused {
        /// Which file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// Which key, what is wrong with it, and what would be right.
        what: String,
    },
}

/// A value is refused: where it stands (byte of the text), and why.
struct Refusal {
    at: usize,
    rule: String,
}

/// Reads and checks the file at `path`.
pub(crate) fn load(path: &Path) -> Result<LineProfile, LinkFileError> {
    let name = path.display().to_string();
    let text = read_text(path).map_err(|source| LinkFileError::Unreadable { path: name.clone(), source })?;
    parse(&name, &text)
}

/// Reads and checks the `text` of the file called `file`.
fn parse(file: &str, text: &str) -> Result<LineProfile, LinkFileError> {
    let places = Places::read(text);
    let refused = |at: usize, what: &str| {
        let key = places.key_at(at).map_or_else(String::new, |key| format!("{key}: "));
        LinkFileError::Refused { file: file.to_owned(), line: line_of(text, at), what: format!("{key}{what}") }
    };
    let tables: tables::File = toml::from_str(text)
        .map_err(|error| refused(error.span().map_or(0, |span| span.start), &explain(error.message())))?;
    check::line(&tables).map_err(|Refusal { at, rule }| refused(at, &rule))
}

/// What the library says, in words of a configuration.
fn explain(message: &str) -> String {
    let message = message.trim().replace('\n', ", ");
    message.replace("expected f64", "expected a number").replace("expected u64", "expected a whole number, 0 or more")
}

#[cfg(test)]
mod tests;
