//! The director's end of the network: a runtime in whose tasks the connection is kept, and a line to it.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use farprobe_devices::MonotonicClock;
use farprobe_proto::CartReport;
use farprobe_transport::Connection;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::conversation::Request;
use super::front::Front;
use super::ledger::SharedLedger;
use super::link::{self, AfterLoss, Destination, Surroundings};
use super::plan::Happening;

/// How long the cart has for its side of the summary.
const REPORT_WITHIN: Duration = Duration::from_secs(2);

/// How long a goodbye may take on its way.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// Requests that wait for the network.
const REQUEST_SLOTS: usize = 64;

/// The running network.
#[derive(Debug)]
pub(super) struct Network {
    runtime: Runtime,
    connection: Arc<ArcSwapOption<Connection>>,
    requests: mpsc::Sender<Request>,
    reports: mpsc::Receiver<CartReport>,
}

impl Network {
    /// Starts to connect to `destination`. `tell` hears when it is over, and of a Ctrl-C.
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
        let (report, reports) = mpsc::channel(1);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let around = Surroundings {
            clock,
            ledger: ledger.clone(),
            front: front.clone(),
            connection: Arc::clone(&connection),
            reports: report,
        };
        let ended = tell.clone();
        runtime.spawn(async move {
            let result = link::keep(destination, after_loss, around, asked).await;
            // The director may be gone already.
            let _ = ended.send(Happening::LinkEnded(result));
        });
        let interrupted = tell.clone();
        runtime.spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                let _ = interrupted.send(Happening::End("Ctrl-C".to_owned()));
            }
        });
        Ok(Self { runtime, connection, requests, reports })
    }

    /// The place where the living connection is, whenever there is one.
    pub(super) fn connection(&self) -> Arc<ArcSwapOption<Connection>> {
        Arc::clone(&self.connection)
    }

    /// Leaves a request for the cart. False if nobody takes it.
    pub(super) fn request(&self, request: Request) -> bool {
        self.requests.try_send(request).is_ok()
    }

    /// The cart's side of the summary; `None` if it gives none in time.
    pub(super) fn report(&mut self) -> Option<CartReport> {
        self.runtime.block_on(async {
            // Without a connection there is nobody to ask.
            self.requests.send(Request::Report).await.ok()?;
            tokio::time::timeout(REPORT_WITHIN, self.reports.recv()).await.ok().flatten()
        })
    }

    /// Says goodbye to the cart and ends.
    pub(super) fn end(self) {
        // The connection may be gone already.
        let _ = self.requests.try_send(Request::Goodbye);
        self.runtime.shutdown_timeout(GOODBYE_WITHIN);
    }
}
