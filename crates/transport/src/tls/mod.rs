//! TLS 1.3 with certificates on both sides, pinned to one private authority.
//!
//! What is set here, and why:
//! - **One key exchange, X25519MLKEM768**: hybrid post-quantum. What a camera records of an exam must still be secret when today's
//!   recordings can be opened by a quantum computer. Both ends are ours, so nothing weaker is on offer to fall back to.
//! - **No resumption, no early data**: every connection shows its certificate and has its dates checked, and no recorded first
//!   flight can be played again to a robot.
//! - **The verifier looks at role, name and purpose** and not at DNS names: a cart is itself whatever its address is.

mod fault;
mod verify;

use std::sync::Arc;
use std::time::SystemTime;

use quinn_proto::crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs::kx_group::X25519MLKEM768;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, Error as TlsError, RootCertStore, ServerConfig};

use crate::identity::{Identity, Purpose};
pub use fault::{CertificateFault, Expected, Refusal};
pub(crate) use verify::Verdict;
use verify::{PeerVerifier, Policy, warn_if_not_valid_now};

/// The application protocol named in the handshake (ALPN). It changes when connections of old and new programs could no longer
/// be told apart by what they say first; messages have their own version.
pub(crate) const ALPN: &[u8] = b"farprobe/1";

/// One side's identity, made ready for handshakes.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    provider: Arc<CryptoProvider>,
    roots: Arc<RootCertStore>,
    certified: Arc<SingleCertAndKey>,
    purpose: Purpose,
}

impl Credentials {
    /// Fails if the TLS library does not take the identity's key or authority.
    pub(crate) fn new(identity: &Identity, now: SystemTime) -> Result<Self, TlsError> {
        warn_if_not_valid_now(identity.validity(), now);
        let provider = Arc::new(CryptoProvider { kx_groups: vec![X25519MLKEM768], ..aws_lc_rs::default_provider() });
        let mut roots = RootCertStore::empty();
        roots.add(identity.authority().clone())?;
        let chain = vec![identity.certificate().clone()];
        let certified = CertifiedKey::from_der(chain, identity.key(), &provider)?;
        Ok(Self {
            provider,
            roots: Arc::new(roots),
            certified: Arc::new(SingleCertAndKey::from(certified)),
            purpose: identity.purpose(),
        })
    }

    /// The cart's side of one handshake, and where the verdict on the peer will be.
    pub(crate) fn for_cart(&self) -> Result<(QuicServerConfig, Verdict), TlsError> {
        let (verifier, verdict) = self.verifier(Expected::OperatorOrObserver, None);
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(self.certified.clone());
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        config.max_early_data_size = 0;
        Ok((QuicServerConfig::try_from(config).map_err(no_suite)?, verdict))
    }

    /// The console's side of one handshake with the cart named `cart` (any, if `None`), and where the verdict on the cart will
    /// be.
    pub(crate) fn for_console(&self, cart: Option<&str>) -> Result<(QuicClientConfig, Verdict), TlsError> {
        let (verifier, verdict) = self.verifier(Expected::Cart, cart);
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])?
            .dangerous() // the library's word for "own verifier"; ours asks for more than its own would
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(self.certified.clone());
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = Resumption::disabled();
        config.enable_early_data = false;
        Ok((QuicClientConfig::try_from(config).map_err(no_suite)?, verdict))
    }

    fn verifier(&self, expected: Expected, name: Option<&str>) -> (Arc<PeerVerifier>, Verdict) {
        let verdict = Verdict::default();
        let policy = Policy { expected, name: name.map(Into::into), purpose: self.purpose };
        let (provider, roots) = (self.provider.clone(), self.roots.clone());
        (Arc::new(PeerVerifier { provider, roots, policy, verdict: verdict.clone() }), verdict)
    }
}

/// The AES suite that QUIC begins with is missing, which the provider set in this file has.
fn no_suite(_: NoInitialCipherSuite) -> TlsError {
    TlsError::General("no initial cipher suite for QUIC".into())
}
