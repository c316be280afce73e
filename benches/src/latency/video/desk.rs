//! The end at the desk: a console that looks on, and writes down every picture that comes.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use farprobe_media::{Integrity, LinkConfig, LinkState, ReceiverConfig, ShownPicture, Signals, VideoReceiver};
use farprobe_proto::{
    CartMessage, ConsoleMessage, Hello, MAX_MESSAGE_BYTES, PROTOCOL_VERSION, Role as Asked, Wire as _,
};
use farprobe_transport::identity::{Identity, Role};
use farprobe_transport::{Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy, FrameReceiver, FrameSender};
use tokio::runtime::Builder;
use tokio::sync::mpsc;

use super::gauge::Gauge;
use crate::latency::ends::usage::Meter;
use crate::latency::ends::words::{LookPlan, Looked, Over, Ready, Seen, Window};
use crate::latency::ends::{hear, tell};

/// As a console has.
const WORKERS: usize = 2;

/// Signals that wait for the video's end, and back; as in the console.
const SIGNAL_SLOTS: usize = 32;

/// What was captured before the end of the window has this long to come.
const SETTLE: Duration = Duration::from_millis(1_500);

/// How long the first picture may take to come.
const FIRST_WITHIN: Duration = Duration::from_secs(15);

/// Looks on as planned, and tells what it saw.
pub(crate) fn run(plan: &LookPlan) -> Result<(), Box<dyn Error>> {
    let gauge = Gauge::open(&plan.recording)?;
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let (first, first_came) = channel();
    let (show, shown) = channel();
    let noting = std::thread::Builder::new().name("notes".into()).spawn(move || note(&shown, gauge, &first))?;
    let (endpoint, connection, talk) = runtime.block_on(connect(plan))?;
    // A console hears the cart's states, which have their part of the line.
    connection.on_datagram(|_| {});
    let ended = runtime.spawn(look(talk, plan.cart, show));
    first_came.recv_timeout(FIRST_WITHIN).map_err(|_| "no picture has come")?;
    tell(&Ready { at: None, certificate: None })?;
    let clock = MonotonicClock;
    let Window { begin, from, until, .. } = hear()?;
    clock.sleep_until(begin.max(from));
    let meter = Meter::start(clock.now());
    clock.sleep_until(until);
    let usage = meter.usage(clock.now());
    clock.sleep_until(until + SETTLE);
    let end = if ended.is_finished() { runtime.block_on(ended)? } else { None };
    // With it the video's end goes, and with that the channel of the notes.
    runtime.shutdown_timeout(SETTLE);
    let pictures = noting.join().map_err(|_| "the thread that notes has panicked")?;
    tell(&Looked { pictures, usage, ended: end })?;
    drop(endpoint);
    let Over = hear()?;
    Ok(())
}

type Talk = (FrameSender, FrameReceiver);

async fn connect(plan: &LookPlan) -> Result<(ConsoleEndpoint, Connection, Talk), Box<dyn Error>> {
    let identity = Identity::load(&plan.identities.join(Role::Operator.name()))?;
    let options = ConsoleOptions { demo: DemoPolicy::Required, ..ConsoleOptions::default() };
    let endpoint = ConsoleEndpoint::open(options)?;
    let connection = endpoint.connect(plan.cart, &identity, None).await?;
    let (mut out, mut input) = connection.open_control(MAX_MESSAGE_BYTES).await?;
    let software = concat!("farprobe-bench ", env!("CARGO_PKG_VERSION")).to_owned();
    let hello = Hello { version: PROTOCOL_VERSION, role: Asked::Observer, software };
    say(&mut out, &ConsoleMessage::Hello(hello)).await?;
    let first = input.receive().await?.ok_or("the cart said nothing")?;
    match CartMessage::decode(&first)? {
        CartMessage::Welcome(_) => Ok((endpoint, connection, (out, input))),
        _ => Err("the cart did not begin with a welcome".into()),
    }
}

async fn say(out: &mut FrameSender, message: &ConsoleMessage) -> Result<(), Box<dyn Error>> {
    let bytes = message.encode().ok_or("a message can't be encoded")?;
    Ok(out.send(&bytes).await?)
}

/// Receives the video until it ends, and gives why, in words; signalled through the conversation, as the console does it.
async fn look((mut out, mut input): Talk, cart: SocketAddr, show: Sender<ShownPicture>) -> Option<String> {
    let clock = MonotonicClock;
    let (to_peer, mut outgoing) = mpsc::channel(SIGNAL_SLOTS);
    let (incoming, from_peer) = mpsc::channel(SIGNAL_SLOTS);
    let local = local_address_towards(cart);
    let link = LinkConfig { local_addresses: vec![local], ..LinkConfig::default() };
    let config = ReceiverConfig { link, ..ReceiverConfig::default() };
    let signals = Signals { to_peer, from_peer };
    let take = Box::new(move |picture| {
        // Nobody listens any more when all is over.
        let _ = show.send(picture);
    });
    let video = match VideoReceiver::start(&config, Arc::new(move || clock.now()), signals, take).await {
        Ok(video) => video,
        Err(error) => return Some(error.to_string()),
    };
    let mut state = video.state();
    loop {
        tokio::select! {
            frame = input.receive() => match frame {
                Ok(Some(frame)) => if let Ok(CartMessage::Signal(signal)) = CartMessage::decode(&frame) {
                    // A video that has ended takes no more signals.
                    let _ = incoming.send(signal).await;
                },
                Ok(None) => return Some("the cart ended the conversation".to_owned()),
                Err(error) => return Some(error.to_string()),
            },
            Some(signal) = outgoing.recv() => if let Err(error) = say(&mut out, &ConsoleMessage::Signal(signal)).await {
                return Some(error.to_string());
            },
            Ok(()) = state.changed() => if let LinkState::Ended(error) = &*state.borrow_and_update() {
                return Some(error.to_string());
            },
        }
    }
}

/// The address this machine reaches the cart from; any port.
fn local_address_towards(cart: SocketAddr) -> SocketAddr {
    let any = SocketAddr::from(([0, 0, 0, 0], 0));
    let probe = std::net::UdpSocket::bind(any).and_then(|socket| {
        // Sends nothing: it only asks the system for the way.
        socket.connect(cart)?;
        socket.local_addr()
    });
    SocketAddr::new(probe.unwrap_or(any).ip(), 0)
}

/// Writes down every picture; in a thread of its own, so that what it takes to judge one is not in the decoder's time.
fn note(shown: &Receiver<ShownPicture>, mut gauge: Gauge, first: &Sender<()>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for picture in shown {
        let Some(stamp) = picture.stamp else { continue };
        if seen.is_empty() {
            // Whoever waited may have given up.
            let _ = first.send(());
        }
        let captured = stamp.captured_at.as_nanos();
        let quality = gauge.judge(captured, &picture.picture.luma);
        let stamps =
            [stamp.captured_at, stamp.encoded_at, picture.first_packet_at, picture.received_at, picture.decoded_at];
        seen.push(Seen {
            number: stamp.number,
            stamps: stamps.map(Time::as_nanos),
            complete: picture.integrity == Integrity::Complete,
            quality,
        });
    }
    seen
}
