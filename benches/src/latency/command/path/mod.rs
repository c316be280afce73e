//! The ways a command may travel: what the subjects of the run differ in, and nothing else.

mod farprobe;
mod quinn;
mod udp;

use std::any::Any;
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::receiver::Sink;
use crate::latency::ends::words::{ReceivePlan, SendPlan};

/// What carries commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PathKind {
    /// UDP sockets, in the clear, sent and received on the calling thread: as fast as this machine can.
    Udp,
    /// The connection between console and cart.
    Farprobe,
    /// The QUIC library as it comes.
    Quinn,
}

/// Any free port of this machine.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The desk's side of a path.
pub(crate) trait Outgoing {
    /// Sends, without waiting. Gives whether it was taken.
    fn send(&self, bytes: Vec<u8>) -> bool;

    /// Sends from another address from now on, as when this machine has changed networks.
    fn moves(&self) -> Result<(), Box<dyn Error>>;
}

/// The cart's side of a path.
pub(crate) struct Listening {
    pub(crate) at: SocketAddr,
    /// Whom the desk has to trust, if it does not know already.
    pub(crate) certificate: Option<Vec<u8>>,
    /// What must live as long as something is to be heard.
    _alive: Box<dyn Any>,
}

/// Gives everything that arrives from now on to `sink`.
pub(crate) fn listen(plan: &ReceivePlan, sink: Sink) -> Result<Listening, Box<dyn Error>> {
    match plan.path {
        PathKind::Udp => udp::listen(sink),
        PathKind::Farprobe => farprobe::listen(&plan.identities, sink),
        PathKind::Quinn => quinn::listen(sink),
    }
}

/// Connects; whatever has to be agreed first is agreed when this returns.
pub(super) fn connect(plan: &SendPlan) -> Result<Box<dyn Outgoing>, Box<dyn Error>> {
    Ok(match plan.path {
        PathKind::Udp => Box::new(udp::connect(plan.to)?),
        PathKind::Farprobe => Box::new(farprobe::connect(&plan.identities, plan.to)?),
        PathKind::Quinn => Box::new(quinn::connect(plan.to, plan.certificate.as_deref())?),
    })
}
