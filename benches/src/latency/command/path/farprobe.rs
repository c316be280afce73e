//! Farprobe's own connection, on runtimes as console and cart have them.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use farprobe_transport::identity::{Identity, Role};
use farprobe_transport::{CartEndpoint, CartOptions, Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy};
use tokio::runtime::{Builder, Runtime};

use super::{ANYWHERE, Listening, Outgoing, Sink};

/// As console and cart have.
const WORKERS: usize = 2;

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()
}

pub(super) fn listen(identities: &Path, sink: Sink) -> Result<Listening, Box<dyn Error>> {
    let runtime = runtime()?;
    let identity = Identity::load(&identities.join(Role::Cart.name()))?;
    let options = CartOptions { demo: DemoPolicy::Required, ..CartOptions::default() };
    let endpoint = {
        let _inside = runtime.enter();
        CartEndpoint::open(ANYWHERE, &identity, options)?
    };
    let at = endpoint.local_addr()?;
    runtime.spawn(async move {
        // The one connection of this run. Whoever fails to connect says why at the other end.
        if let Ok(connection) = endpoint.accept().await {
            hear(&connection, sink);
            connection.closed().await;
        }
    });
    Ok(Listening { at, certificate: None, _alive: Box::new(runtime) })
}

/// As the cart hears commands: on the thread that receives.
fn hear(connection: &Connection, mut sink: Sink) {
    connection.on_datagram(move |bytes| sink.take(&bytes));
}

pub(super) struct Desk {
    connection: Connection,
    endpoint: ConsoleEndpoint,
    // Must live as long as the connection.
    _runtime: Runtime,
}

pub(super) fn connect(identities: &Path, to: SocketAddr) -> Result<Desk, Box<dyn Error>> {
    let runtime = runtime()?;
    let identity = Identity::load(&identities.join(Role::Operator.name()))?;
    let options = ConsoleOptions { bind: Some(ANYWHERE), demo: DemoPolicy::Required, ..ConsoleOptions::default() };
    let (endpoint, connection) = runtime.block_on(async {
        let endpoint = ConsoleEndpoint::open(options)?;
        let connection = endpoint.connect(to, &identity, None).await?;
        Ok::<_, Box<dyn Error>>((endpoint, connection))
    })?;
    Ok(Desk { connection, endpoint, _runtime: runtime })
}

impl Outgoing for Desk {
    fn send(&self, bytes: Vec<u8>) -> bool {
        self.connection.send_datagram(bytes).is_ok()
    }

    fn moves(&self) -> Result<(), Box<dyn Error>> {
        Ok(self.endpoint.rebind(Some(ANYWHERE))?)
    }
}
