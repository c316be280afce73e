//! The connection to the cart: made, kept, and made again when it breaks.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use farprobe_devices::MonotonicClock;
use farprobe_media::{LinkConfig, LinkState, ReceiverConfig, Signals, VideoReceiver};
use farprobe_proto::{
    CartDatagram, CartMessage, CartReport, ConsoleDatagram, ConsoleMessage, Hello, LeaseStatus, MAX_MESSAGE_BYTES,
    PROTOCOL_VERSION, Refusal, Role, ScannerRequest, ScannerSettings, Severity, Signal, StopNotice, Welcome, Wire,
};
use farprobe_session::console::ScannerFreeze;
use farprobe_transport::identity::{Identity, Role as CertifiedRole};
use farprobe_transport::{
    CloseReason, ConnectError, Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy, FrameReceiver, FrameSender,
};
use tokio::sync::mpsc;

use super::front::Front;
use super::ledger::SharedLedger;
use super::pictures;
use crate::model::Event;

/// After a failure the cart is tried again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Signals that wait for the video's end, and back.
const SIGNAL_SLOTS: usize = 32;

/// A stop is sent this often as a datagram beside the stream: at 30 % loss one in 10⁵ stops would need the stream.
const STOP_REPEATS: usize = 10;

/// Where the console connects to, and as whom.
#[derive(Debug)]
pub struct Destination {
    /// The cart's UDP address.
    pub address: SocketAddr,
    /// The name the cart's certificate must carry, if it matters.
    pub cart: Option<String>,
    /// Who connects.
    pub identity: Identity,
    /// Whether demo identities are allowed.
    pub demo: DemoPolicy,
}

/// Something to be said to the cart on the control stream.
#[derive(Debug)]
pub(super) enum Request {
    /// Ask for the right to drive.
    Lease,
    /// Give it back.
    ReleaseLease,
    /// Turn the scanner's controls.
    Scanner(ScannerSettings),
    /// Stop.
    Stop,
    /// Ask for the cart's side of the summary.
    Report,
    /// Say goodbye and end.
    Goodbye,
}

/// What the link needs of the rest of the console.
#[derive(Clone)]
pub(super) struct Surroundings {
    /// The console's clock.
    pub clock: MonotonicClock,
    /// What is known.
    pub ledger: SharedLedger,
    /// Where events go.
    pub front: Front,
    /// The living connection, for the commands.
    pub connection: Arc<ArcSwapOption<Connection>>,
    /// Where the cart's report goes.
    pub reports: mpsc::Sender<CartReport>,
}

/// How a conversation ended.
enum Ended {
    /// The console said goodbye.
    Goodbye,
    /// The connection broke; in words.
    Broken(String),
    /// The cart refused this console.
    Refused(Refusal),
}

/// What follows when the cart can't be reached, or no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterLoss {
    /// It is tried again for as long as it takes: somebody is there who sees what became of the probe.
    Reconnect,
    /// The exam ends: nobody is there.
    End,
}

/// Keeps the connection until the console says goodbye, is refused or, after a loss, ends. Gives the reason in words.
pub(super) async fn keep(
    destination: Destination,
    after_loss: AfterLoss,
    around: Surroundings,
    mut requests: mpsc::Receiver<Request>,
) -> Result<(), String> {
    let options = ConsoleOptions { demo: destination.demo, ..ConsoleOptions::default() };
    let endpoint = ConsoleEndpoint::open(options).map_err(|error| error.to_string())?;
    around.front.tell(Event::Connecting { address: destination.address.to_string() });
    let mut attempt = 0;
    let mut told = String::new();
    loop {
        let connected = endpoint.connect(destination.address, &destination.identity, destination.cart.as_deref());
        let problem = match connected.await {
            Ok(connection) => {
                attempt = 0;
                told.clear();
                match converse(&destination, &around, &connection, &mut requests).await {
                    Ended::Goodbye => {
                        around.connection.store(None);
                        endpoint.shut_down(CloseReason::Finished).await;
                        return Ok(());
                    }
                    Ended::Refused(refusal) => return Err(refused(&around.front, &refusal)),
                    Ended::Broken(reason) => {
                        around.connection.store(None);
                        let problem = format!(
                            "the connection to the cart was lost: {reason}. A script does not go on after that: see how the \
                             patient is, then start it anew"
                        );
                        around.front.tell(Event::Lost { reason });
                        problem
                    }
                }
            }
            Err(error) if is_temporary(&error) => {
                let problem = error.to_string();
                if after_loss == AfterLoss::Reconnect && told != problem {
                    // Once is enough for an attempt every few seconds.
                    around.front.fault(Severity::Warning, problem.clone());
                    told.clone_from(&problem);
                }
                problem
            }
            Err(error) => {
                let reason = error.to_string();
                let remedy = "Ask whoever keeps the identities of this site.".to_owned();
                around.front.tell(Event::Refused { reason: reason.clone(), remedy });
                return Err(reason);
            }
        };
        if after_loss == AfterLoss::End {
            return Err(problem);
        }
        attempt += 1;
        around.front.tell(Event::Reconnecting { attempt });
        if pause(&mut requests).await {
            return Ok(());
        }
    }
}

/// Waits before the next attempt. True if the console wants to end.
async fn pause(requests: &mut mpsc::Receiver<Request>) -> bool {
    let wait = tokio::time::sleep(AGAIN_AFTER);
    tokio::pin!(wait);
    loop {
        tokio::select! {
            () = &mut wait => return false,
            request = requests.recv() => match request {
                None | Some(Request::Goodbye) => return true,
                // Nobody is there to be asked.
                Some(_) => {}
            },
        }
    }
}

fn is_temporary(error: &ConnectError) -> bool {
    matches!(error, ConnectError::NoAnswer { .. } | ConnectError::Closed { .. })
}

fn refused(front: &Front, refusal: &Refusal) -> String {
    let (reason, remedy) = match refusal {
        Refusal::Role { .. } => ("this identity may only look on", "Use an operator's identity to drive."),
        Refusal::HelloExpected => ("the cart did not understand this console", "Use the same version on both sides."),
        Refusal::Full => ("the cart serves as many consoles as it may", "Wait until another console has left."),
        Refusal::ShuttingDown => ("the cart is shutting down", "Connect again when it is back."),
    };
    front.tell(Event::Refused { reason: reason.to_owned(), remedy: remedy.to_owned() });
    format!("{reason}. {remedy}")
}

async fn converse(
    destination: &Destination,
    around: &Surroundings,
    connection: &Connection,
    requests: &mut mpsc::Receiver<Request>,
) -> Ended {
    let (mut out, mut input) = match connection.open_control(MAX_MESSAGE_BYTES).await {
        Ok(streams) => streams,
        Err(error) => return Ended::Broken(error.to_string()),
    };
    if let Err(ended) = greet(destination, around, &mut out, &mut input).await {
        return ended;
    }
    around.connection.store(Some(Arc::new(connection.clone())));
    let (to_peer, mut outgoing) = mpsc::channel(SIGNAL_SLOTS);
    let (incoming, from_peer) = mpsc::channel(SIGNAL_SLOTS);
    let video = receive_video(destination, around, Signals { to_peer, from_peer }).await;
    let mut talk = Talk { around, out, incoming, numbers: Numbers::default() };
    tokio::select! {
        ended = hear_states(around, connection) => ended,
        ended = async {
            loop {
                let result = tokio::select! {
                    frame = input.receive() => match frame {
                        Ok(Some(frame)) => talk.hear(&frame).await,
                        Ok(None) => Err(Ended::Broken("the cart ended the conversation".to_owned())),
                        Err(error) => Err(Ended::Broken(error.to_string())),
                    },
                    Some(signal) = outgoing.recv() => talk.say(&ConsoleMessage::Signal(signal)).await,
                    request = requests.recv() => talk.carry_out(connection, request).await,
                    problem = watch_video(video.as_ref()) => {
                        around.front.fault(Severity::Warning, problem);
                        Ok(())
                    }
                };
                if let Err(ended) = result {
                    break ended;
                }
            }
        } => ended,
    }
}

async fn greet(
    destination: &Destination,
    around: &Surroundings,
    out: &mut FrameSender,
    input: &mut FrameReceiver,
) -> Result<(), Ended> {
    let role = match destination.identity.role() {
        CertifiedRole::Operator => Role::Operator,
        CertifiedRole::Observer | CertifiedRole::Cart => Role::Observer,
    };
    let hello = Hello { version: PROTOCOL_VERSION, role, software: super::SOFTWARE.to_owned() };
    say(out, &ConsoleMessage::Hello(hello)).await?;
    let broken = |error: &dyn std::fmt::Display| Ended::Broken(error.to_string());
    let first = input.receive().await.map_err(|error| broken(&error))?;
    let first = first.ok_or_else(|| Ended::Broken("the cart said nothing".to_owned()))?;
    match CartMessage::decode(&first).map_err(|error| broken(&error))? {
        CartMessage::Welcome(welcome) => {
            begin(&around.ledger, &welcome);
            let may_drive = welcome.role == Role::Operator;
            around.front.tell(Event::Connected(welcome));
            if may_drive {
                // Whoever connects first may drive; a held lease is not taken away by asking.
                say(out, &ConsoleMessage::RequestLease).await?;
            }
            Ok(())
        }
        CartMessage::Refused(refusal) => Err(Ended::Refused(refusal)),
        _ => Err(Ended::Broken("the cart did not begin with a welcome".to_owned())),
    }
}

fn begin(ledger: &SharedLedger, welcome: &Welcome) {
    let mut ledger = ledger.lock();
    ledger.reconnected();
    ledger.scanner(freeze_of(welcome.scanner.settings.frozen));
}

async fn say(out: &mut FrameSender, message: &ConsoleMessage) -> Result<(), Ended> {
    match message.encode() {
        Some(bytes) => out.send(&bytes).await.map_err(|error| Ended::Broken(error.to_string())),
        None => Ok(()),
    }
}

/// Starts the picture's way in. Without it the exam goes on blind, which the picture watch tells the cart.
async fn receive_video(destination: &Destination, around: &Surroundings, signals: Signals) -> Option<VideoReceiver> {
    let local = local_address_towards(destination.address);
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

async fn watch_video(video: Option<&VideoReceiver>) -> String {
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

async fn hear_states(around: &Surroundings, connection: &Connection) -> Ended {
    loop {
        let bytes = match connection.datagram().await {
            Ok(bytes) => bytes,
            Err(closed) => return Ended::Broken(closed.to_string()),
        };
        let arrived = around.clock.now();
        // What is no state is not the cart's; the transport has already authenticated it, so it is another version's.
        let Ok(CartDatagram::State(state)) = CartDatagram::decode(&bytes) else { continue };
        if around.ledger.lock().state(arrived, &state) {
            around.front.tell_at(arrived, Event::Cart(CartDatagram::State(state)));
        }
    }
}

#[derive(Debug, Default)]
struct Numbers {
    scanner: u32,
    stop: u32,
}

struct Talk<'a> {
    around: &'a Surroundings,
    out: FrameSender,
    incoming: mpsc::Sender<Signal>,
    numbers: Numbers,
}

impl Talk<'_> {
    async fn say(&mut self, message: &ConsoleMessage) -> Result<(), Ended> {
        say(&mut self.out, message).await
    }

    async fn hear(&mut self, frame: &[u8]) -> Result<(), Ended> {
        let front = &self.around.front;
        match CartMessage::decode(frame).map_err(|error| Ended::Broken(error.to_string()))? {
            CartMessage::Welcome(_) => return Err(Ended::Broken("the cart said welcome twice".to_owned())),
            CartMessage::Refused(refusal) => return Err(Ended::Refused(refusal)),
            CartMessage::Lease(status) => {
                let epoch = if let LeaseStatus::Yours(epoch) = status { Some(epoch) } else { None };
                self.around.ledger.lock().set_epoch(epoch);
                front.tell(Event::Lease(status));
            }
            CartMessage::Scanner(reply) => {
                self.around.ledger.lock().scanner(freeze_of(reply.state.settings.frozen));
                front.tell(Event::Scanner(reply));
            }
            CartMessage::Event(event) => front.notice(event),
            CartMessage::Signal(signal) => {
                // A video that has ended takes no more signals.
                let _ = self.incoming.send(signal).await;
            }
            CartMessage::Report(report) => {
                // Nobody waits for a report that was not asked for.
                let _ = self.around.reports.send(*report).await;
            }
        }
        Ok(())
    }

    async fn carry_out(&mut self, connection: &Connection, request: Option<Request>) -> Result<(), Ended> {
        match request {
            Some(Request::Lease) => self.say(&ConsoleMessage::RequestLease).await,
            Some(Request::ReleaseLease) => self.say(&ConsoleMessage::ReleaseLease).await,
            Some(Request::Scanner(settings)) => {
                self.numbers.scanner += 1;
                let request = ScannerRequest { number: self.numbers.scanner, settings };
                self.around.front.tell(Event::ScannerRequested(request));
                self.say(&ConsoleMessage::Scanner(request)).await
            }
            Some(Request::Stop) => {
                self.numbers.stop += 1;
                let notice = StopNotice { number: self.numbers.stop };
                if let Some(bytes) = ConsoleDatagram::Stop(notice).encode() {
                    for _ in 0..STOP_REPEATS {
                        // The stream follows in any case.
                        let _ = connection.send_datagram(bytes.clone());
                    }
                }
                self.around.front.tell(Event::StopSent);
                self.say(&ConsoleMessage::Stop(notice)).await
            }
            Some(Request::Report) => self.say(&ConsoleMessage::RequestReport).await,
            None | Some(Request::Goodbye) => {
                // The cart learns it from the closing connection as well.
                let _ = self.say(&ConsoleMessage::Goodbye).await;
                Err(Ended::Goodbye)
            }
        }
    }
}

fn freeze_of(frozen: bool) -> ScannerFreeze {
    if frozen { ScannerFreeze::Frozen } else { ScannerFreeze::Running }
}
