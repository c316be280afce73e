//! QUIC endpoints and identities; datagrams and streams as opaque bytes.
//!
//! One connection between a console and a cart is the trust anchor of everything else: both ends prove with certificates of the
//! site's own authority who they are ([`identity`]), and commands, states, control messages and the signalling of the video
//! travel inside it. What these bytes mean is not known here.
//!
//! ```no_run
//! # use farprobe_transport::{identity::Identity, *};
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let (cart, operator): (Identity, Identity) = todo!();
//! let endpoint = CartEndpoint::open("0.0.0.0:4600".parse()?, &cart, CartOptions::default())?;
//! let console = ConsoleEndpoint::open(ConsoleOptions::default())?;
//! let connection = console.connect("192.0.2.7:4600".parse()?, &operator, Some("ward 7")).await?;
//! connection.send_datagram("opaque")?;
//! # Ok(())
//! # }
//! ```
//!
//! Packets are received by a thread of each endpoint, named "wire", and sent by whichever thread has something to say. A runtime
//! is needed only to open a cart's endpoint, whose door is watched by tasks, and to shut one down.
//!
//! Invariants, each with a test: a peer that fails the check of its certificate never gets a connection, and both sides learn
//! why; no stale datagram is delivered after a blackout beyond the few in the send queue; no bytes of a stranger disturb a
//! living connection; no length in a header reserves memory.
#![forbid(unsafe_code)]

mod closed;
mod connection;
mod endpoint;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
pub mod identity;
mod link;
mod tls;
mod wire;

pub use closed::{CloseReason, Closed};
pub use connection::{Connection, LinkStats, Peer, SendError};
pub use endpoint::{
    AcceptError, CartEndpoint, CartOptions, ConnectError, ConsoleEndpoint, ConsoleOptions, DemoPolicy, OpenError,
};
pub use frame::{FrameError, FrameReceiver, FrameSender};
pub use link::{Congestion, LinkOptions};
pub use tls::{CertificateFault, Expected, Refusal};
pub use wire::paths::{MOST_FURTHER_PATHS, PathState, PathStats};

/// The byte with which a cart says, on a stream of its own, that it accepts the console.
const ADMITTED: u8 = 0x01;
