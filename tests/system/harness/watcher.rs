//! An observer's connection to the cart: sees every state that arrives, drives nothing.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{
    CartDatagram, CartMessage, CartReport, Cause, ConsoleDatagram, ConsoleMessage, Hello, Ladder, MAX_MESSAGE_BYTES,
    PROTOCOL_VERSION, Role, State, StopNotice, Wire,
};
use farprobe_transport::identity::{Identity, Purpose, Role as CertifiedRole};
use farprobe_transport::{Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy, FrameReceiver, FrameSender};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use super::PATIENCE;

/// One thing the cart was seen to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) at: Time,
    pub(crate) ladder: Ladder,
    pub(crate) cause: Cause,
}

/// An observer that sees the cart's states, with a runtime of its own.
pub(crate) struct Watcher {
    runtime: Runtime,
    connection: Connection,
    /// Keeps the socket.
    _endpoint: ConsoleEndpoint,
    control: FrameSender,
    reports: mpsc::UnboundedReceiver<CartReport>,
    newest: watch::Receiver<Option<State>>,
    all: Arc<Mutex<Vec<State>>>,
}

impl Watcher {
    /// Connects as `identity` and looks on.
    pub(crate) fn connect(address: SocketAddr, identity: &Identity) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (endpoint, connection, (control, input)) = runtime.block_on(greet(address, identity));
        let all = Arc::new(Mutex::new(Vec::new()));
        let (tell, newest) = watch::channel(None);
        let (heard, kept) = (connection.clone(), Arc::clone(&all));
        runtime.spawn(async move {
            while let Ok(bytes) = heard.datagram().await {
                let datagram = CartDatagram::decode(&bytes).expect("the cart sends what it should");
                let CartDatagram::State(state) = datagram else { continue };
                kept.lock().expect("no reader has failed").push(state);
                tell.send_replace(Some(state));
            }
        });
        let (pass_on, reports) = mpsc::unbounded_channel();
        runtime.spawn(hear(input, pass_on));
        Self { runtime, connection, _endpoint: endpoint, control, reports, newest, all }
    }

    /// Waits for a state of which `fact` is true, from the newest on.
    pub(crate) fn until(&mut self, what: &str, fact: impl Fn(&State) -> bool) -> State {
        let newest = &mut self.newest;
        let waited = self.runtime.block_on(async {
            let found = newest.wait_for(|state| state.as_ref().is_some_and(&fact));
            tokio::time::timeout(PATIENCE, found).await.map(|found| found.map(|state| *state))
        });
        match waited {
            Ok(Ok(Some(state))) => state,
            Ok(_) => panic!("the cart was gone before {what}; it was {:?}", self.steps()),
            Err(late) => panic!("waited in vain for {what} ({late}); the cart was {:?}", self.steps()),
        }
    }

    /// The state that arrived last. There is one from the first call of [`Self::until`] on.
    pub(crate) fn newest(&mut self) -> State {
        self.until("any state", |_| true)
    }

    /// The first state seen `millis` or more of the cart's own time after `state`.
    pub(crate) fn later(&mut self, state: &State, millis: u64) -> State {
        let due = state.sampled_at + Duration::from_millis(millis);
        self.until("the cart's time to pass", |state| state.sampled_at >= due)
    }

    /// Waits for a step of the ladder.
    pub(crate) fn until_ladder(&mut self, ladder: Ladder) -> State {
        self.until(&format!("{ladder:?}"), |state| state.ladder == ladder)
    }

    /// All states since `since`, in the order of their ticks.
    pub(crate) fn since(&self, since: Time) -> Vec<State> {
        let mut states: Vec<State> = self
            .all
            .lock()
            .expect("no reader has failed")
            .iter()
            .filter(|state| state.sampled_at >= since)
            .copied()
            .collect();
        states.sort_by_key(|state| state.sampled_at);
        states
    }

    /// The steps of the ladder so far.
    pub(crate) fn steps(&self) -> Vec<Seen> {
        let mut steps: Vec<Seen> = Vec::new();
        for State { sampled_at: at, ladder, cause, .. } in self.since(Time::ZERO) {
            if steps.last().is_none_or(|last| last.ladder != ladder) {
                steps.push(Seen { at, ladder, cause });
            }
        }
        steps
    }

    /// Says something on the control stream.
    pub(crate) fn say(&mut self, message: &ConsoleMessage) {
        self.say_bytes(&message.encode().expect("a message of ordinary length"));
    }

    /// Says anything at all on the control stream.
    pub(crate) fn say_bytes(&mut self, bytes: &[u8]) {
        self.runtime.block_on(self.control.send(bytes)).expect("the cart listens");
    }

    /// Sends a datagram of any bytes.
    pub(crate) fn send_datagram(&self, bytes: Vec<u8>) {
        self.connection.send_datagram(bytes).expect("the cart is connected");
    }

    /// Waits until the cart has closed this connection.
    pub(crate) fn until_let_go(&self) {
        let closed = self.connection.closed();
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, closed).await }).expect("the cart lets go");
    }

    /// Presses the stop of this console.
    pub(crate) fn stop(&mut self) {
        let notice = StopNotice { number: 1 };
        self.send_datagram(ConsoleDatagram::Stop(notice).encode().expect("a message of ordinary length"));
        self.say(&ConsoleMessage::Stop(notice));
    }

    /// Asks for the cart's side of the summary.
    pub(crate) fn report(&mut self) -> CartReport {
        self.say(&ConsoleMessage::RequestReport);
        let report = self.reports.recv();
        let report = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, report).await });
        report.expect("a report in time").expect("the cart goes on talking")
    }
}

/// Reads what the cart says, so that it never waits for this console; only reports are kept.
async fn hear(mut input: FrameReceiver, reports: mpsc::UnboundedSender<CartReport>) {
    while let Ok(Some(frame)) = input.receive().await {
        if let CartMessage::Report(report) = CartMessage::decode(&frame).expect("the cart says what it should") {
            // The test may be over.
            let _ = reports.send(*report);
        }
    }
}

/// How hard the probe presses along its axis by the force sensor, N.
pub(crate) fn pressing(state: &State) -> f64 {
    -state.wrench.force.z
}

/// The mean of [`pressing`] over the last states of the first stay in `ladder`, N: a tenth of a second of them.
pub(crate) fn force_at_end_of(ladder: Ladder, states: &[State]) -> f64 {
    const STATES: usize = 25;
    let stay: Vec<f64> =
        states.iter().skip_while(|s| s.ladder != ladder).take_while(|s| s.ladder == ladder).map(pressing).collect();
    let last = &stay[stay.len().saturating_sub(STATES)..];
    assert!(!last.is_empty(), "the cart was never in {ladder:?}");
    last.iter().sum::<f64>() / last.len() as f64
}

async fn greet(
    address: SocketAddr,
    identity: &Identity,
) -> (ConsoleEndpoint, Connection, (FrameSender, FrameReceiver)) {
    let demo = match identity.purpose() {
        Purpose::Demo => DemoPolicy::Required,
        Purpose::Real => DemoPolicy::Refused,
    };
    let options = ConsoleOptions { demo, ..ConsoleOptions::default() };
    let endpoint = ConsoleEndpoint::open(options).expect("a socket");
    let connection = endpoint.connect(address, identity, None).await.expect("the cart admits the watcher");
    let (mut out, mut input) = connection.open_control(MAX_MESSAGE_BYTES).await.expect("a control stream");
    let role = if identity.role() == CertifiedRole::Operator { Role::Operator } else { Role::Observer };
    let hello = Hello { version: PROTOCOL_VERSION, role, software: "the system tests".into() };
    out.send(&ConsoleMessage::Hello(hello).encode().expect("a message of ordinary length"))
        .await
        .expect("the cart listens");
    let first = input.receive().await.expect("the cart answers").expect("a first message");
    assert!(matches!(CartMessage::decode(&first), Ok(CartMessage::Welcome(_))));
    (endpoint, connection, (out, input))
}
