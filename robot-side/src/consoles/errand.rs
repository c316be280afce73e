//! What a console asks for that takes a while. Done apart from reading, so that a stop never waits behind a slow scanner.

use farprobe_proto::{CartMessage, ScannerReply, ScannerRequest};
use farprobe_session::cart::ConsoleId;
use tokio::sync::mpsc;

use super::Consoles;
use super::ended::Ended;
use crate::recorder::Record;

/// One request that is answered.
#[derive(Debug)]
pub(super) enum Errand {
    /// Turn the scanner's controls.
    Scanner(ScannerRequest),
    /// Make the cart's side of the summary.
    Report,
}

/// Runs the errands of one console one after the other, for as long as it is connected.
pub(super) async fn run(
    consoles: &Consoles,
    (id, record): (ConsoleId, &Record),
    mut asked: mpsc::Receiver<Errand>,
    outbox: &mpsc::Sender<CartMessage>,
) -> Result<(), Ended> {
    while let Some(errand) = asked.recv().await {
        let answer = match errand {
            Errand::Scanner(request) => CartMessage::Scanner(Box::new(turn(consoles, id, request).await)),
            Errand::Report => {
                let record = record.clone();
                // It asks the system for what the process costs, and may have to wait for whoever writes the ticks down.
                let Ok(report) = tokio::task::spawn_blocking(move || record.report()).await else {
                    tracing::error!("a report could not be made; the console gets none");
                    continue;
                };
                CartMessage::Report(Box::new(report))
            }
        };
        outbox.try_send(answer).map_err(|_| Ended::Deaf)?;
    }
    Ok(())
}

async fn turn(consoles: &Consoles, id: ConsoleId, request: ScannerRequest) -> ScannerReply {
    // Asked when its turn comes, not when it arrived: somebody may have taken the lease meanwhile.
    let allowed = consoles.lock().leases.may_turn_scanner(id);
    let result = match allowed {
        Ok(()) => consoles.pictures.configure(request.settings).await,
        Err(refusal) => Err(refusal),
    };
    ScannerReply { number: Some(request.number), result, state: consoles.pictures.scanner() }
}
