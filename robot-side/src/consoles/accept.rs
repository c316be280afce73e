//! Takes connections for as long as the cart runs.

use std::sync::Arc;

use farprobe_session::cart::ConsoleId;
use farprobe_transport::{AcceptError, CartEndpoint, CloseReason};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Consoles, console};

/// Serves consoles until `stop` turns true, then tells each that the cart shuts down.
pub(crate) async fn serve(consoles: Arc<Consoles>, endpoint: CartEndpoint, mut stop: watch::Receiver<bool>) {
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            accepted = endpoint.accept() => match accepted {
                Ok(connection) => {
                    let id = ConsoleId(consoles.next_id.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
                    tasks.spawn(console::attend(Arc::clone(&consoles), id, connection));
                }
                Err(AcceptError::EndpointClosed) => break,
                // A bad peer never stops the loop. What it was is in the words.
                Err(error) => tracing::warn!("{error}"),
            },
            Some(_ended) = tasks.join_next(), if !tasks.is_empty() => {}
            // The sender is gone only when the program is.
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    endpoint.shut_down(CloseReason::ShuttingDown).await;
    tasks.shutdown().await;
}
