//! One console, from its hello to its goodbye.

use std::sync::Arc;
use std::time::Duration;

use farprobe_proto::{
    CartDatagram, CartMessage, ConsoleDatagram, ConsoleMessage, Echo, Hello, MAX_MESSAGE_BYTES, Refusal, Role,
    ScannerReply, Severity, Standing, Transition, Wire,
};
use farprobe_servo::Inbound;
use farprobe_session::cart::ConsoleId;
use farprobe_transport::{CloseReason, Connection, FrameReceiver, FrameSender, SendError};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

use super::ended::Ended;
use super::errand::{self, Errand};
use super::heard::Heard;
use super::welcome::role_for;
use super::{Consoles, OUTBOX_SLOTS, video};
use crate::recorder::Record;

/// A console says hello within this time or is let go: it is two round trips on the worst line that may drive.
const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// A console that was refused has this long to hear why: a packet lost on the worst line is sent again within it.
const REFUSAL_HEARD_WITHIN: Duration = Duration::from_secs(1);

/// Requests of a console that wait for an answer. A person at a panel turns one control at a time.
const ERRAND_SLOTS: usize = 32;

/// Attends one console until it leaves.
pub(super) async fn attend(consoles: Arc<Consoles>, id: ConsoleId, connection: Connection) {
    let name = connection.peer().name.clone();
    let record = match consoles.recorder.open(id) {
        Ok(record) => record,
        Err(error) => {
            tracing::error!("a console can't be served: its figures have no room: {error}");
            return connection.close(CloseReason::Unspecified, "the cart can't serve it now");
        }
    };
    let ended = converse(&consoles, id, &connection, &record).await;
    consoles.with_leases(|desk| desk.leave(id));
    consoles.lock().outboxes.remove(&id);
    consoles.recorder.close(id);
    let ended = ended.err().unwrap_or(Ended::Goodbye);
    let (severity, words) = ended.told(&name);
    consoles.announce(severity, words);
    match ended {
        Ended::Goodbye | Ended::Closed(_) => {}
        Ended::Refused(_) => connection.close(CloseReason::Refused, &ended.to_string()),
        Ended::Frame(_) | Ended::Decode(_) | Ended::NoHello | Ended::Deaf | Ended::Hasty => {
            connection.close(CloseReason::Violation, &ended.to_string());
        }
    }
}

async fn converse(
    consoles: &Arc<Consoles>,
    id: ConsoleId,
    connection: &Connection,
    record: &Record,
) -> Result<(), Ended> {
    let (mut out, mut input, hello) =
        tokio::time::timeout(HELLO_WITHIN, hear_hello(record, connection)).await.map_err(|_| Ended::NoHello)??;
    let hello = match hello.ok_or(Refusal::HelloExpected) {
        Ok(hello) => hello,
        Err(refusal) => return Err(refuse(connection, out, refusal).await),
    };
    let role = match role_for(&hello, connection.peer()) {
        Ok(role) => role,
        Err(refusal) => return Err(refuse(connection, out, refusal).await),
    };
    // Before the welcome says how the ladder stands: no step after that may be missed.
    let steps = consoles.steps.subscribe();
    welcome(consoles, connection, &mut out, role).await?;
    let name = connection.peer().name.clone();
    consoles.announce(Severity::Info, format!("console {name} connected ({})", hello.software));

    let (outbox, queued) = mpsc::channel(OUTBOX_SLOTS);
    consoles.lock().outboxes.insert(id, outbox.clone());
    consoles.with_leases(|desk| desk.join(id, name, role, hello.version));
    let heard = Arc::new(Heard::new(consoles.now()));
    hear_commands(consoles, (id, record), connection, &heard);
    let picture = video::Outlet::new(consoles, record.clone(), outbox.clone(), connection.clone());
    let (errands, asked) = mpsc::channel(ERRAND_SLOTS);

    tokio::select! {
        ended = write(consoles, &mut out, queued, steps) => ended,
        ended = read(consoles, (id, record), &mut input, &errands, &picture) => ended,
        ended = errand::run(consoles, (id, record), asked, &outbox) => ended,
        closed = connection.closed() => Err(closed.into()),
        ended = tell_states(consoles, connection, &heard) => ended,
        () = picture.run() => Ok(()),
    }
}

/// The console's streams and its hello, if that is what it began with.
async fn hear_hello(
    record: &Record,
    connection: &Connection,
) -> Result<(FrameSender, FrameReceiver, Option<Hello>), Ended> {
    let (out, mut input) = connection.accept_control(MAX_MESSAGE_BYTES).await?;
    let first = input.receive().await?.ok_or(Ended::NoHello)?;
    let first = ConsoleMessage::decode(&first).inspect_err(|_| record.malformed())?;
    let hello = match first {
        ConsoleMessage::Hello(hello) => Some(hello),
        _ => None,
    };
    Ok((out, input, hello))
}

/// Tells a console why it is refused, and lets it read that: closing at once would overtake what is on its way.
async fn refuse(connection: &Connection, mut out: FrameSender, refusal: Refusal) -> Ended {
    if send(&mut out, &CartMessage::Refused(refusal.clone())).await.is_ok() && out.finish().await.is_ok() {
        // A console that does not leave by itself is let go then.
        let _ = tokio::time::timeout(REFUSAL_HEARD_WITHIN, connection.closed()).await;
    }
    Ended::Refused(refusal)
}

async fn welcome(consoles: &Consoles, connection: &Connection, out: &mut FrameSender, role: Role) -> Result<(), Ended> {
    let tip = consoles.pictures.tip();
    let scanner = consoles.pictures.scanner();
    let standing = consoles.states.borrow().map(|state| Standing {
        at: state.sampled_at,
        ladder: state.ladder,
        cause: state.cause,
        origin: state.origin,
    });
    let mut welcome = consoles.introduction.welcome(role, connection.peer(), scanner, tip, consoles.now());
    welcome.standing = standing;
    send(out, &CartMessage::Welcome(Box::new(welcome))).await
}

async fn send(out: &mut FrameSender, message: &CartMessage) -> Result<(), Ended> {
    // Only a text of unbounded length can be too long, and the cart's own texts are short.
    if let Some(bytes) = message.encode() {
        out.send(&bytes).await?;
    }
    Ok(())
}

async fn write(
    consoles: &Consoles,
    out: &mut FrameSender,
    mut queued: mpsc::Receiver<CartMessage>,
    mut steps: broadcast::Receiver<Transition>,
) -> Result<(), Ended> {
    let mut events = consoles.events.subscribe();
    let mut scanner = consoles.pictures.changes();
    loop {
        let message = tokio::select! {
            message = queued.recv() => message.ok_or(Ended::Deaf)?,
            event = events.recv() => match event {
                Ok(event) => CartMessage::Event(event),
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return shutting_down().await,
            },
            step = steps.recv() => match step {
                Ok(step) => CartMessage::Step(step),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!("a console is slow to read: {missed} steps of the ladder were not told to it");
                    continue;
                }
                Err(RecvError::Closed) => return shutting_down().await,
            },
            changed = scanner.changed() => {
                if changed.is_err() {
                    return shutting_down().await;
                }
                let state = scanner.borrow_and_update().clone();
                CartMessage::Scanner(Box::new(ScannerReply { number: None, result: Ok(()), state }))
            }
        };
        send(out, &message).await?;
    }
}

async fn read(
    consoles: &Arc<Consoles>,
    (id, record): (ConsoleId, &Record),
    input: &mut FrameReceiver,
    errands: &mpsc::Sender<Errand>,
    picture: &video::Outlet,
) -> Result<(), Ended> {
    while let Some(frame) = input.receive().await? {
        let message = ConsoleMessage::decode(&frame).inspect_err(|_| record.malformed())?;
        match message {
            ConsoleMessage::Hello(_) => return Err(Ended::Refused(Refusal::HelloExpected)),
            ConsoleMessage::RequestLease => consoles.with_leases(|desk| desk.request(id)),
            ConsoleMessage::ReleaseLease => consoles.with_leases(|desk| desk.release(id)),
            ConsoleMessage::Stop(_) => stop(consoles),
            ConsoleMessage::Signal(signal) => picture.signal(signal).await,
            ConsoleMessage::Scanner(request) => errands.try_send(Errand::Scanner(request)).map_err(|_| Ended::Hasty)?,
            ConsoleMessage::RequestReport => errands.try_send(Errand::Report).map_err(|_| Ended::Hasty)?,
            ConsoleMessage::Goodbye => return Err(Ended::Goodbye),
        }
    }
    Ok(())
}

fn stop(consoles: &Consoles) {
    if consoles.inbox.push(Inbound::RemoteStop).is_err() {
        tracing::error!(
            "a stop did not reach the real-time thread: it does not run, and the arm has stopped by itself"
        );
    }
}

/// From now on every command goes from the thread that receives it to the real-time thread, with no task between them.
fn hear_commands(
    consoles: &Arc<Consoles>,
    (id, record): (ConsoleId, &Record),
    connection: &Connection,
    heard: &Arc<Heard>,
) {
    let (consoles, record, heard) = (Arc::clone(consoles), record.clone(), Arc::clone(heard));
    let mut stops_seen = None;
    connection.on_datagram(move |bytes| {
        let arrived = consoles.now();
        match ConsoleDatagram::decode(&bytes) {
            Ok(ConsoleDatagram::Command(command)) => {
                let console_sent_at = command.sent_at;
                heard.set(Echo { sequence: command.sequence, console_sent_at, received_at: arrived });
                if consoles.is_driver(id) && heard.tasks_live(arrived) {
                    // A full inbox means that the real-time thread is dead, and with it the arm.
                    let _ = consoles.inbox.push(Inbound::Command { arrived, command });
                }
            }
            // Repeated against loss: the same number is the same stop.
            Ok(ConsoleDatagram::Stop(notice)) if stops_seen != Some(notice.number) => {
                stops_seen = Some(notice.number);
                stop(&consoles);
            }
            Ok(ConsoleDatagram::Stop(_)) => {}
            Err(_) => record.malformed(),
        }
    });
}

async fn tell_states(consoles: &Consoles, connection: &Connection, heard: &Heard) -> Result<(), Ended> {
    let mut states = consoles.states.clone();
    let mut sequence = 0;
    while states.changed().await.is_ok() {
        let Some(mut state) = *states.borrow_and_update() else { continue };
        sequence += 1;
        state.sequence = sequence;
        state.echo = heard.get();
        state.sent_at = consoles.now();
        heard.task_ran(state.sent_at);
        let Some(bytes) = CartDatagram::State(state).encode() else { continue };
        // A state that can't leave now is worth nothing later: only the end of the connection matters.
        if let Err(SendError::Closed(closed)) = connection.send_datagram(bytes) {
            return Err(closed.into());
        }
    }
    shutting_down().await
}

/// What this cart tells has ended before the connection has: the cart is about to end as well, and will say so. It is not the console
/// that left.
async fn shutting_down() -> Result<(), Ended> {
    std::future::pending().await
}
