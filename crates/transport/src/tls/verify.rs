//! The check of the peer's certificate, inside the TLS handshake: a peer that fails it never gets a connection at all.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error as TlsError, RootCertStore, SignatureScheme};

use super::fault::{CertificateFault, Expected};
use crate::identity::{Claims, Purpose, in_words};

/// What is asked of the peer's certificate.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub expected: Expected,
    /// The name the peer must have; `None` for any.
    pub name: Option<String>,
    pub purpose: Purpose,
}

impl Policy {
    /// Checks what does not depend on the signature: dates first, because an expired certificate is the commonest mishap and
    /// the easiest to mend.
    fn check_dates(claims: &Claims, now: SystemTime) -> Result<(), CertificateFault> {
        let validity = claims.validity;
        if now < validity.not_before() {
            return Err(CertificateFault::NotYetValid { not_before: validity.not_before() });
        }
        if now > validity.not_after() {
            return Err(CertificateFault::Expired { not_after: validity.not_after() });
        }
        Ok(())
    }

    /// Checks purpose, role and name.
    fn check_claims(&self, claims: &Claims) -> Result<(), CertificateFault> {
        if claims.purpose != self.purpose {
            return Err(CertificateFault::WrongPurpose { found: claims.purpose });
        }
        if !claims.role.is_some_and(|role| self.expected.accepts(role)) {
            return Err(CertificateFault::WrongRole { found: claims.role, expected: self.expected });
        }
        match &self.name {
            Some(expected) if *expected != claims.name => {
                Err(CertificateFault::WrongName { found: claims.name.clone(), expected: expected.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The whole check. `chain` proves that a trusted authority signed the certificate.
    ///
    /// The order only decides which fault is told: every check must pass.
    fn check(
        &self,
        certificate: &CertificateDer<'_>,
        now: UnixTime,
        chain: impl FnOnce() -> Result<(), TlsError>,
    ) -> Result<(), CertificateFault> {
        let claims = Claims::read(certificate).ok_or(CertificateFault::Malformed)?;
        let chain = chain();
        if let Err(error) = &chain {
            if claims.is_self_issued {
                return Err(CertificateFault::SelfSigned);
            }
            if CertificateFault::from_tls(error) == CertificateFault::UnknownAuthority {
                // A demo's authority is never a real site's, so this is what a demo that meets a real side looks like.
                let mixed = claims.purpose != self.purpose;
                let found = claims.purpose;
                return Err(if mixed {
                    CertificateFault::WrongPurpose { found }
                } else {
                    CertificateFault::UnknownAuthority
                });
            }
        }
        let now = SystemTime::UNIX_EPOCH + core::time::Duration::from_secs(now.as_secs());
        Self::check_dates(&claims, now)?;
        self.check_claims(&claims)?;
        chain.map_err(|error| CertificateFault::from_tls(&error))
    }
}

/// Where a verifier leaves what it found, for the task that waits for this one handshake.
pub(crate) type Verdict = Arc<OnceLock<CertificateFault>>;

/// Checks the other side of one handshake.
#[derive(Debug)]
pub(super) struct PeerVerifier {
    pub provider: Arc<CryptoProvider>,
    pub roots: Arc<RootCertStore>,
    pub policy: Policy,
    pub verdict: Verdict,
}

impl PeerVerifier {
    fn judge(&self, result: Result<(), CertificateFault>) -> Result<(), TlsError> {
        result.map_err(|fault| {
            let error = fault.to_tls();
            // A handshake shows one certificate; should it show two, the first fault stands.
            let _ = self.verdict.set(fault);
            error
        })
    }
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let chain = || {
            let parsed = ParsedCertificate::try_from(certificate)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, intermediates, now, algorithms)
        };
        self.judge(self.policy.check(certificate, now, chain))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // Strangers need not learn the name of the site's authority.
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        let chain = || {
            WebPkiClientVerifier::builder_with_provider(self.roots.clone(), self.provider.clone())
                .build()
                .map_err(|error| TlsError::General(error.to_string()))?
                .verify_client_cert(certificate, intermediates, now)
                .map(|_| ())
        };
        self.judge(self.policy.check(certificate, now, chain))?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        ServerCertVerifier::verify_tls12_signature(self, message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}

/// Says in the log when this side's own certificate is not valid now: the peer will refuse it, and this is the earliest and
/// plainest place to learn that. The peer's clock decides, so it is no error here.
pub(super) fn warn_if_not_valid_now(validity: crate::identity::Validity, now: SystemTime) {
    if now < validity.not_before() {
        tracing::warn!(
            "this side's certificate is valid only from {}: check the clock",
            in_words(validity.not_before())
        );
    } else if now > validity.not_after() {
        tracing::warn!("this side's certificate expired on {}: issue a new one", in_words(validity.not_after()));
    }
}
