//! The control stream.

use farprobe_transport::{CloseReason, Closed, Connection, FrameError, FrameReceiver, FrameSender, LinkOptions};

use super::support::*;

const LIMIT: usize = 256 * 1024;

type Halves = (FrameSender, FrameReceiver);

async fn control(pair: &Pair, limit: usize) -> (Halves, Halves) {
    let (console, cart) =
        within(async { tokio::join!(pair.console.open_control(limit), pair.cart.accept_control(limit)) }).await;
    (console.unwrap(), cart.unwrap())
}

#[tokio::test]
async fn frames_of_every_size_come_back_unchanged() {
    let pair = connected(LinkOptions::default()).await;
    let ((mut console_out, mut console_in), (mut cart_out, mut cart_in)) = control(&pair, LIMIT).await;
    let echo = tokio::spawn(async move {
        while let Some(frame) = cart_in.receive().await.unwrap() {
            cart_out.send(&frame).await.unwrap();
        }
        cart_out.finish().await.unwrap();
    });
    for length in [0, 1, 3, 1000, 16 * 1024, 100_000, LIMIT] {
        let frame: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
        within(console_out.send(&frame)).await.unwrap();
        assert_eq!(within(console_in.receive()).await.unwrap().unwrap(), frame);
    }
    within(console_out.finish()).await.unwrap();
    assert_eq!(within(console_in.receive()).await, Ok(None));
    assert_eq!(within(console_in.receive()).await, Ok(None));
    within(echo).await.unwrap();
}

#[tokio::test]
async fn a_frame_over_the_limit_is_refused_where_it_is_sent_and_where_it_arrives() {
    let pair = connected(LinkOptions::default()).await;
    let (mut big, _keep) = pair.console.open_control(LIMIT).await.unwrap();
    let (mut small_out, mut small_in) = within(pair.cart.accept_control(100)).await.unwrap();
    let too_long = |length| FrameError::TooLong { length, limit: 100 };
    assert_eq!(within(small_out.send(&[0; 101])).await, Err(too_long(101)));
    within(small_out.send(&[0; 100])).await.unwrap();

    within(big.send(&[1; 100])).await.unwrap();
    within(big.send(&[2; 5000])).await.unwrap();
    assert_eq!(within(small_in.receive()).await.unwrap().unwrap(), vec![1; 100]);
    assert_eq!(within(small_in.receive()).await, Err(too_long(5000)));
    assert_eq!(within(small_in.receive()).await, Err(too_long(5000)));
    // And the sender learns that nobody listens.
    let error = within(async {
        loop {
            if let Err(error) = big.send(&[0; 10]).await {
                break error;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(error, FrameError::Abandoned { code: 1 });
}

#[tokio::test]
async fn a_connection_that_ends_inside_a_frame_says_so() {
    let pair = connected(LinkOptions::default()).await;
    let ((mut console_out, _console_in), (_cart_out, mut cart_in)) = control(&pair, LIMIT).await;
    within(console_out.send(b"whole")).await.unwrap();
    assert_eq!(within(cart_in.receive()).await.unwrap().unwrap(), "whole");
    pair.console.close(CloseReason::Finished, "");
    let closed = Closed::ByPeer { reason: CloseReason::Finished, detail: String::new() };
    assert_eq!(within(cart_in.receive()).await, Err(FrameError::Closed(closed)));
}

#[tokio::test]
async fn a_cancelled_receive_loses_nothing() {
    let pair = connected(LinkOptions::default()).await;
    let ((mut console_out, _console_in), (_cart_out, mut cart_in)) = control(&pair, LIMIT).await;
    let frame: Vec<u8> = (0..LIMIT).map(|i| (i * 13) as u8).collect();
    let sent = frame.clone();
    let sending = tokio::spawn(async move {
        console_out.send(&sent).await.unwrap();
        console_out
    });
    // Polls once, is cancelled, and polls again, until the frame is there.
    let received = within(async {
        loop {
            tokio::select! {
                biased;
                received = cart_in.receive() => break received,
                () = tokio::task::yield_now() => {}
            }
        }
    })
    .await;
    assert_eq!(received.unwrap().unwrap(), frame);
    within(sending).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_send_never_leaves_half_a_frame() {
    let pair = connected(LinkOptions::default()).await;
    let ((mut console_out, _console_in), (_cart_out, mut cart_in)) = control(&pair, LIMIT).await;
    // Far more than the windows hold, so that sends do get cut in the middle while nobody reads.
    let mut cut = 0;
    for number in 0..8_u8 {
        let frame = vec![number; 100_000];
        let sent = tokio::select! {
            biased;
            sent = console_out.send(&frame) => Some(sent),
            () = tokio::task::yield_now() => None,
        };
        cut += usize::from(sent.is_none());
    }
    assert!(cut > 0, "no send was cancelled");
    let finishing = tokio::spawn(console_out.finish());
    let mut last = None;
    while let Some(frame) = within(cart_in.receive()).await.unwrap() {
        assert_eq!(frame.len(), 100_000);
        assert!(frame.iter().all(|byte| *byte == frame[0]) && last < Some(frame[0]), "after {last:?}: {}", frame[0]);
        last = Some(frame[0]);
    }
    within(finishing).await.unwrap().unwrap();
    assert!(last.is_some());
}

async fn second_stream(console: &Connection) -> Option<Halves> {
    // Ready at once or not at all: the cart's limit is known to the console since the handshake.
    tokio::select! {
        biased;
        opened = console.open_control(LIMIT) => opened.ok(),
        () = tokio::task::yield_now() => None,
    }
}

#[tokio::test]
async fn there_is_one_control_stream_at_a_time() {
    let pair = connected(LinkOptions::default()).await;
    let first = control(&pair, LIMIT).await;
    assert!(second_stream(&pair.console).await.is_none());
    drop(first);
}
