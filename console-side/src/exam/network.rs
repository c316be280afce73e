//! The director's end of the network: a runtime in whose tasks the connection is kept, and a line to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use farprobe_devices::MonotonicClock;
use farprobe_metrics::{ExportError, Exporter, LOOPBACK};
use farprobe_transport::Connection;
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::conversation::Request;
use super::figures::figures;
use super::front::Front;
use super::ledger::SharedLedger;
use super::link::{self, AfterLoss, Destination, Surroundings};
use super::plan::Happening;

/// How long the cart has for its side of the summary.
const REPORT_WITHIN: Duration = Duration::from_secs(2);

/// How long a goodbye may take: until the cart has heard it (800 ms), then until the connection is closed (500 ms), and as much
/// again for a machine that is busy.
const GOODBYE_WITHIN: Duration = Duration::from_secs(2);

/// Requests that wait for the network.
const REQUEST_SLOTS: usize = 64;

/// The running network.
#[derive(Debug)]
pub(super) struct Network {
    runtime: Runtime,
    connection: Arc<ArcSwapOption<Connection>>,
    requests: mpsc::Sender<Request>,
    stop: Arc<Notify>,
    link: JoinHandle<()>,
    reported: mpsc::Receiver<()>,
    /// Serves live figures, if they are asked for.
    exporter: Option<Exporter>,
}

impl Network {
    /// Starts to connect to `destination`. `tell` hears when it is over, and of a Ctrl-C, SIGTERM or SIGHUP.
    pub(super) fn start(
        destination: Destination,
        after_loss: AfterLoss,
        clock: MonotonicClock,
        ledger: &SharedLedger,
        front: &Front,
        tell: &Sender<Happening>,
    ) -> std::io::Result<Self> {
        let connection = Arc::new(ArcSwapOption::empty());
        let (requests, asked) = mpsc::channel(REQUEST_SLOTS);
        let stop = Arc::new(Notify::new());
        let (report, reported) = mpsc::channel(1);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let around = Surroundings {
            clock,
            ledger: ledger.clone(),
            front: front.clone(),
            connection: Arc::clone(&connection),
            stop: Arc::clone(&stop),
            stops: Arc::default(),
            reported: report,
        };
        let ended = tell.clone();
        let link = runtime.spawn(async move {
            let result = link::keep(destination, after_loss, around, asked).await;
            // The director may be gone already.
            let _ = ended.send(Happening::LinkEnded(result));
        });
        let asked_to_end = tell.clone();
        runtime.spawn(async move {
            if let Some(who) = signalled().await {
                let _ = asked_to_end.send(Happening::End(who.to_owned()));
            }
        });
        Ok(Self { runtime, connection, requests, stop, link, reported, exporter: None })
    }

    /// Serves live figures at this port of this machine until the exam ends.
    pub(super) fn export(
        &mut self,
        port: u16,
        clock: MonotonicClock,
        ledger: &SharedLedger,
    ) -> Result<(), ExportError> {
        let (ledger, connection) = (ledger.clone(), Arc::clone(&self.connection));
        let figures = move || figures(&ledger, connection.load().is_some(), clock.now());
        let _runtime = self.runtime.enter();
        self.exporter = Some(Exporter::open(LOOPBACK, port, figures)?);
        Ok(())
    }

    /// Where live figures are served, if they are.
    pub(super) fn figures_address(&self) -> Option<SocketAddr> {
        self.exporter.as_ref().map(Exporter::address)
    }

    /// The place where the living connection is, whenever there is one.
    pub(super) fn connection(&self) -> Arc<ArcSwapOption<Connection>> {
        Arc::clone(&self.connection)
    }

    /// Whether there is a cart to talk to.
    pub(super) fn is_connected(&self) -> bool {
        self.connection.load().is_some()
    }

    /// Sees that the stop the ledger owes is sent: now, or first thing once the cart is reached.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Leaves a request for the cart. False if nobody takes it.
    pub(super) fn request(&self, request: Request) -> bool {
        self.is_connected() && self.requests.try_send(request).is_ok()
    }

    /// Has the ledger brought up to date with the cart's side of the summary, if the cart gives it in time.
    pub(super) fn report(&mut self) {
        if !self.is_connected() {
            return;
        }
        self.runtime.block_on(async {
            if self.requests.send(Request::Report).await.is_ok() {
                // Otherwise what the cart told last stands.
                let _ = tokio::time::timeout(REPORT_WITHIN, self.reported.recv()).await;
            }
        });
    }

    /// Says goodbye to the cart and ends.
    pub(super) fn end(self) {
        let Self { runtime, requests, link, exporter, .. } = self;
        drop(exporter);
        runtime.block_on(async {
            let said = async {
                // The link may have ended by itself already.
                let _ = requests.send(Request::Goodbye).await;
                let _ = link.await;
            };
            // After that the cart finds out by itself.
            let _ = tokio::time::timeout(GOODBYE_WITHIN, said).await;
        });
        runtime.shutdown_background();
    }
}

/// Waits until this program is asked to end, and says how. `None` if that can't be heard.
async fn signalled() -> Option<&'static str> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).ok()?;
        let mut hang_up = signal(SignalKind::hangup()).ok()?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed.ok().map(|()| "Ctrl-C"),
            _ = terminate.recv() => Some("SIGTERM"),
            _ = hang_up.recv() => Some("its terminal is gone (SIGHUP)"),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.ok().map(|()| "Ctrl-C")
}
