//! Where pictures come from, as a person writes it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

/// A recording is named with this before its path.
const RECORDING: &str = "cine:";

/// A source of ultrasound pictures: `simulated`, or `cine:FILE` for a recording.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Source {
    /// The scanner of the simulated patient.
    Simulated,
    /// The recording at this path: a DICOM file or a folder of pictures.
    Recording(PathBuf),
}

/// What was written names no source (operator or configuration).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a source of pictures is \"simulated\" or \"cine:FILE\", not \"{0}\"")]
pub struct UnknownSource(String);

impl Source {
    /// The same with a recording's relative path begun at `folder`.
    #[must_use]
    pub fn beside(self, folder: &Path) -> Self {
        match self {
            Self::Simulated => Self::Simulated,
            Self::Recording(path) => Self::Recording(folder.join(path)),
        }
    }
}

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        match text.strip_prefix(RECORDING) {
            Some(path) if !path.trim().is_empty() => Ok(Self::Recording(path.into())),
            None if text == "simulated" => Ok(Self::Simulated),
            _ => Err(UnknownSource(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Source {
    type Error = UnknownSource;

    fn try_from(text: String) -> Result<Self, UnknownSource> {
        text.parse()
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simulated => f.write_str("simulated"),
            Self::Recording(path) => write!(f, "{RECORDING}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_a_source_is_one() {
        assert_eq!("simulated".parse(), Ok(Source::Simulated));
        let recording: Source = "cine:heart loop.dcm".parse().unwrap();
        assert_eq!(recording, Source::Recording("heart loop.dcm".into()));
        assert_eq!(recording.to_string(), "cine:heart loop.dcm");
        for wrong in ["foo", "", "cine:", "cine: ", "Simulated", "simulated ", "cine"] {
            let error = wrong.parse::<Source>().unwrap_err().to_string();
            assert!(error.contains("\"simulated\" or \"cine:FILE\""), "{error}");
        }
    }

    #[test]
    fn a_recording_of_a_configuration_is_looked_for_beside_it() {
        let beside = |path: &str| Source::Recording(path.into()).beside(Path::new("/etc/farprobe"));
        assert_eq!(beside("a.dcm"), Source::Recording("/etc/farprobe/a.dcm".into()));
        assert_eq!(beside("/b.dcm"), Source::Recording("/b.dcm".into()));
    }
}
