//! The TAP devices: an Ethernet plug in a namespace, whose other end is a descriptor of this program.

use std::fmt;
use std::fs::File;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd};

use farprobe_sim::link::Way;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

use crate::driver::{BATCH, Ports};

/// The name of the device in its namespace.
pub(super) const DEVICE: &str = "line";

/// An Ethernet frame's own header, which a line does not carry, bytes.
const ETHERNET: usize = 14;

/// The longest frame: the usual 1500 bytes and its header, with room to spare.
const LONGEST: usize = 2_048;

/// How many frames wait in the device for the driver. A key picture is 70 of them; by default a late driver loses those beyond
/// 500.
const FRAMES: u32 = 2_000;

/// A hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mac([u8; 6]);

impl Mac {
    /// That of the side with this address. The first byte says that nobody but this program gave it.
    pub(super) fn of(address: Ipv4Addr) -> Self {
        let [a, b, c, d] = address.octets();
        Self([0x02, 0xfa, a, b, c, d])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// Does `work` within a namespace, on a thread of its own: what it opens there stays there.
pub(super) fn within<T: Send>(namespace: &str, work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let file = File::open(format!("/run/netns/{namespace}"))?;
    let there = || {
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))?;
        work()
    };
    std::thread::scope(|scope| scope.spawn(there).join())
        .unwrap_or_else(|_| Err(io::Error::other("the thread for it has failed")))
}

/// Makes the device in a namespace. It goes when this program lets go of it.
pub(super) fn open(namespace: &str, mac: Mac) -> io::Result<SyncDevice> {
    within(namespace, || {
        for scope in ["all", "default"] {
            // Where the kernel has no IPv6 there is nothing to switch off.
            let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{scope}/disable_ipv6"), "1");
        }
        let builder = DeviceBuilder::new().name(DEVICE).layer(Layer::L2).mac_addr(mac.0).tx_queue_len(FRAMES);
        let device = builder.enable(false).build_sync()?;
        rustix::io::ioctl_fionbio(&device, true)?;
        Ok(device)
    })
}

/// Both devices.
pub(super) struct Taps {
    desk: SyncDevice,
    cart: SyncDevice,
    buffer: [u8; LONGEST],
}

impl Taps {
    pub(super) fn new(desk: SyncDevice, cart: SyncDevice) -> Self {
        Self { desk, cart, buffer: [0; LONGEST] }
    }
}

impl Ports for Taps {
    type Packet = Vec<u8>;

    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        vec![self.desk.as_fd(), self.cart.as_fd()]
    }

    fn receive(&mut self, descriptor: usize, take: &mut dyn FnMut(Way, usize, Vec<u8>)) -> Result<(), String> {
        let (way, device) = if descriptor == 0 { (Way::There, &self.desk) } else { (Way::Back, &self.cart) };
        for _ in 0..BATCH {
            match device.recv(&mut self.buffer) {
                Ok(length) => take(way, length.saturating_sub(ETHERNET), self.buffer[..length].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(format!("a device can't be read: {error}")),
            }
        }
        Ok(())
    }

    fn deliver(&mut self, way: Way, frame: Vec<u8>) -> Result<(), String> {
        let device = match way {
            Way::There => &self.cart,
            Way::Back => &self.desk,
        };
        device.send(&frame).map(|_| ()).map_err(|error| format!("a device does not take a frame: {error}"))
    }
}
