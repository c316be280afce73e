//! A cart in this process and consoles made of bare transport and messages.

#![allow(clippy::unwrap_used, reason = "a helper of tests may fail a test")]
#![allow(dead_code, reason = "each binary of tests uses its own part of it")]

use std::future::Future;
use std::time::{Duration, SystemTime};

use farprobe_cart::Cart;
use farprobe_cart::config::Config;
use farprobe_devices::MonotonicClock;
use farprobe_geom::{Newton, Pose, Twist};
use farprobe_proto::{
    CartDatagram, CartMessage, CartReport, Clutch, Command, ConsoleDatagram, ConsoleMessage, Epoch, Hello, LeaseStatus,
    MAX_MESSAGE_BYTES, PROTOCOL_VERSION, PictureHealth, PictureReport, Role, State, Welcome, Wire,
};
use farprobe_transport::identity::{Authority, Identity, Purpose, Role as CertifiedRole, Validity};
use farprobe_transport::{Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy, FrameReceiver, FrameSender};

/// A test that waits this long for something hangs; nothing is concluded from times below it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for what must come.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// A cart and the authority that its consoles come from.
pub(crate) struct Site {
    pub(crate) cart: Cart,
    authority: Authority,
    validity: Validity,
}

impl Site {
    /// Starts a demo's cart, whose simulated nurse arms it.
    pub(crate) fn open() -> Self {
        let validity = Validity::days(SystemTime::now(), 1).unwrap();
        let authority = Authority::create("test site", validity, Purpose::Demo).unwrap();
        let identity = authority.issue(CertifiedRole::Cart, "test cart", validity).unwrap();
        let text = "[cart]\nlisten = \"127.0.0.1:0\"\nidentity = \"unused\"\n\
                    [scanner]\nframe_rate = 2.0\n\
                    [bedside]\nterminal = false\nsimulated_nurse = true\n";
        let config = Config::parse("test.toml", text).unwrap();
        let cart = Cart::start(&config, &identity, DemoPolicy::Required).unwrap();
        Self { cart, authority, validity }
    }

    pub(crate) fn identity(&self, role: CertifiedRole, name: &str) -> Identity {
        self.authority.issue(role, name, self.validity).unwrap()
    }

    /// Connects, with nothing said yet.
    pub(crate) async fn connect(&self, role: CertifiedRole, name: &str) -> RawConsole {
        let endpoint =
            ConsoleEndpoint::open(ConsoleOptions { demo: DemoPolicy::Required, ..ConsoleOptions::default() }).unwrap();
        let identity = self.identity(role, name);
        let connection = soon("a connection", endpoint.connect(self.cart.address(), &identity, None)).await.unwrap();
        let (out, input) = connection.open_control(MAX_MESSAGE_BYTES).await.unwrap();
        RawConsole { _endpoint: endpoint, connection, out, input }
    }

    /// Connects and says hello as what its certificate carries.
    pub(crate) async fn console(&self, role: CertifiedRole, name: &str) -> RawConsole {
        let mut console = self.connect(role, name).await;
        let role = if role == CertifiedRole::Operator { Role::Operator } else { Role::Observer };
        let welcome = console.hello(role, PROTOCOL_VERSION).await;
        assert_eq!(welcome.role, role);
        console
    }
}

/// A console made by hand.
pub(crate) struct RawConsole {
    _endpoint: ConsoleEndpoint,
    pub(crate) connection: Connection,
    pub(crate) out: FrameSender,
    pub(crate) input: FrameReceiver,
}

impl RawConsole {
    pub(crate) async fn say(&mut self, message: &ConsoleMessage) {
        self.out.send(&message.encode().unwrap()).await.unwrap();
    }

    /// The next message that `pick` takes; others are passed over.
    pub(crate) async fn hear<T>(&mut self, what: &str, pick: impl Fn(&CartMessage) -> Option<T>) -> T {
        soon(what, async {
            loop {
                let frame = self.input.receive().await.unwrap().expect("the cart goes on talking");
                if let Some(found) = pick(&CartMessage::decode(&frame).unwrap()) {
                    return found;
                }
            }
        })
        .await
    }

    pub(crate) async fn say_hello(&mut self, role: Role, version: u16) {
        self.say(&ConsoleMessage::Hello(Hello { version, role, software: "raw console".into() })).await;
    }

    pub(crate) async fn hello(&mut self, role: Role, version: u16) -> Welcome {
        self.say_hello(role, version).await;
        self.hear("the welcome", |message| match message {
            CartMessage::Welcome(welcome) => Some(Welcome::clone(welcome)),
            _ => None,
        })
        .await
    }

    /// Asks for the lease and gets it.
    pub(crate) async fn lease(&mut self) -> Epoch {
        self.say(&ConsoleMessage::RequestLease).await;
        self.hear("the lease", |message| match message {
            CartMessage::Lease(LeaseStatus::Yours(epoch)) => Some(*epoch),
            _ => None,
        })
        .await
    }

    pub(crate) async fn report(&mut self) -> CartReport {
        self.say(&ConsoleMessage::RequestReport).await;
        self.hear("the report", |message| match message {
            CartMessage::Report(report) => Some(CartReport::clone(report)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn next_state(&self) -> State {
        loop {
            let bytes = soon("a state", self.connection.datagram()).await.unwrap();
            if let CartDatagram::State(state) = CartDatagram::decode(&bytes).unwrap() {
                return state;
            }
        }
    }

    /// The next state that `wanted` takes.
    pub(crate) async fn state(&self, what: &str, wanted: impl Fn(&State) -> bool) -> State {
        soon(what, async {
            loop {
                let state = self.next_state().await;
                if wanted(&state) {
                    return state;
                }
            }
        })
        .await
    }

    /// Sends one command with the clutch open.
    pub(crate) fn command(&self, epoch: Epoch, sequence: u64) {
        let now = MonotonicClock.now();
        let command = Command {
            epoch,
            sequence,
            sampled_at: now,
            sent_at: now,
            clutch: Clutch::Open,
            clutch_in: 0,
            target: Pose::identity(),
            twist: Twist::zero(),
            desired_force: Newton::new(8.0).unwrap(),
            picture: PictureReport { age_ms: 30, health: PictureHealth::Good },
            echo: None,
        };
        self.connection.send_datagram(ConsoleDatagram::Command(command).encode().unwrap()).unwrap();
    }
}
