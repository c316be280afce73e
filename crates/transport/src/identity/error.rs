//! What can go wrong with identities on this machine, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::validity::in_words;
use super::{CA_KEY_FILE, MAX_NAME_CHARS, Purpose};

/// Why an identity could not be made, saved or loaded. All of these are to be put right on this machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The file system said no.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was tried, as a verb: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of an identity or an authority is not there.
    #[error(
        "{} is missing: name the folder of an identity, or make one with `farprobe-cart identity issue AUTHORITY {} --role ROLE \
         --name NAME` (first, once for each site, `farprobe-cart identity create-authority AUTHORITY`)",
        path.display(), path.parent().unwrap_or(path).display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file of the authority that is to issue something is not there.
    #[error("there is no authority in {}: {missing} is missing: {}", folder.display(), advice(folder, missing))]
    NoAuthority {
        /// The folder that was named.
        folder: PathBuf,
        /// The file.
        missing: &'static str,
    },
    /// The file is there already, and replacing it was not asked for.
    #[error("{} exists already: choose another folder; an identity (never an authority) is replaced with `identity issue --overwrite`", path.display())]
    Exists {
        /// The file that was not touched.
        path: PathBuf,
    },
    /// A private key can be read by everybody on this machine.
    #[error(
        "the private key {} is open to others (mode {mode:04o}): run `chmod 600` on it, and issue a new identity if others use this machine",
        path.display()
    )]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file does not hold what it should.
    #[error("{} does not hold {expected}: make the identity again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was expected in it.
        expected: &'static str,
    },
    /// Certificate and private key do not belong together.
    #[error("the key in {} is not the key of its certificate: copy both from the same identity", folder.display())]
    KeyMismatch {
        /// The folder both came from.
        folder: PathBuf,
    },
    /// A name that cannot stand in a certificate.
    #[error("the name must have 1 to {MAX_NAME_CHARS} characters, no control characters, and no space at its ends")]
    Name,
    /// A span of time that cannot stand in a certificate.
    #[error("the validity must be at least a second and lie within the years 1950 to 9999")]
    Validity,
    /// The certificate would be valid where its authority is not.
    #[error(
        "the authority is valid from {} to {} only: ask for a validity within that, or create a new authority",
        in_words(*not_before), in_words(*not_after)
    )]
    OutlivesAuthority {
        /// The authority's first valid instant.
        not_before: SystemTime,
        /// The authority's last valid instant.
        not_after: SystemTime,
    },
    /// The endpoint was not opened for a demo.
    #[error(
        "this is a {} identity, which works only inside a demo: issue a real one with `identity issue`",
        Purpose::Demo
    )]
    DemoOutsideDemo,
    /// The endpoint was opened for a demo.
    #[error(
        "{name:?} is a {} identity, and `--demo` takes none but demo identities: leave out `--demo`, or run `farprobe-console demo`",
        Purpose::Real
    )]
    RealInsideDemo {
        /// The identity's name.
        name: String,
    },
    /// The cryptography library refused; a fault of this program.
    #[error("the certificate library refused to {action}: {detail}")]
    Library {
        /// What was tried.
        action: &'static str,
        /// What the library said.
        detail: String,
    },
}

/// What to do about a `folder` that was named as an authority's and does not have the file `missing`.
fn advice(folder: &Path, missing: &str) -> String {
    if missing == CA_KEY_FILE {
        return "name the folder that `identity create-authority` has made; that of an identity can't issue any".into();
    }
    let folder = folder.display();
    format!(
        "make it first, once for each site, with `farprobe-cart identity create-authority \"{folder}\"`, or name the folder of yours"
    )
}

impl IdentityError {
    /// The same of a file `missing` in what was named as an authority's `folder`.
    pub(crate) fn of_authority(self, folder: &Path, missing: &'static str) -> Self {
        match self {
            Self::Missing { .. } => Self::NoAuthority { folder: folder.into(), missing },
            other => other,
        }
    }

    pub(crate) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }

    pub(crate) fn reading(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path },
            _ => Self::File { action: "read", path, source },
        }
    }

    pub(crate) fn library(action: &'static str) -> impl FnOnce(rcgen::Error) -> Self {
        move |error| Self::Library { action, detail: error.to_string() }
    }
}
