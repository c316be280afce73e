//! Why a certificate was refused: as the side that refused it knows, and as the side that was refused hears.

use core::fmt;
use std::time::SystemTime;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use crate::identity::{Purpose, Role, in_words};

/// What was wrong with a peer's certificate, as this side found when it looked. The first fault found is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// The peer showed no certificate.
    #[error("it showed no certificate: issue one for it and name it in its settings")]
    Missing,
    /// The certificate could not be read, has no fit name, or claims roles that this version does not know.
    #[error("its certificate cannot be understood: issue a new one")]
    Malformed,
    /// It signed its certificate itself.
    #[error("its certificate is self-signed: issue one with the site's authority")]
    SelfSigned,
    /// Another authority signed the certificate, or only claims to have.
    #[error("its certificate is not from the authority trusted here: both sides need identities of the same authority")]
    UnknownAuthority,
    /// The certificate is no longer valid.
    #[error("its certificate expired on {}: issue a new one, or check this machine's clock", in_words(*not_after))]
    Expired {
        /// Its last valid instant.
        not_after: SystemTime,
    },
    /// The certificate is not valid yet.
    #[error("its certificate is valid only from {}: check the clocks of both machines", in_words(*not_before))]
    NotYetValid {
        /// Its first valid instant.
        not_before: SystemTime,
    },
    /// The certificate is for another role.
    #[error("its certificate is for the role {}, but {expected} is needed here", found.map_or("(none)", Role::name))]
    WrongRole {
        /// The role it claims; `None` if it claims none.
        found: Option<Role>,
        /// The roles that would do.
        expected: Expected,
    },
    /// The certificate is a cart's, but not the one asked for.
    #[error("it is {found:?}, not {expected:?}: check address and name")]
    WrongName {
        /// Its name.
        found: String,
        /// The name that was asked for.
        expected: String,
    },
    /// One of the two is a demo identity and the other is not.
    #[error("its certificate is {found}, this side's is {}: demo and real identities never meet, use two of one kind", other(*found))]
    WrongPurpose {
        /// What the peer's certificate is for.
        found: Purpose,
    },
    /// The peer showed a certificate without holding its private key: a copied certificate, or an attack.
    #[error("it does not hold the private key of the certificate it showed: look who is at that address")]
    WithoutKey,
    /// The certificate library refused it for another reason.
    #[error("its certificate was refused ({0}): issue a new one")]
    Other(String),
}

/// The purpose that is not `purpose`.
const fn other(purpose: Purpose) -> Purpose {
    match purpose {
        Purpose::Real => Purpose::Demo,
        Purpose::Demo => Purpose::Real,
    }
}

/// The roles that one side of a connection accepts on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A cart: what a console wants to see.
    Cart,
    /// An operator or an observer: what a cart wants to see.
    OperatorOrObserver,
}

impl Expected {
    /// Whether `role` will do.
    pub const fn accepts(self, role: Role) -> bool {
        match (self, role) {
            (Self::Cart, Role::Cart) | (Self::OperatorOrObserver, Role::Operator | Role::Observer) => true,
            (Self::Cart, Role::Operator | Role::Observer) | (Self::OperatorOrObserver, Role::Cart) => false,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cart => "cart",
            Self::OperatorOrObserver => "operator or observer",
        })
    }
}

impl CertificateFault {
    /// What the TLS library says about a certificate, in our words.
    pub(super) fn from_tls(error: &TlsError) -> Self {
        let TlsError::InvalidCertificate(error) = error else { return Self::Other(error.to_string()) };
        match error {
            // Two authorities of the same name: the signature, not the name, tells them apart.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
            CertificateError::BadEncoding | CertificateError::UnhandledCriticalExtension => Self::Malformed,
            other => Self::Other(other.to_string()),
        }
    }

    /// The error for the TLS library, chosen so that the alert it sends tells the peer which of these it was
    /// ([`Refusal::from_alert`] is the other half).
    pub(super) fn to_tls(&self) -> TlsError {
        let certificate = match self {
            Self::Missing => return TlsError::NoCertificatesPresented,
            Self::Malformed => CertificateError::BadEncoding,
            Self::SelfSigned | Self::UnknownAuthority => CertificateError::UnknownIssuer,
            Self::Expired { .. } => CertificateError::Expired,
            Self::NotYetValid { .. } => CertificateError::NotValidYet,
            Self::WrongRole { .. } | Self::WrongName { .. } => CertificateError::ApplicationVerificationFailure,
            Self::WrongPurpose { .. } => CertificateError::InvalidPurpose,
            Self::WithoutKey => CertificateError::BadSignature,
            Self::Other(_) => CertificateError::Revoked,
        };
        TlsError::InvalidCertificate(certificate)
    }
}

/// Why the peer refused *this* side's certificate, as far as a TLS alert can say (RFC 8446, section 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It saw no certificate.
    #[error("it saw no certificate: name an identity in the settings")]
    Missing,
    /// It could not read the certificate.
    #[error("it cannot understand this side's certificate: issue a new one")]
    Malformed,
    /// It does not trust the certificate's authority, or the certificate is self-signed.
    #[error(
        "it does not trust the authority of this side's certificate: both sides need identities of the same authority"
    )]
    UnknownAuthority,
    /// The certificate is expired or not yet valid by the peer's clock.
    #[error(
        "this side's certificate is expired or not yet valid by its clock: check both clocks, else issue a new one"
    )]
    NotValidNow,
    /// The certificate has the wrong role or name.
    #[error("this side's certificate has the wrong role or name for it: check the address, else issue the right one")]
    RoleOrName,
    /// Key and certificate of this side do not belong together.
    #[error("this side's key does not fit its certificate: make the identity again")]
    WithoutKey,
    /// One of the two is a demo identity and the other is not.
    #[error("one side is a demo and the other is real, and the two never meet: use identities of the same kind")]
    Purpose,
    /// It gave another reason.
    #[error("it refused this side's certificate without a reason known here (TLS alert {0}): look at its log")]
    Other(u8),
}

impl Refusal {
    /// What a TLS alert about certificates means. `None` if the alert is about something else.
    pub(crate) fn from_alert(code: u8) -> Option<Self> {
        match AlertDescription::from(code) {
            AlertDescription::CertificateRequired => Some(Self::Missing),
            AlertDescription::BadCertificate => Some(Self::Malformed),
            AlertDescription::UnknownCA => Some(Self::UnknownAuthority),
            AlertDescription::DecryptError => Some(Self::WithoutKey),
            AlertDescription::CertificateExpired => Some(Self::NotValidNow),
            AlertDescription::AccessDenied => Some(Self::RoleOrName),
            AlertDescription::UnsupportedCertificate => Some(Self::Purpose),
            AlertDescription::CertificateRevoked | AlertDescription::CertificateUnknown => Some(Self::Other(code)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_reaches_the_peer_as_what_it_is() {
        let at = SystemTime::UNIX_EPOCH;
        let cases = [
            (CertificateFault::Malformed, Refusal::Malformed),
            (CertificateFault::SelfSigned, Refusal::UnknownAuthority),
            (CertificateFault::UnknownAuthority, Refusal::UnknownAuthority),
            (CertificateFault::Expired { not_after: at }, Refusal::NotValidNow),
            (CertificateFault::NotYetValid { not_before: at }, Refusal::NotValidNow),
            (CertificateFault::WrongRole { found: None, expected: Expected::Cart }, Refusal::RoleOrName),
            (CertificateFault::WrongName { found: "a".into(), expected: "b".into() }, Refusal::RoleOrName),
            (CertificateFault::WithoutKey, Refusal::WithoutKey),
            (CertificateFault::WrongPurpose { found: Purpose::Demo }, Refusal::Purpose),
        ];
        for (fault, refusal) in cases {
            let TlsError::InvalidCertificate(certificate) = fault.to_tls() else { panic!("{fault:?}") };
            let alert = AlertDescription::from(certificate);
            assert_eq!(Refusal::from_alert(u8::from(alert)), Some(refusal), "{fault:?}");
        }
    }

    #[test]
    fn a_cart_never_takes_a_cart_for_an_operator() {
        assert!(!Expected::OperatorOrObserver.accepts(Role::Cart));
        assert!(!Expected::Cart.accepts(Role::Operator) && !Expected::Cart.accepts(Role::Observer));
    }
}
