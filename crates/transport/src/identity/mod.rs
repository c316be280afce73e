//! Who is who: a small private authority, and the identities of carts, operators and observers that it issues.
//!
//! Farprobe uses no public authority and no passwords. A site makes one [`Authority`]; it issues one [`Identity`] for each cart
//! and each person; both ends of a connection trust that authority and nobody else. Role and name stand in the certificate:
//!
//! | what | where |
//! |---|---|
//! | name, for people | subject common name |
//! | role | subject alternative name, URI `urn:farprobe:role:cart`, `…:operator` or `…:observer` |
//! | demo mark | subject alternative name, URI `urn:farprobe:demo` |
//!
//! On disk an identity is a folder with `ca.pem`, `cert.pem` and `key.pem`; an authority is one with `ca.pem` and `ca-key.pem`.
//! Certificates cannot be taken back one by one: give them short lives, or make a new authority.

mod authority;
mod certificate;
#[cfg(feature = "cli")]
pub mod cli;
mod commands;
mod error;
mod role;
mod store;
mod validity;

use core::fmt;
use std::path::Path;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub use authority::Authority;
pub(crate) use authority::CART_DNS_NAME;
pub(crate) use certificate::Claims;
pub use certificate::{Fingerprint, MAX_NAME_CHARS};
pub use commands::{DemoIdentities, Request, Summary, create_authority, create_demo, issue, show};
pub use error::IdentityError;
pub use role::{Purpose, Role, UnknownRole};
pub use store::Overwrite;
use store::{NewFile, Secrecy};
pub(crate) use validity::in_words;
pub use validity::{BACKDATING, Validity};

/// The authority's certificate: whom this side trusts.
pub const CA_FILE: &str = "ca.pem";
/// The authority's private key. Never in a cart's or console's folder.
pub const CA_KEY_FILE: &str = "ca-key.pem";
/// The identity's own certificate.
pub const CERTIFICATE_FILE: &str = "cert.pem";
/// The identity's private key.
pub const KEY_FILE: &str = "key.pem";

/// A certificate with its private key, and the authority it trusts.
pub struct Identity {
    claims: Claims,
    role: Role,
    authority: CertificateDer<'static>,
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// Reads an identity from `ca.pem`, `cert.pem` and `key.pem` in `folder`.
    ///
    /// Whether it is valid today is not asked here: the peer decides that, and [`show`] tells.
    ///
    /// Fails if a file is missing or malformed, if others can read the key, or if key and certificate do not belong together.
    pub fn load(folder: &Path) -> Result<Self, IdentityError> {
        let authority_path = folder.join(CA_FILE);
        let (authority, trusted) = store::read_certificate(&authority_path)?;
        if !trusted.is_authority {
            return Err(IdentityError::Malformed { path: authority_path, expected: "an authority's certificate" });
        }
        let path = folder.join(CERTIFICATE_FILE);
        let (certificate, claims) = store::read_certificate(&path)?;
        let Some(role) = claims.role else {
            return Err(IdentityError::Malformed { path, expected: "a certificate with a role" });
        };
        let key = store::read_key(&folder.join(KEY_FILE), &claims)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok(Self { claims, role, authority, certificate, key })
    }

    /// Writes `ca.pem`, `cert.pem` and `key.pem` into `folder`, the key for its owner only.
    pub fn save(&self, folder: &Path, overwrite: Overwrite) -> Result<(), IdentityError> {
        let files = [
            NewFile { name: KEY_FILE, secrecy: Secrecy::Private, content: &store::key_to_pem(&self.key) },
            NewFile { name: CERTIFICATE_FILE, secrecy: Secrecy::Public, content: &store::to_pem(&self.certificate) },
            NewFile { name: CA_FILE, secrecy: Secrecy::Public, content: &store::to_pem(&self.authority) },
        ];
        store::write_all(folder, &files, overwrite)
    }

    /// The holder's role.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The holder's name.
    pub fn name(&self) -> &str {
        &self.claims.name
    }

    /// What it is for.
    pub const fn purpose(&self) -> Purpose {
        self.claims.purpose
    }

    /// When it is valid.
    pub const fn validity(&self) -> Validity {
        self.claims.validity
    }

    /// The fingerprint of its certificate.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.claims.fingerprint
    }

    pub(crate) fn authority(&self) -> &CertificateDer<'static> {
        &self.authority
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone_key())
    }

    fn new(
        authority: CertificateDer<'static>,
        certificate: CertificateDer<'static>,
        key: PrivatePkcs8KeyDer<'static>,
    ) -> Result<Self, IdentityError> {
        let claims = Claims::read(&certificate).ok_or_else(unreadable)?;
        let role = claims.role.ok_or_else(unreadable)?;
        Ok(Self { claims, role, authority, certificate, key })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("role", &self.role).field("name", &self.claims.name).finish_non_exhaustive()
    }
}

/// A certificate that was just made here cannot be read: a fault of this program.
fn unreadable() -> IdentityError {
    IdentityError::Library { action: "make a readable certificate", detail: "its own output was not understood".into() }
}
