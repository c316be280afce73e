//! From what a person types to the address of a cart.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use thiserror::Error;

/// What was typed leads to no cart (operator, or the network's directory of names).
#[derive(Debug, Error)]
pub enum AddressError {
    /// There is no port, or the rest makes no sense.
    #[error(
        "\"{text}\" is no address of a cart: give HOST:PORT or IP:PORT, such as 192.0.2.7:4433 or [2001:db8::7]:4433"
    )]
    Shape {
        /// What was typed.
        text: String,
    },
    /// Nobody knows the name.
    #[error(
        "nobody here knows the host of \"{text}\" ({source}): check the name and the network, or give its IP address"
    )]
    Unknown {
        /// What was typed.
        text: String,
        /// What the system said.
        source: io::Error,
    },
    /// The name is known and has no address.
    #[error("the host of \"{text}\" has no address: give its IP address")]
    Empty {
        /// What was typed.
        text: String,
    },
}

/// The address that `text` means: `IP:PORT`, or `HOST:PORT` with a name that this machine can look up. May take as long as the
/// look-up does. Of several addresses the first of IPv4 is taken: a cart listens there unless it is told otherwise.
pub fn resolve(text: &str) -> Result<SocketAddr, AddressError> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let shape = || AddressError::Shape { text: text.to_owned() };
    let (host, port) = text.rsplit_once(':').ok_or_else(shape)?;
    let port: u16 = port.parse().map_err(|_| shape())?;
    if host.is_empty() || host.contains([':', '/', '[', ']', ' ']) {
        return Err(shape());
    }
    let unknown = |source| AddressError::Unknown { text: text.to_owned(), source };
    let mut all: Vec<SocketAddr> = (host, port).to_socket_addrs().map_err(unknown)?.collect();
    all.sort_by_key(SocketAddr::is_ipv6);
    all.first().copied().ok_or_else(|| AddressError::Empty { text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_with_a_port_are_understood() {
        assert_eq!(resolve("192.0.2.7:4433").unwrap().to_string(), "192.0.2.7:4433");
        assert_eq!(resolve("[2001:db8::7]:4433").unwrap().to_string(), "[2001:db8::7]:4433");
        let local = resolve("localhost:4533").unwrap();
        assert!(local.ip().is_loopback() && local.port() == 4533, "{local}");
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in [
            "",
            "192.0.2.7",
            "localhost",
            "localhost:",
            ":4433",
            "host:port",
            "host:99999",
            "http://host:80",
            "2001:db8::7",
        ] {
            let error = resolve(text).unwrap_err().to_string();
            assert!(error.contains("give HOST:PORT or IP:PORT, such as"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_name_that_nobody_knows_is_said_to_be_one() {
        // Longer than any name may be, so that no directory is asked and none can answer.
        let text = format!("{}:4433", "cart".repeat(16));
        let error = resolve(&text).unwrap_err().to_string();
        assert!(error.contains(&text) && error.contains("give its IP address"), "{error}");
    }
}
