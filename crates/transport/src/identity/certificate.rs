//! What stands in a certificate, read from its bytes.

use core::fmt::{self, Write as _};

use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::role::DEMO_URN;
use super::validity::from_seconds;
use super::{Purpose, Role, Validity};

/// The longest name in a certificate, in characters (`ub-common-name` of RFC 5280, appendix A.1).
pub const MAX_NAME_CHARS: usize = 64;

/// SHA-256 of a certificate's DER bytes: what two people compare aloud to know that they mean the same certificate.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        // The SHA-256 of the TLS library itself: a second crypto library for one hash would be one too many.
        if let Some(suite) = TLS13_AES_128_GCM_SHA256.tls13() {
            let digest = suite.common.hash_provider.hash(der);
            for (byte, digest) in bytes.iter_mut().zip(digest.as_ref()) {
                *byte = *digest;
            }
        }
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_char(':')?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a certificate claims. Nothing here is proof: that takes the signature of an authority one trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    /// The common name.
    pub name: String,
    /// The role; none in an authority's certificate.
    pub role: Option<Role>,
    pub purpose: Purpose,
    pub validity: Validity,
    pub fingerprint: Fingerprint,
    /// Whether it may sign other certificates.
    pub is_authority: bool,
    /// Whether it names itself as its issuer.
    pub is_self_issued: bool,
    /// DER of the subject's public key with its algorithm.
    pub public_key: Vec<u8>,
}

impl Claims {
    /// Reads a certificate. `None` if the bytes are no certificate, the name is unfit, or it claims two roles or an unknown
    /// one: what is not understood in full is not understood at all.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let mut names = certificate.subject().iter_common_name();
        let name = names.next()?.as_str().ok()?.to_owned();
        if names.next().is_some() || !is_fit_name(&name) {
            return None;
        }
        let (role, purpose) = read_urns(&certificate)?;
        let validity = certificate.validity();
        Some(Self {
            name,
            role,
            purpose,
            validity: Validity::between(
                from_seconds(validity.not_before.timestamp())?,
                from_seconds(validity.not_after.timestamp())?,
            )
            .ok()?,
            fingerprint: Fingerprint::of(der),
            is_authority: certificate.is_ca(),
            is_self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            public_key: certificate.public_key().raw.to_vec(),
        })
    }
}

/// Role and purpose from the subject alternative names. `None` if they contradict themselves.
fn read_urns(certificate: &X509Certificate<'_>) -> Option<(Option<Role>, Purpose)> {
    let mut role = None;
    let mut purpose = Purpose::Real;
    let Some(names) = certificate.subject_alternative_name().ok()? else { return Some((role, purpose)) };
    for name in &names.value.general_names {
        let GeneralName::URI(urn) = name else { continue };
        if *urn == DEMO_URN {
            purpose = Purpose::Demo;
        } else if let Some(claimed) = Role::from_urn(urn).ok()?
            && role.replace(claimed).is_some()
        {
            return None;
        }
    }
    Some((role, purpose))
}

/// Whether `name` may stand in a certificate: it will be shown on screens and written to logs.
pub(crate) fn is_fit_name(name: &str) -> bool {
    let length = name.chars().count();
    (1..=MAX_NAME_CHARS).contains(&length) && name.trim() == name && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::super::Authority;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_fingerprint_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let fingerprint = Fingerprint::of(b"abc").to_string();
        assert!(fingerprint.starts_with("ba:78:16:bf:8f:01:cf:ea:41:41:40:de"), "{fingerprint}");
        assert!(fingerprint.ends_with("f2:00:15:ad"), "{fingerprint}");
    }

    #[test]
    fn names_that_would_spoil_a_screen_or_a_log_are_unfit() {
        for unfit in ["", " cart", "cart ", "ca\nrt", "\u{1b}[31mcart", &"x".repeat(65)] {
            assert!(!is_fit_name(unfit), "{unfit:?}");
        }
        for fit in ["cart", "Dr. Wáng Wěi", "超声车 7", &"é".repeat(64)] {
            assert!(is_fit_name(fit), "{fit:?}");
        }
    }

    fn real_certificate() -> Vec<u8> {
        let epoch = std::time::SystemTime::UNIX_EPOCH;
        let validity = Validity::days(epoch + core::time::Duration::from_hours(1_000), 10).unwrap();
        let authority = Authority::create("authority", validity, Purpose::Demo).unwrap();
        authority.issue(Role::Observer, "student", validity).unwrap().certificate().to_vec()
    }

    #[test]
    fn what_was_issued_is_what_is_read() {
        let claims = Claims::read(&real_certificate()).unwrap();
        assert_eq!(
            (claims.name.as_str(), claims.role, claims.purpose),
            ("student", Some(Role::Observer), Purpose::Demo)
        );
        assert!(!claims.is_authority && !claims.is_self_issued);
    }

    proptest! {
        #[test]
        fn a_spoilt_certificate_never_makes_the_reader_panic(
            spoils in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4), cut in 0_usize..40,
        ) {
            let mut der = real_certificate();
            for (at, byte) in spoils {
                let at = at.index(der.len());
                der[at] = byte;
            }
            der.truncate(der.len() - cut);
            let claims = Claims::read(&der);
            prop_assert!(cut == 0 || claims.is_none());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            prop_assert_eq!(Claims::read(&bytes), None);
        }
    }
}
