//! iproute2's `ip`, which does everything here but to hold the devices.

use std::io;
use std::process::{Command, Stdio};

use super::LabError;

/// Runs `ip` with these words, none of which holds a space.
pub(super) fn run(words: &str) -> Result<(), LabError> {
    let output = Command::new("ip").args(words.split_whitespace()).stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', ", ");
            Err(LabError::Ip { command: words.to_owned(), said })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LabError::NoIp),
        Err(error) => Err(LabError::Ip { command: words.to_owned(), said: error.to_string() }),
    }
}
