//! Two network namespaces on one impaired line, so that any program can be put on it: whatever a program sends from one to the
//! other passes the line, video and all.
//!
//! ```text
//!   namespace NAME-desk                                             namespace NAME-cart
//!   10.77.0.2, device "line" ── TAP ── driver with the line ── TAP ── device "line", 10.77.0.1
//! ```
//!
//! Linux, root and iproute2's `ip` only. Each side also has its own loopback. IPv4 alone: the kernel's own IPv6 chatter would take
//! part in the line's chances. Nor is there ARP, for each side knows the other's hardware address from the start: the first
//! packet of a program is its own.
//!
//! When a [`Lab`] is dropped its namespaces go. What a killed program left behind the next one removes.

mod ip;
mod tap;

use std::io;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use farprobe_sim::link::LineProfile;
use thiserror::Error;

use crate::driver::{Driver, DriverError, Keep};
use tap::{Mac, Taps};

/// Two namespaces can't be had.
#[derive(Debug, Error)]
pub enum LabError {
    /// The user may not (operator).
    #[error("only root may make network namespaces: start this with sudo, or use the relay, which needs no rights")]
    NotRoot,
    /// Another program has them (operator).
    #[error("another program has the namespaces {name}-desk and {name}-cart: end it first")]
    InUse {
        /// What the names begin with.
        name: String,
    },
    /// There is no `ip` (machine).
    #[error("there is no program \"ip\": install the package iproute2")]
    NoIp,
    /// `ip` refuses (machine).
    #[error("\"ip {command}\" failed: {said}")]
    Ip {
        /// What was asked of it.
        command: String,
        /// What it said.
        said: String,
    },
    /// The kernel refuses a device or a file (machine).
    #[error("{what}: {source}: is this a container without the right to network devices?")]
    Refused {
        /// What was tried.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// The driver does not start.
    #[error(transparent)]
    Driver(#[from] DriverError),
}

/// One end of the line.
#[derive(Debug)]
pub struct Side {
    /// The name of its namespace: `ip netns exec NAMESPACE COMMAND` runs a command there.
    pub namespace: String,
    /// Its address there.
    pub address: Ipv4Addr,
    mac: Mac,
}

/// Two namespaces and the line between them.
#[derive(Debug)]
pub struct Lab {
    /// The line.
    pub driver: Driver,
    /// Who calls.
    pub desk: Side,
    /// Who is called.
    pub cart: Side,
    /// Whether an earlier program had left its namespaces behind.
    pub leftover: Leftover,
    // After the driver, which holds the devices.
    _namespaces: Namespaces,
}

/// What was found before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing.
    None,
    /// Namespaces of a program that was killed; they were removed.
    Removed,
}

const CART: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
const DESK: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 2);

impl Lab {
    /// Makes the namespaces `NAME-desk` and `NAME-cart` and joins them by a line of this profile.
    pub fn build(name: &str, profile: &LineProfile, seed: u64, keep: Keep) -> Result<Self, LabError> {
        if !rustix::process::geteuid().is_root() {
            return Err(LabError::NotRoot);
        }
        let namespaces = Namespaces::claim(name)?;
        let side = |which: &str, address: Ipv4Addr| Side {
            namespace: format!("{name}-{which}"),
            address,
            mac: Mac::of(address),
        };
        let (desk, cart) = (side("desk", DESK), side("cart", CART));
        let leftover = namespaces.make()?;
        let taps = Taps::new(join(&desk, &cart)?, join(&cart, &desk)?);
        let driver = Driver::start(taps, profile, seed, keep)?;
        Ok(Self { driver, desk, cart, leftover, _namespaces: namespaces })
    }
}

impl Side {
    /// A UDP socket of this side, at a port that is free.
    pub fn socket(&self) -> io::Result<UdpSocket> {
        let address = (self.address, 0);
        tap::within(&self.namespace, move || UdpSocket::bind(address))
    }
}

/// Makes the device of `side`, with its address and what it must know of the `other`.
fn join(side: &Side, other: &Side) -> Result<tun_rs::SyncDevice, LabError> {
    let namespace = side.namespace.as_str();
    let device = tap::open(namespace, side.mac).map_err(|source| {
        let what = format!("no TAP device in {namespace}");
        LabError::Refused { what, source }
    })?;
    let within = |words: &str| ip::run(&format!("-n {namespace} {words}"));
    within("link set lo up")?;
    within(&format!("address add {}/24 dev {}", side.address, tap::DEVICE))?;
    within(&format!("link set {} up", tap::DEVICE))?;
    within(&format!("neighbour replace {} lladdr {} nud permanent dev {}", other.address, other.mac, tap::DEVICE))?;
    Ok(device)
}

/// The two names, as long as this program has them.
#[derive(Debug)]
struct Namespaces {
    name: String,
    /// Holds a name that only one socket of the machine can have. The kernel lets go of it when this program ends, however it
    /// does, and there is no file to be left behind.
    _claim: UnixDatagram,
}

impl Namespaces {
    /// Claims the names, so that no other program takes what this one uses for left behind.
    fn claim(name: &str) -> Result<Self, LabError> {
        let claimed = SocketAddr::from_abstract_name(format!("farprobe namespaces {name}"))
            .and_then(|address| UnixDatagram::bind_addr(&address));
        match claimed {
            Ok(claim) => Ok(Self { name: name.to_owned(), _claim: claim }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(LabError::InUse { name: name.to_owned() }),
            Err(source) => Err(LabError::Refused { what: format!("the name {name} can't be claimed"), source }),
        }
    }

    /// Makes both, after what was left of earlier ones is removed.
    fn make(&self) -> Result<Leftover, LabError> {
        let leftover = self.remove();
        for namespace in self.both() {
            ip::run(&format!("netns add {namespace}"))?;
        }
        Ok(leftover)
    }

    fn remove(&self) -> Leftover {
        let both = self.both().map(|namespace| {
            let is_there = Path::new("/run/netns").join(&namespace).exists();
            is_there && ip::run(&format!("netns delete {namespace}")).is_ok()
        });
        if both.contains(&true) { Leftover::Removed } else { Leftover::None }
    }

    fn both(&self) -> [String; 2] {
        ["desk", "cart"].map(|which| format!("{}-{which}", self.name))
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests;
