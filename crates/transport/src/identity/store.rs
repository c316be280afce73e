//! PEM files: written once, whole, and with keys that only their owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use pem::{EncodeConfig, LineEnding, Pem};
use rcgen::{KeyPair, PublicKeyData as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::IdentityError;
use super::certificate::Claims;

/// The longest file that is read, in bytes. A P-256 certificate is under 1 kB; more than this is not one of ours.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// What to do when a file is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overwrite {
    /// Leave it and fail: a lost key cannot be made again.
    #[default]
    Refuse,
    /// Replace it, because the operator asked for that.
    Replace,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Everybody: certificates are public.
    Public,
    /// Its owner only: private keys.
    Private,
}

/// A certificate as PEM text.
pub(crate) fn to_pem(certificate: &CertificateDer<'_>) -> String {
    pem::encode_config(&Pem::new("CERTIFICATE", certificate.as_ref()), LINE_FEEDS)
}

/// A private key as PEM text.
pub(crate) fn key_to_pem(key: &PrivatePkcs8KeyDer<'_>) -> String {
    pem::encode_config(&Pem::new("PRIVATE KEY", key.secret_pkcs8_der()), LINE_FEEDS)
}

/// The same text on every system.
const LINE_FEEDS: EncodeConfig = EncodeConfig::new().set_line_ending(LineEnding::LF);

/// A file to be written.
pub(crate) struct NewFile<'a> {
    pub name: &'a str,
    pub secrecy: Secrecy,
    pub content: &'a str,
}

/// Writes `files` into `folder`, which is made if it is missing.
///
/// With [`Overwrite::Refuse`] nothing is written if any of them exists. Each file appears whole or not at all.
pub(crate) fn write_all(folder: &Path, files: &[NewFile<'_>], overwrite: Overwrite) -> Result<(), IdentityError> {
    create_folder(folder)?;
    if overwrite == Overwrite::Refuse {
        for file in files {
            let path = folder.join(file.name);
            // `symlink_metadata`: a dangling link is something there, too.
            if fs::symlink_metadata(&path).is_ok() {
                return Err(IdentityError::Exists { path });
            }
        }
    }
    files.iter().try_for_each(|file| write(folder, file, overwrite))
}

/// Writes beside the final name and then moves into place, so that a crash or a full disk never leaves half a key.
fn write(folder: &Path, file: &NewFile<'_>, overwrite: Overwrite) -> Result<(), IdentityError> {
    let path = folder.join(file.name);
    let draft = folder.join(format!(".{}.new", file.name));
    remove_if_there(&draft)?;
    let mut handle = create(&draft, file.secrecy).map_err(IdentityError::file("create", &draft))?;
    handle
        .write_all(file.content.as_bytes())
        .and_then(|()| handle.sync_all())
        .map_err(IdentityError::file("write", &draft))?;
    match overwrite {
        Overwrite::Replace => fs::rename(&draft, &path).map_err(IdentityError::file("replace", &path)),
        // A hard link fails where the name is taken; a rename would replace what another process wrote meanwhile.
        Overwrite::Refuse => {
            let linked = fs::hard_link(&draft, &path);
            remove_if_there(&draft)?;
            linked.map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => IdentityError::Exists { path: path.clone() },
                _ => IdentityError::File { action: "create", path: path.clone(), source: error },
            })
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), IdentityError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(IdentityError::file("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> Result<(), IdentityError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(IdentityError::file("create", folder))
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> Result<(), IdentityError> {
    fs::create_dir_all(folder).map_err(IdentityError::file("create", folder))
}

#[cfg(unix)]
fn create(path: &Path, secrecy: Secrecy) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mode = match secrecy {
        Secrecy::Public => 0o644,
        Secrecy::Private => 0o600,
    };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path, _secrecy: Secrecy) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Reads a text file of at most [`MAX_FILE_BYTES`].
fn read(path: &Path, expected: &'static str) -> Result<String, IdentityError> {
    let malformed = || IdentityError::Malformed { path: path.into(), expected };
    // A pipe that nobody writes to would hold the program up for ever.
    if !fs::metadata(path).map_err(IdentityError::reading(path))?.is_file() {
        return Err(malformed());
    }
    let file = File::open(path).map_err(IdentityError::reading(path))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(IdentityError::reading(path))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(malformed());
    }
    String::from_utf8(bytes).map_err(|_| malformed())
}

/// Reads the one certificate in a PEM file, and what it claims.
pub(crate) fn read_certificate(path: &Path) -> Result<(CertificateDer<'static>, Claims), IdentityError> {
    let expected = "one Farprobe certificate";
    let malformed = || IdentityError::Malformed { path: path.into(), expected };
    let text = read(path, expected)?;
    let mut certificates = CertificateDer::pem_slice_iter(text.as_bytes());
    let der = certificates.next().and_then(Result::ok).ok_or_else(malformed)?;
    if certificates.next().is_some() {
        return Err(malformed());
    }
    let claims = Claims::read(&der).ok_or_else(malformed)?;
    Ok((der, claims))
}

/// Reads a private key and checks that nobody else can, and that it is the key `claims` speaks of.
pub(crate) fn read_key(path: &Path, claims: &Claims) -> Result<KeyPair, IdentityError> {
    let expected = "a private key";
    check_secrecy(path)?;
    let text = read(path, expected)?;
    let key = KeyPair::from_pem(&text).map_err(|_| IdentityError::Malformed { path: path.into(), expected })?;
    if key.subject_public_key_info() != claims.public_key {
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        return Err(IdentityError::KeyMismatch { folder });
    }
    Ok(key)
}

/// Refuses a key that others can read, or that the group can change. Reading by the group is allowed: a service manager that
/// hands credentials to a daemon of another user does it that way.
#[cfg(unix)]
fn check_secrecy(path: &Path) -> Result<(), IdentityError> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS_OR_GROUP_WRITE: u32 = 0o027;
    let mode = fs::metadata(path).map_err(IdentityError::reading(path))?.permissions().mode() & 0o7777;
    if mode & OTHERS_OR_GROUP_WRITE != 0 {
        return Err(IdentityError::KeyExposed { path: path.into(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_secrecy(_path: &Path) -> Result<(), IdentityError> {
    Ok(())
}
