//! What a handshake that failed says about who is to blame.

use quinn_proto::{ConnectionError, TransportErrorCode};
use rustls::AlertDescription;

use crate::tls::{CertificateFault, Refusal, Verdict};
use crate::{CloseReason, Closed};

/// QUIC's range of TLS alerts: 0x100 plus the alert (RFC 9001, section 4.8).
const CRYPTO_ERRORS: core::ops::RangeInclusive<u64> = 0x100..=0x1ff;

/// Why a handshake failed, seen from either side.
pub(super) enum Failure {
    /// This side refused the peer's certificate.
    Fault(CertificateFault),
    /// The peer refused this side's certificate.
    Refused(Refusal),
    /// The cart takes no more connections now.
    Busy,
    /// The two programs have no protocol in common.
    Incompatible(String),
    /// It ended as any connection may.
    Closed(Closed),
}

/// Reads `error` with the help of what the verifier of this handshake found.
pub(super) fn explain(error: ConnectionError, verdict: &Verdict) -> Failure {
    match &error {
        ConnectionError::TransportError(local) => {
            if let Some(fault) = verdict.get() {
                return Failure::Fault(fault.clone());
            }
            match alert(local.code) {
                Some(AlertDescription::CertificateRequired) => Failure::Fault(CertificateFault::Missing),
                Some(AlertDescription::DecryptError) => Failure::Fault(CertificateFault::WithoutKey),
                Some(_) => Failure::Incompatible(local.reason.clone()),
                None => Failure::Closed(error.into()),
            }
        }
        ConnectionError::ConnectionClosed(remote) => {
            if remote.error_code == TransportErrorCode::CONNECTION_REFUSED {
                return Failure::Busy;
            }
            let Some(alert) = alert(remote.error_code) else { return Failure::Closed(error.into()) };
            match Refusal::from_alert(alert.into()) {
                Some(refusal) => Failure::Refused(refusal),
                None => Failure::Incompatible(format!("it says {alert:?}")),
            }
        }
        ConnectionError::ApplicationClosed(close) if CloseReason::from_code(close.error_code) == CloseReason::Full => {
            Failure::Busy
        }
        ConnectionError::VersionMismatch => Failure::Incompatible("it speaks another version of QUIC".into()),
        _ => Failure::Closed(error.into()),
    }
}

/// The TLS alert in a QUIC error code.
fn alert(code: TransportErrorCode) -> Option<AlertDescription> {
    let code = u64::from(code);
    if CRYPTO_ERRORS.contains(&code) { u8::try_from(code & 0xff).ok().map(AlertDescription::from) } else { None }
}
