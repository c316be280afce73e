//! Programs that talk UDP on an impaired line.

use std::error::Error;
use std::future::pending;
use std::net::{SocketAddr, ToSocketAddrs as _};

use clap::Args;
use farprobe_impair::Keep;
use farprobe_impair::relay::Relay;

use super::LinkChoice;
use super::watch::{Ended, GONE, summary, watch};

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    link: LinkChoice,
    /// Where clients send to; port 0 for any that is free.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The server that they mean.
    #[arg(long, value_name = "HOST:PORT")]
    to: String,
}

/// Relays until it is asked to end.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let link = options.link.link()?;
    let found = options.to.to_socket_addrs().map(|mut addresses| addresses.next());
    let Ok(Some(to)) = found else {
        return Err(format!("\"{}\" is no address of a server: give HOST:PORT with --to", options.to).into());
    };
    let mut relay = Relay::start(options.listen, to, &link.profile, options.link.seed, Keep::Counts)?;
    // For whoever starts it: this line comes first, and the address stands last in it. Whoever has read it may end the relay,
    // so that it is said only when that is listened for.
    let introduction = format!("{}, seed {}, to {to}: send to {}\n", link.name, options.link.seed, relay.address);
    let introduced = async {
        match super::print(&introduction) {
            Ok(()) => pending().await,
            Err(error) => error,
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Ended::Done(error) = runtime.block_on(watch(&relay.driver, introduced))? {
        return Err(error);
    }
    let report = relay.driver.stop().ok_or(GONE)?;
    super::print(&summary(&report))
}
