//! The conversation with the cart over one connection: greeting, requests, answers and states.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_media::{Signals, VideoReceiver};
use farprobe_proto::{
    CartDatagram, CartMessage, ConsoleDatagram, ConsoleMessage, Hello, MAX_MESSAGE_BYTES, PROTOCOL_VERSION, Refusal,
    Role, ScannerRequest, ScannerSettings, Severity, Signal, StopNotice, Welcome, Wire,
};
use farprobe_session::console::ScannerFreeze;
use farprobe_transport::identity::Role as CertifiedRole;
use farprobe_transport::{Connection, FrameReceiver, FrameSender};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::link::{Destination, Surroundings};
use super::video;
use crate::model::Event;

/// Signals that wait for the video's end, and back.
const SIGNAL_SLOTS: usize = 32;

/// A stop is sent this often as a datagram beside the stream: at 30 % loss one in 10⁵ stops would need the stream.
const STOP_REPEATS: usize = 10;

/// How long the cart has to hear a goodbye: a round trip at which nobody may drive any more (350 ms), and what its loss costs.
const GOODBYE_HEARD_WITHIN: Duration = Duration::from_millis(800);

/// How often the cart is asked what it has counted: so much is lost with a connection that breaks.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Something to be said to the cart on the control stream.
#[derive(Debug)]
pub(super) enum Request {
    /// Ask for the right to drive.
    Lease,
    /// Give it back.
    ReleaseLease,
    /// Turn the scanner's controls.
    Scanner(ScannerSettings),
    /// Ask for the cart's side of the summary as it is now.
    Report,
    /// Say goodbye and end.
    Goodbye,
}

/// How a conversation ended.
pub(super) enum Ended {
    /// The console said goodbye.
    Goodbye,
    /// The connection broke; in words.
    Broken(String),
    /// The cart refused this console.
    Refused(Refusal),
}

/// Talks with the cart over `connection` until one of the two ends it.
pub(super) async fn converse(
    destination: &Destination,
    around: &Surroundings,
    connection: &Connection,
    requests: &mut mpsc::Receiver<Request>,
) -> Ended {
    let (mut out, mut input) = match connection.open_control(MAX_MESSAGE_BYTES).await {
        Ok(streams) => streams,
        Err(error) => return Ended::Broken(error.to_string()),
    };
    let greeted = tokio::select! {
        greeted = greet(destination, around, connection, &mut out, &mut input) => greeted,
        () = until_goodbye(requests) => Err(Ended::Goodbye),
    };
    if let Err(ended) = greeted {
        return ended;
    }
    around.connection.store(Some(Arc::new(connection.clone())));
    let (to_peer, mut outgoing) = mpsc::channel(SIGNAL_SLOTS);
    let (incoming, from_peer) = mpsc::channel(SIGNAL_SLOTS);
    let video = video::receive(destination.address, around, Signals { to_peer, from_peer }).await;
    let mut talk = Talk {
        around,
        out,
        incoming,
        scanner_requests: 0,
        reports_asked: 0,
        reports_heard: 0,
        awaited: None,
        last_step: Time::ZERO,
    };
    let mut report_due = tokio::time::interval(REPORT_EVERY);
    report_due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let ended = tokio::select! {
        ended = hear_datagrams(around, connection, video.as_ref()) => ended,
        ended = async {
            loop {
                let result = tokio::select! {
                    // Before all else: the rest can wait.
                    biased;
                    () = around.stop.notified() => send_owed_stop(around, connection, &mut talk.out).await,
                    frame = input.receive() => match frame {
                        Ok(Some(frame)) => talk.hear(&frame).await,
                        Ok(None) => Err(Ended::Broken("the cart ended the conversation".to_owned())),
                        Err(error) => Err(Ended::Broken(error.to_string())),
                    },
                    Some(signal) = outgoing.recv() => talk.say(&ConsoleMessage::Signal(signal)).await,
                    request = requests.recv() => talk.carry_out(request).await,
                    _ = report_due.tick() => talk.ask_report().await,
                    problem = video::ended(video.as_ref()) => {
                        around.front.fault(Severity::Warning, problem);
                        Ok(())
                    }
                };
                if let Err(ended) = result {
                    break ended;
                }
            }
        } => ended,
    };
    if let Ended::Goodbye = ended {
        talk.leave(connection).await;
    }
    ended
}

/// Lets requests go that nobody is there to be asked, until one says goodbye.
pub(super) async fn until_goodbye(requests: &mut mpsc::Receiver<Request>) {
    while !matches!(requests.recv().await, None | Some(Request::Goodbye)) {}
}

async fn greet(
    destination: &Destination,
    around: &Surroundings,
    connection: &Connection,
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
            begin(around, &welcome);
            let may_drive = welcome.role == Role::Operator;
            around.front.tell(Event::Connected(welcome));
            send_owed_stop(around, connection, out).await?;
            // Whoever connects first may drive; a held lease is not taken away by asking.
            if may_drive && around.ledger.lock().lease_wish().welcomed() {
                say(out, &ConsoleMessage::RequestLease).await?;
            }
            Ok(())
        }
        CartMessage::Refused(refusal) => Err(Ended::Refused(refusal)),
        _ => Err(Ended::Broken("the cart did not begin with a welcome".to_owned())),
    }
}

fn begin(around: &Surroundings, welcome: &Welcome) {
    let mut ledger = around.ledger.lock();
    ledger.reconnected(around.clock.now());
    ledger.scanner(around.clock.now(), freeze_of(welcome.scanner.settings.frozen));
}

async fn say(out: &mut FrameSender, message: &ConsoleMessage) -> Result<(), Ended> {
    match message.encode() {
        Some(bytes) => out.send(&bytes).await.map_err(|error| Ended::Broken(error.to_string())),
        None => Ok(()),
    }
}

async fn hear_datagrams(around: &Surroundings, connection: &Connection, video: Option<&VideoReceiver>) -> Ended {
    loop {
        let bytes = match connection.datagram().await {
            Ok(bytes) => bytes,
            Err(closed) => return Ended::Broken(closed.to_string()),
        };
        let arrived = around.clock.now();
        let datagram = CartDatagram::decode(&bytes);
        // Pictures have a thread of their own; states come often enough to tell of them in time.
        let picture_arrived = video.and_then(|video| video.stats().last_picture_at);
        // From here on the commands wait.
        let mut ledger = around.ledger.lock();
        if let Some(at) = picture_arrived {
            ledger.picture_arrived(at);
        }
        match datagram {
            Ok(CartDatagram::State(state)) => {
                let is_newest = ledger.state(arrived, &state);
                drop(ledger);
                if is_newest {
                    around.front.tell_at(arrived, Event::Cart(CartDatagram::State(state)));
                }
            }
            Ok(CartDatagram::Picture(notice)) => ledger.picture_announced(&notice),
            // It is not the cart's; the transport has already authenticated it, so it is another version's.
            Err(_) => {}
        }
    }
}

/// Sends the stop that the cart can't know of yet, if there is one.
async fn send_owed_stop(around: &Surroundings, connection: &Connection, out: &mut FrameSender) -> Result<(), Ended> {
    if !around.ledger.lock().stop().is_owed() {
        return Ok(());
    }
    let notice = StopNotice { number: around.stops.fetch_add(1, Ordering::Relaxed) };
    if let Some(bytes) = ConsoleDatagram::Stop(notice).encode() {
        for _ in 0..STOP_REPEATS {
            // The stream follows in any case.
            let _ = connection.send_datagram(bytes.clone());
        }
    }
    say(out, &ConsoleMessage::Stop(notice)).await?;
    around.ledger.lock().stop().sent();
    around.front.tell(Event::StopSent);
    Ok(())
}

struct Talk<'a> {
    around: &'a Surroundings,
    out: FrameSender,
    incoming: mpsc::Sender<Signal>,
    scanner_requests: u32,
    reports_asked: u64,
    reports_heard: u64,
    /// Somebody waits for the report of this number.
    awaited: Option<u64>,
    /// When the last step of the ladder was made, console clock.
    last_step: Time,
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
                let ask = self.around.ledger.lock().lease(&status);
                front.tell(Event::Lease(status));
                if ask {
                    return self.say(&ConsoleMessage::RequestLease).await;
                }
            }
            CartMessage::Scanner(reply) => {
                let freeze = freeze_of(reply.state.settings.frozen);
                self.around.ledger.lock().scanner(self.around.clock.now(), freeze);
                front.tell(Event::Scanner(reply));
            }
            CartMessage::Event(event) => front.notice(event),
            CartMessage::Step(step) => {
                let now = self.around.clock.now();
                let at = self.around.ledger.lock().to_console(step.at, now).map_or(now, |translated| translated.at);
                // The estimate gets better meanwhile; the order stays.
                self.last_step = at.min(now).max(self.last_step);
                front.tell_at(self.last_step, Event::Step(step));
            }
            CartMessage::Signal(signal) => {
                // A video that has ended takes no more signals.
                let _ = self.incoming.send(signal).await;
            }
            CartMessage::Report(report) => {
                self.around.ledger.lock().reported(*report);
                // They are answered in order.
                self.reports_heard += 1;
                if self.awaited.is_some_and(|awaited| self.reports_heard >= awaited) {
                    self.awaited = None;
                    // Whoever waited may have given up.
                    let _ = self.around.reported.try_send(());
                }
            }
        }
        Ok(())
    }

    async fn carry_out(&mut self, request: Option<Request>) -> Result<(), Ended> {
        match request {
            Some(Request::Lease) => {
                self.around.ledger.lock().lease_wish().asked();
                self.say(&ConsoleMessage::RequestLease).await
            }
            Some(Request::ReleaseLease) => {
                self.around.ledger.lock().lease_wish().given_back();
                self.say(&ConsoleMessage::ReleaseLease).await
            }
            Some(Request::Scanner(settings)) => {
                self.scanner_requests += 1;
                let request = ScannerRequest { number: self.scanner_requests, settings };
                self.around.front.tell(Event::ScannerRequested(request));
                self.say(&ConsoleMessage::Scanner(request)).await
            }
            Some(Request::Report) => {
                self.awaited = Some(self.reports_asked + 1);
                self.ask_report().await
            }
            None | Some(Request::Goodbye) => Err(Ended::Goodbye),
        }
    }

    async fn ask_report(&mut self) -> Result<(), Ended> {
        self.reports_asked += 1;
        self.say(&ConsoleMessage::RequestReport).await
    }

    /// Says goodbye. By then nobody listens any more who could take the cart's closing for a loss.
    async fn leave(&mut self, connection: &Connection) {
        // Closing at once would overtake what is on its way: the cart, which has heard it, closes. If it does not, it learns it
        // from the closing connection.
        if self.say(&ConsoleMessage::Goodbye).await.is_ok() {
            let _ = tokio::time::timeout(GOODBYE_HEARD_WITHIN, connection.closed()).await;
        }
    }
}

fn freeze_of(frozen: bool) -> ScannerFreeze {
    if frozen { ScannerFreeze::Frozen } else { ScannerFreeze::Running }
}
