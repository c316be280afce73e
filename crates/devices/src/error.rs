//! What can go wrong with a device, and what to do about it.

use thiserror::Error;

/// A device did not do its part.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// It is not there, or was unplugged.
    #[error("{device} is not there: {remedy}")]
    Absent {
        /// Which device.
        device: String,
        /// What the person in front of it can do.
        remedy: &'static str,
    },
    /// It is there and answers nonsense, or does not answer.
    #[error("{device} failed: {what}")]
    Failed {
        /// Which device.
        device: String,
        /// What it did.
        what: String,
    },
    /// The configuration asks for what can't be.
    #[error("the configuration of the {device}: {key} {what}")]
    Configuration {
        /// Which device.
        device: &'static str,
        /// Which key of its table, in the file's own words and with a dot for each table within.
        key: String,
        /// What is wrong with it and what would be right, as the end of a sentence.
        what: String,
    },
    /// A file it was given can't be used.
    #[error("{path}: {what}")]
    File {
        /// Which file, as the user named it.
        path: String,
        /// What is wrong with it, with the line where there is one.
        what: String,
    },
}
