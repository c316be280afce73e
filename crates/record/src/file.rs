//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::RecordError;

/// Writes a file under another name, waits until it is on the disk, and gives it its name. A reader, or a crash, never sees
/// a half of it, and a full disk leaves what was there before.
pub(crate) fn save(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let partial = partial(path);
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let saved = written.and_then(|()| fs::rename(&partial, path));
    saved.map_err(|error| {
        // The half-written file is of no use; that it can't be removed either is no news beside the error itself.
        let _ = fs::remove_file(&partial);
        RecordError::file(path, error)
    })
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.json");
        save(&path, b"first, and longer").unwrap();
        save(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let error = save(&folder.path().join("none/summary.json"), b"").unwrap_err();
        assert!(error.to_string().contains("summary.json"), "{error}");
    }
}
