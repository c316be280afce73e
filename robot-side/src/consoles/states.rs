//! From the real-time thread's ring to every console.

use std::os::fd::OwnedFd;
use std::time::Duration;

use farprobe_proto::State;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::watch;

/// How long the relay waits for the doorbell before it looks whether the real-time thread is still there.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Starts the thread that waits at the doorbell and publishes the newest state, until the real-time thread is gone. Older ones
/// that nobody has taken are dropped: a console wants to know how the cart is, not how it was.
///
/// A thread and not a task: the doorbell wakes it however busy the tasks are, and tokio watches foreign descriptors only
/// through an unsafe call.
pub(crate) fn relay_states(
    doorbell: OwnedFd,
    mut states: rtrb::Consumer<State>,
    newest: watch::Sender<Option<State>>,
) -> std::io::Result<()> {
    std::thread::Builder::new().name("states".into()).spawn(move || {
        while !states.is_abandoned() {
            if let Err(error) = wait_for_ring(&doorbell) {
                return tracing::error!(
                    "consoles hear no more states: waiting for the real-time thread failed: {error}"
                );
            }
            let mut last = None;
            while let Ok(state) = states.pop() {
                last = Some(state);
            }
            if last.is_some() {
                newest.send_replace(last);
            }
        }
    })?;
    Ok(())
}

/// Returns when the doorbell was rung, or after [`LOOK_EVERY`].
fn wait_for_ring(doorbell: &OwnedFd) -> Result<(), Errno> {
    let patience = Timespec::try_from(LOOK_EVERY).ok();
    match poll(&mut [PollFd::new(doorbell, PollFlags::IN)], patience.as_ref()) {
        Ok(0) | Err(Errno::INTR) => return Ok(()),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let mut rings = [0_u8; 8];
    match rustix::io::read(doorbell, &mut rings) {
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use rustix::event::{EventfdFlags, eventfd};

    use super::*;
    use crate::rt::testing::tick;

    #[tokio::test]
    async fn the_newest_state_is_told_and_the_end_is_noticed() {
        let doorbell = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC).unwrap();
        let bell = doorbell.try_clone().unwrap();
        let (mut producer, consumer) = rtrb::RingBuffer::new(8);
        let (newest, mut told) = watch::channel(None);
        for ms in 1..=5 {
            producer.push(tick(ms).state).unwrap();
        }
        rustix::io::write(&bell, &1_u64.to_ne_bytes()).unwrap();
        relay_states(doorbell, consumer, newest).unwrap();
        told.changed().await.unwrap();
        assert_eq!(*told.borrow_and_update(), Some(tick(5).state));
        drop(producer);
        // The relay drops its end when it has noticed.
        told.changed().await.unwrap_err();
    }
}
