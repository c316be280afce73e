//! The private certificate authority of a site: the one thing both ends of a connection trust.

use core::fmt;
use std::path::Path;

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use super::certificate::{Claims, is_fit_name};
use super::role::DEMO_URN;
use super::store::{self, NewFile, Secrecy};
use super::validity::to_date;
use super::{CA_FILE, CA_KEY_FILE, Fingerprint, Identity, IdentityError, Overwrite, Purpose, Role, Validity};

/// The DNS name in every cart's certificate. Carts are told apart by role and name, not by address, so this only fills the
/// place that TLS keeps for one.
pub(crate) const CART_DNS_NAME: &str = "cart.farprobe.internal";

/// A private certificate authority with its key (ECDSA, P-256).
///
/// It may sign end certificates only, no further authority. Its key belongs on neither cart nor console: whoever holds it can
/// be anybody.
pub struct Authority {
    pub(super) claims: Claims,
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    /// Makes a new authority with a fresh key. `name` is shown to people, for example the hospital's.
    ///
    /// Fails if `name` cannot stand in a certificate, or if the library has no randomness.
    pub fn create(name: &str, validity: Validity, purpose: Purpose) -> Result<Self, IdentityError> {
        let key = KeyPair::generate().map_err(IdentityError::library("make a key"))?;
        let mut params = base_params(name, validity, purpose)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).map_err(IdentityError::library("sign an authority"))?;
        Self::new(certificate.into(), key)
    }

    /// Reads an authority from `ca.pem` and `ca-key.pem` in `folder`.
    ///
    /// Fails if a file is missing or malformed, if others can read the key, or if the two do not belong together.
    pub fn load(folder: &Path) -> Result<Self, IdentityError> {
        let path = folder.join(CA_FILE);
        let (certificate, claims) =
            store::read_certificate(&path).map_err(|error| error.of_authority(folder, CA_FILE))?;
        if !claims.is_authority {
            return Err(IdentityError::Malformed { path, expected: "an authority's certificate" });
        }
        let key = store::read_key(&folder.join(CA_KEY_FILE), &claims)
            .map_err(|error| error.of_authority(folder, CA_KEY_FILE))?;
        Ok(Self { claims, certificate, key })
    }

    /// Writes `ca.pem` and `ca-key.pem` into `folder`, the key for its owner only.
    pub fn save(&self, folder: &Path, overwrite: Overwrite) -> Result<(), IdentityError> {
        let key = self.key.serialize_pem();
        let files = [
            NewFile { name: CA_KEY_FILE, secrecy: Secrecy::Private, content: &key },
            NewFile { name: CA_FILE, secrecy: Secrecy::Public, content: &store::to_pem(&self.certificate) },
        ];
        store::write_all(folder, &files, overwrite)
    }

    /// Makes an identity of `role` and `name` with a fresh key, for this authority's purpose.
    ///
    /// Fails if `name` cannot stand in a certificate, or if `validity` is not within the authority's own.
    pub fn issue(&self, role: Role, name: &str, validity: Validity) -> Result<Identity, IdentityError> {
        if !validity.is_within(&self.claims.validity) {
            return Err(IdentityError::OutlivesAuthority {
                not_before: self.claims.validity.not_before(),
                not_after: self.claims.validity.not_after(),
            });
        }
        let key = KeyPair::generate().map_err(IdentityError::library("make a key"))?;
        let mut params = base_params(name, validity, self.claims.purpose)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.subject_alt_names.push(SanType::URI(ia5(&role.urn())?));
        // The key's use says the same as the role, so that even software that knows nothing of roles refuses a console
        // posing as a cart.
        match role {
            Role::Cart => {
                params.subject_alt_names.push(SanType::DnsName(ia5(CART_DNS_NAME)?));
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            }
            Role::Operator | Role::Observer => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
        }
        let issuer = Issuer::from_ca_cert_der(&self.certificate, &self.key)
            .map_err(IdentityError::library("read its own authority"))?;
        let certificate = params.signed_by(&key, &issuer).map_err(IdentityError::library("sign a certificate"))?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Identity::new(self.certificate.clone(), certificate.into(), key)
    }

    /// The authority's name.
    pub fn name(&self) -> &str {
        &self.claims.name
    }

    /// What it, and all it issues, is for.
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

    fn new(certificate: CertificateDer<'static>, key: KeyPair) -> Result<Self, IdentityError> {
        let claims = Claims::read(&certificate).ok_or_else(super::unreadable)?;
        Ok(Self { claims, certificate, key })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("name", &self.claims.name).finish_non_exhaustive()
    }
}

/// What an authority's and an identity's certificate have in common.
fn base_params(name: &str, validity: Validity, purpose: Purpose) -> Result<CertificateParams, IdentityError> {
    if !is_fit_name(name) {
        return Err(IdentityError::Name);
    }
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.not_before = to_date(validity.not_before());
    params.not_after = to_date(validity.not_after());
    if purpose == Purpose::Demo {
        params.subject_alt_names.push(SanType::URI(ia5(DEMO_URN)?));
    }
    Ok(params)
}

fn ia5(text: &str) -> Result<Ia5String, IdentityError> {
    text.try_into().map_err(IdentityError::library("write a name"))
}
