//! From the real-time thread's ring to every console.

use std::os::fd::OwnedFd;

use farprobe_proto::State;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::watch;

/// Waits at the doorbell and publishes the newest state, until the real-time thread is gone. Older ones that nobody has
/// taken are dropped: a console wants to know how the cart is, not how it was.
pub async fn relay_states(
    doorbell: OwnedFd,
    mut states: rtrb::Consumer<State>,
    newest: watch::Sender<Option<State>>,
) -> std::io::Result<()> {
    let doorbell = AsyncFd::with_interest(doorbell, Interest::READABLE)?;
    while !states.is_abandoned() {
        let mut ready = doorbell.readable().await?;
        let mut count = [0_u8; 8];
        if let Err(error) = rustix::io::read(ready.get_inner(), &mut count)
            && error == rustix::io::Errno::AGAIN
        {
            ready.clear_ready();
            continue;
        }
        let mut last = None;
        while let Ok(state) = states.pop() {
            last = Some(state);
        }
        if last.is_some() {
            newest.send_replace(last);
        }
    }
    Ok(())
}
