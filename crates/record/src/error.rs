//! What can go wrong with a recording.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Something could not be recorded. The exam goes on.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A file could not be written: the disk is full, or the folder is not there or not ours.
    #[error("{} could not be written ({source}): free some space or choose another folder", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The pixels are not as many as the picture's size says. The caller is to blame.
    #[error("a picture of {width} × {height} has {wanted} bytes, not {given}")]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Bytes such a picture has.
        wanted: u64,
        /// Bytes given.
        given: usize,
    },
    /// A figure of the summary is not a number. Whoever measured it is to blame.
    #[error("the summary's {field} is not a number")]
    NotFinite {
        /// The field, as it is named in the file.
        field: &'static str,
    },
}

impl RecordError {
    pub(crate) fn file(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::File { path: path.to_owned(), source: source.into() }
    }
}
