//! The connection to the cart: made, kept, and made again when it breaks.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use farprobe_devices::MonotonicClock;
use farprobe_proto::{Refusal, Severity};
use farprobe_transport::identity::Identity;
use farprobe_transport::{CloseReason, ConnectError, Connection, ConsoleEndpoint, ConsoleOptions, DemoPolicy};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::conversation::{Ended, Request, converse, until_goodbye};
use super::front::Front;
use super::ledger::SharedLedger;
use super::networks;
use crate::model::Event;
use crate::settings::NetworkSettings;

/// After a failure the cart is tried again after this long.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

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
    /// Further networks to the cart.
    pub networks: Vec<NetworkSettings>,
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
    /// Wakes whoever talks with the cart when a stop was pressed. Not a request among others: it may neither wait behind them
    /// nor be dropped with them.
    pub stop: Arc<Notify>,
    /// Stops sent so far: each has a number of its own.
    pub stops: Arc<AtomicU32>,
    /// Hears that the cart's report that was requested has come.
    pub reported: mpsc::Sender<()>,
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
    let endpoint = Arc::new(ConsoleEndpoint::open(options).map_err(|error| error.to_string())?);
    let _networks = watch_networks(&destination, &endpoint, &around);
    around.front.tell(Event::Connecting { address: destination.address.to_string() });
    let mut attempt = 0;
    let mut told = String::new();
    loop {
        let connected = endpoint.connect(destination.address, &destination.identity, destination.cart.as_deref());
        let connected = tokio::select! {
            connected = connected => connected,
            () = until_goodbye(&mut requests) => return leave(&endpoint).await,
        };
        let problem = match connected {
            Ok(connection) => {
                attempt = 0;
                told.clear();
                match converse(&destination, &around, &connection, &mut requests).await {
                    Ended::Goodbye => {
                        around.connection.store(None);
                        return leave(&endpoint).await;
                    }
                    Ended::Refused(refusal) => return Err(refused(&around.front, &refusal)),
                    Ended::Broken(reason) => {
                        around.connection.store(None);
                        let problem = format!(
                            "the connection to the cart was lost: {reason}. A script does not go on after that: see how the \
                             patient is, then start it anew"
                        );
                        around.front.tell(Event::Lost { reason });
                        tell_owed_stop(&around);
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
        tokio::select! {
            () = tokio::time::sleep(AGAIN_AFTER) => {}
            // There is something to deliver.
            () = around.stop.notified() => {}
            () = until_goodbye(&mut requests) => return leave(&endpoint).await,
        }
    }
}

/// Looks after the further networks for as long as what is returned lives.
fn watch_networks(destination: &Destination, endpoint: &Arc<ConsoleEndpoint>, around: &Surroundings) -> JoinSet<()> {
    let mut watch = JoinSet::new();
    if !destination.networks.is_empty() {
        let (connection, front) = (Arc::clone(&around.connection), around.front.clone());
        let networks = destination.networks.clone();
        watch.spawn(networks::look_after(Arc::clone(endpoint), networks, connection, front));
    }
    watch
}

/// Closes what there is in good order: the cart need not find out by itself.
async fn leave(endpoint: &ConsoleEndpoint) -> Result<(), String> {
    endpoint.shut_down(CloseReason::Finished).await;
    Ok(())
}

/// Says what becomes of a stop that the cart has not shown before the connection broke.
fn tell_owed_stop(around: &Surroundings) {
    let owed = {
        let mut ledger = around.ledger.lock();
        ledger.stop().disconnected();
        ledger.stop().is_owed()
    };
    if owed {
        around.front.tell(Event::StopWaits);
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
