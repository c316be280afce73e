//! Files that a person names. What is no ordinary file is not opened: a pipe that nobody writes to, or a device, would hold the
//! program up for ever.

use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// The longest text read, bytes. The longest that is shipped has 3 kB; what is a thousand times longer is something else.
const LONGEST_TEXT: u64 = 1 << 20;

/// Why a file that a person has named is not read (operator or configuration). `Display` says what is wrong; whoever asked for
/// the file adds its name and what would be right.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system says no.
    #[error(transparent)]
    System(#[from] io::Error),
    /// It is a folder.
    #[error("it is a folder")]
    Folder,
    /// It is a pipe, a socket or a device.
    #[error("it is no ordinary file")]
    NotOrdinary,
    /// It is longer than a text of this kind can be.
    #[error("it is longer than 1 MiB")]
    TooLong,
    /// It is not text.
    #[error("it is not text in UTF-8")]
    NotText,
}

impl FileError {
    /// Whether there is nothing at all at the path.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::System(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// An error for what is no ordinary file, which is not to be opened.
pub fn be_ordinary(path: &Path) -> Result<(), FileError> {
    let found = std::fs::metadata(path)?;
    match () {
        () if found.is_dir() => Err(FileError::Folder),
        () if found.is_file() => Ok(()),
        () => Err(FileError::NotOrdinary),
    }
}

/// The text of the ordinary file at `path`, of 1 MiB at most.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    be_ordinary(path)?;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LONGEST_TEXT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(FileError::TooLong);
    }
    String::from_utf8(bytes).map_err(|_| FileError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ordinary_file_of_text_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let said = |path: &Path| read_text(path).unwrap_err().to_string();
        assert!(read_text(&path).unwrap_err().is_not_found());
        assert_eq!(said(folder.path()), "it is a folder");
        // A pipe without a writer would hold up whoever opens it for ever.
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert_eq!(said(&path), "it is no ordinary file");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "größe = 1\n").unwrap();
        assert_eq!(read_text(&path).unwrap(), "größe = 1\n");
        std::fs::write(&path, [0xFF]).unwrap();
        assert_eq!(said(&path), "it is not text in UTF-8");
        std::fs::write(&path, vec![b'#'; 1 << 20]).unwrap();
        assert_eq!(read_text(&path).unwrap().len(), 1 << 20);
        std::fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
        assert_eq!(said(&path), "it is longer than 1 MiB");
    }
}
