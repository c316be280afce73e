//! The picture's way in: the receiving end of the video, signalled through the conversation with the cart.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use farprobe_media::{LinkConfig, LinkState, ReceiverConfig, Signals, VideoReceiver};
use farprobe_proto::Severity;

use super::link::Surroundings;
use super::pictures;

/// Starts the picture's way in. Without it the exam goes on blind, which the picture watch tells the cart.
pub(super) async fn receive(cart: SocketAddr, around: &Surroundings, signals: Signals) -> Option<VideoReceiver> {
    let local = local_address_towards(cart);
    let link = LinkConfig { local_addresses: vec![local], ..LinkConfig::default() };
    let config = ReceiverConfig { link, ..ReceiverConfig::default() };
    let clock = around.clock;
    let show = pictures::taker(clock, around.ledger.clone(), around.front.clone());
    match VideoReceiver::start(&config, Arc::new(move || clock.now()), signals, show).await {
        Ok(video) => Some(video),
        Err(error) => {
            around.front.fault(Severity::Alarm, error.to_string());
            None
        }
    }
}

/// The address this machine reaches the cart from; any port.
fn local_address_towards(cart: SocketAddr) -> SocketAddr {
    let any: SocketAddr = if cart.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let probe = UdpSocket::bind(any).and_then(|socket| {
        // Sends nothing: it only asks the system for the way.
        socket.connect(cart)?;
        socket.local_addr()
    });
    SocketAddr::new(probe.unwrap_or(any).ip(), 0)
}

/// Waits until the video ends, and says why; for ever, if it does not.
pub(super) async fn ended(video: Option<&VideoReceiver>) -> String {
    let Some(video) = video else { return std::future::pending().await };
    let mut state = video.state();
    loop {
        if state.changed().await.is_err() {
            return std::future::pending().await;
        }
        if let LinkState::Ended(error) = &*state.borrow_and_update() {
            return error.to_string();
        }
    }
}
