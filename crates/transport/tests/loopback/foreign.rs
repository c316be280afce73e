//! Software other than ours at either end, done with the QUIC library itself.

use std::sync::Arc;

use farprobe_transport::identity::{Identity, Overwrite, Purpose, Role};
use farprobe_transport::{AcceptError, CertificateFault, Closed, ConnectError, Expected, LinkOptions};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::crypto::aws_lc_rs::{self, kx_group};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::refusals::{cart_refused, console_refused};
use super::support::*;

/// Which certificate a raw client shows.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    None,
    Own,
}

/// Accepts any server: the stranger does not care whom it attacks.
#[derive(Debug)]
struct TrustsAnybody;

impl rustls::client::danger::ServerCertVerifier for TrustsAnybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        unreachable!("TLS 1.3 only")
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn chain_and_key(identity: &Identity) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let folder = tempfile::tempdir().unwrap();
    identity.save(folder.path(), Overwrite::Refuse).unwrap();
    let certificate = CertificateDer::from_pem_file(folder.path().join("cert.pem")).unwrap();
    (vec![certificate], PrivateKeyDer::from_pem_file(folder.path().join("key.pem")).unwrap())
}

pub(crate) fn raw_client(identity: &Identity, shown: Shown) -> rustls::ClientConfig {
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustsAnybody));
    let mut config = match shown {
        Shown::None => builder.with_no_client_auth(),
        Shown::Own => {
            let (chain, key) = chain_and_key(identity);
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"farprobe/1".to_vec()];
    config
}

/// Lets a raw client knock; the client's side is the QUIC error code with which the cart closed.
pub(crate) async fn raw_errors(cart: &Identity, tls: rustls::ClientConfig) -> (AcceptError, u64) {
    let cart_endpoint = open_cart(cart, LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    let client = quinn::Endpoint::client(loopback()).unwrap();
    let config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(tls).unwrap()));
    let connecting = client.connect_with(config, address, "cart.farprobe.internal").unwrap();
    let knock = async {
        match connecting.await {
            Ok(connection) => connection.closed().await,
            Err(error) => error,
        }
    };
    let (accepted, closed) = within(async { tokio::join!(cart_endpoint.accept(), knock) }).await;
    let quinn::ConnectionError::ConnectionClosed(close) = closed else { panic!("{closed:?}") };
    (accepted.expect_err("the cart accepted"), close.error_code.into())
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let (cart, operator) = cart_and_operator();
    let (cart_saw, client_saw) = raw_errors(&cart, raw_client(&operator, Shown::None)).await;
    assert_eq!(*cart_refused(&cart_saw), CertificateFault::Missing);
    assert_eq!(client_saw, 0x100 + 116, "certificate_required");
}

#[tokio::test]
async fn a_self_signed_client_is_refused() {
    let (cart, _) = cart_and_operator();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.subject_alt_names.push(rcgen::SanType::URI("urn:farprobe:role:operator".try_into().unwrap()));
    let certificate = params.self_signed(&key).unwrap();
    let mut tls = raw_client(&cart, Shown::Own);
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let certified =
        rustls::sign::CertifiedKey::from_der(vec![certificate.into()], key, &aws_lc_rs::default_provider()).unwrap();
    tls.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
    let (cart_saw, client_saw) = raw_errors(&cart, tls).await;
    assert_eq!(*cart_refused(&cart_saw), CertificateFault::SelfSigned);
    assert_eq!(client_saw, 0x100 + 48, "unknown_ca");
}

#[tokio::test]
async fn a_cart_that_poses_as_a_console_is_refused() {
    let authority = authority(Purpose::Real);
    let cart = authority.issue(Role::Cart, "cart 1", wide()).unwrap();
    let other = authority.issue(Role::Cart, "cart 2", wide()).unwrap();
    let (cart_saw, client_saw) = raw_errors(&cart, raw_client(&other, Shown::Own)).await;
    let fault = CertificateFault::WrongRole { found: Some(Role::Cart), expected: Expected::OperatorOrObserver };
    assert_eq!(*cart_refused(&cart_saw), fault);
    assert_eq!(client_saw, 0x100 + 49, "access_denied");
}

#[tokio::test]
async fn an_operator_that_poses_as_a_cart_is_refused() {
    let authority = authority(Purpose::Real);
    let impostor = authority.issue(Role::Operator, "cart 1", wide()).unwrap();
    let operator = authority.issue(Role::Operator, "Dr. Li", wide()).unwrap();
    let (chain, key) = chain_and_key(&impostor);
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    tls.alpn_protocols = vec![b"farprobe/1".to_vec()];
    let tls = quinn::crypto::rustls::QuicServerConfig::try_from(tls).unwrap();
    let server = quinn::Endpoint::server(quinn::ServerConfig::with_crypto(Arc::new(tls)), loopback()).unwrap();
    let address = server.local_addr().unwrap();
    let console = open_console(LinkOptions::default());
    let serve = async { server.accept().await.unwrap().await };
    let (served, connected) = within(async { tokio::join!(serve, console.connect(address, &operator, None)) }).await;
    let fault = CertificateFault::WrongRole { found: Some(Role::Operator), expected: Expected::Cart };
    assert_eq!(*console_refused(&connected.unwrap_err()), fault);
    let Err(quinn::ConnectionError::ConnectionClosed(close)) = served else { panic!("{served:?}") };
    assert_eq!(u64::from(close.error_code), 0x100 + 49, "access_denied");
}

#[tokio::test]
async fn a_client_without_post_quantum_key_exchange_is_refused() {
    let (cart, operator) = cart_and_operator();
    let (chain, key) = chain_and_key(&operator);
    let provider = rustls::crypto::CryptoProvider {
        kx_groups: vec![kx_group::X25519, kx_group::SECP256R1, kx_group::SECP384R1],
        ..aws_lc_rs::default_provider()
    };
    let mut tls = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustsAnybody))
        .with_client_auth_cert(chain, key)
        .unwrap();
    tls.alpn_protocols = vec![b"farprobe/1".to_vec()];
    let (cart_saw, client_saw) = raw_errors(&cart, tls).await;
    assert!(matches!(cart_saw, AcceptError::Incompatible { .. }), "{cart_saw:?}");
    assert_eq!(client_saw, 0x100 + 40, "handshake_failure");
}

#[tokio::test]
async fn a_client_of_another_protocol_is_refused() {
    let (cart, operator) = cart_and_operator();
    let mut tls = raw_client(&operator, Shown::Own);
    tls.alpn_protocols = vec![b"farprobe/99".to_vec()];
    let (cart_saw, client_saw) = raw_errors(&cart, tls).await;
    assert!(matches!(cart_saw, AcceptError::Incompatible { .. }), "{cart_saw:?}");
    assert_eq!(client_saw, 0x100 + 120, "no_application_protocol");
}

#[tokio::test]
async fn a_server_that_never_admits_is_not_taken_for_a_cart() {
    // A right certificate, but software that closes where a cart would say yes.
    let (cart, operator) = cart_and_operator();
    let (chain, key) = chain_and_key(&cart);
    let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    tls.alpn_protocols = vec![b"farprobe/1".to_vec()];
    let tls = quinn::crypto::rustls::QuicServerConfig::try_from(tls).unwrap();
    let server = quinn::Endpoint::server(quinn::ServerConfig::with_crypto(Arc::new(tls)), loopback()).unwrap();
    let address = server.local_addr().unwrap();
    let console = open_console(LinkOptions::default());
    let serve = async {
        let connection = server.accept().await.unwrap().await.unwrap();
        connection.close(2_u32.into(), b"not \x1b[31mnow");
    };
    let ((), connected) = within(async { tokio::join!(serve, console.connect(address, &operator, None)) }).await;
    let Err(ConnectError::Closed { closed: Closed::ByPeer { detail, .. }, .. }) = connected else {
        panic!("{connected:?}")
    };
    assert_eq!(detail, "not  [31mnow");
}

#[tokio::test]
async fn a_copied_certificate_without_its_key_is_refused() {
    let (cart, operator) = cart_and_operator();
    let (_, another) = cart_and_operator();
    let (chain, _) = chain_and_key(&operator);
    let (_, key) = chain_and_key(&another);
    let key = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let certified = rustls::sign::CertifiedKey::new(chain, key);
    let mut tls = raw_client(&operator, Shown::Own);
    tls.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
    let (cart_saw, client_saw) = raw_errors(&cart, tls).await;
    assert_eq!(*cart_refused(&cart_saw), CertificateFault::WithoutKey);
    assert_eq!(client_saw, 0x100 + 51, "decrypt_error");
}
