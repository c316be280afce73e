//! The QUIC library with its defaults, under a runtime with its defaults: what one gets without a thought for latency.

use std::error::Error;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use bytes::Bytes;
use quinn::{ClientConfig, Connection, Endpoint, ServerConfig};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::runtime::{Builder, Runtime};

use super::{ANYWHERE, Listening, Outgoing, Sink};

/// The name in the certificate; it stands for nothing but itself.
const NAME: &str = "floor.invalid";

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build()
}

pub(super) fn listen(mut sink: Sink) -> Result<Listening, Box<dyn Error>> {
    let runtime = runtime()?;
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::with_single_cert(vec![certificate.clone()], key)?;
    let endpoint = {
        let _inside = runtime.enter();
        Endpoint::server(config, ANYWHERE)?
    };
    let at = endpoint.local_addr()?;
    runtime.spawn(async move {
        let Some(incoming) = endpoint.accept().await else { return };
        let Ok(connection) = incoming.await else { return };
        while let Ok(bytes) = connection.read_datagram().await {
            sink.take(&bytes);
        }
    });
    Ok(Listening { at, certificate: Some(certificate.to_vec()), _alive: Box::new(runtime) })
}

pub(super) struct Quinn {
    connection: Connection,
    endpoint: Endpoint,
    // Must live as long as the connection.
    runtime: Runtime,
}

pub(super) fn connect(to: SocketAddr, certificate: Option<&[u8]>) -> Result<Quinn, Box<dyn Error>> {
    let runtime = runtime()?;
    let certificate = certificate.ok_or("the receiver has not said whom to trust: a fault of this program")?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate.to_vec()))?;
    let config = ClientConfig::with_root_certificates(Arc::new(roots))?;
    let (endpoint, connection) = runtime.block_on(async {
        let mut endpoint = Endpoint::client(ANYWHERE)?;
        endpoint.set_default_client_config(config);
        let connection = endpoint.connect(to, NAME)?.await?;
        Ok::<_, Box<dyn Error>>((endpoint, connection))
    })?;
    Ok(Quinn { connection, endpoint, runtime })
}

impl Outgoing for Quinn {
    fn send(&self, bytes: Vec<u8>) -> bool {
        self.connection.send_datagram(Bytes::from(bytes)).is_ok()
    }

    fn moves(&self) -> Result<(), Box<dyn Error>> {
        let _inside = self.runtime.enter();
        Ok(self.endpoint.rebind(UdpSocket::bind(ANYWHERE)?)?)
    }
}
