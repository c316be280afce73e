//! Two ends in one process, over real sockets.

mod pair;

use std::time::Duration;

use farprobe_proto::Signal;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use self::pair::{Drops, LIMIT, Pair, Setup, on_loopback, settled};
use super::*;
use crate::testing::{psnr, real_clock};
use crate::{AccessUnitKind, EncoderConfig, Integrity, LinkError};

/// Sound pictures of this content and rate are above; the one before, or a concealed one, is not.
const GOOD_PSNR: f64 = 27.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_picture_comes_out_before_the_next_is_sent() {
    let mut pair = Pair::connected(Setup::default()).await;
    for number in 1..=60 {
        let (source, outcome) = pair.send(number);
        assert_eq!(outcome, SendOutcome::Queued);
        let shown = pair.next().await;
        let stamp = shown.stamp.unwrap();
        assert_eq!(stamp.number, number);
        assert_eq!(shown.integrity, Integrity::Complete);
        assert!(psnr(&shown.picture.luma, &source) > GOOD_PSNR);
        assert!(stamp.captured_at <= stamp.encoded_at && stamp.encoded_at <= shown.first_packet_at);
        assert!(shown.first_packet_at <= shown.received_at && shown.received_at <= shown.decoded_at);
    }
    let (sent, received) = (pair.sender.stats(), pair.receiver.stats());
    assert_eq!((sent.pictures_sent, received.pictures_decoded, received.pictures_concealed), (60, 60, 0));
    assert_eq!((sent.packets_sent, sent.bytes_sent), (received.packets_received, received.bytes_received));
    assert_eq!((received.packets_lost, received.key_requests), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_stream_arrives_in_order_and_all_but_complete() {
    let mut pair = Pair::connected(Setup::default()).await;
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let flow = async {
        let (mut number, mut queued) = (0, 0);
        while queued < 100 {
            ticks.tick().await;
            number += 1;
            queued += u64::from(pair.sender.is_ready() && pair.send(number).1 == SendOutcome::Queued);
        }
    };
    timeout(LIMIT, flow).await.expect("the sender is seldom ready");
    let mut last = 0;
    for _ in 0..99 {
        let number = pair.next().await.stamp.unwrap().number;
        assert!(number > last);
        last = number;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_packets_are_sent_again_and_no_picture_suffers() {
    // Every seventh packet is lost once; its retransmission is let through.
    let drops = Drops::new(|sequence, copy| sequence % 7 == 3 && copy == 0);
    let counter = drops.counter();
    let mut pair = Pair::connected(Setup { drops: Some(drops), ..Setup::default() }).await;
    // A lost last packet shows only by the packets of the next picture, so the stream has to run.
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let (mut number, mut last) = (0, 0);
    let flow = async {
        while last < 60 {
            tokio::select! {
                _ = ticks.tick() => {
                    if pair.sender.is_ready() {
                        number += 1;
                        assert_eq!(pair.send(number).1, SendOutcome::Queued);
                    }
                }
                shown = pair.shown.recv() => {
                    let shown = shown.unwrap();
                    assert_eq!((shown.stamp.unwrap().number, shown.integrity), (last + 1, Integrity::Complete));
                    last += 1;
                }
            }
        }
    };
    timeout(LIMIT, flow).await.expect("a loss was not made good");
    assert!(counter.dropped() > 10, "nothing was lost: the test lost its point");
    assert_eq!(pair.receiver.stats().packets_lost, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_lost_for_good_is_flagged_until_the_key_picture_it_brings() {
    // One packet never comes, however often it is sent.
    let setup = Setup {
        drops: Some(Drops::new(|sequence, _| sequence == 40)),
        recovery_wait: Duration::from_millis(20),
        ..Setup::default()
    };
    let mut pair = Pair::connected(setup).await;
    let (mut flagged, mut number) = (0, 0);
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    let flow = async {
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    if pair.sender.is_ready() {
                        number += 1;
                        pair.send(number);
                    }
                }
                shown = pair.shown.recv() => match shown.unwrap().integrity {
                    Integrity::Concealed => flagged += 1,
                    Integrity::Complete if flagged > 0 => return,
                    Integrity::Complete => {}
                },
            }
        }
    };
    timeout(LIMIT, flow).await.expect("never healed");
    assert!(pair.key_pictures > 1, "no second key picture was sent");
    let (sent, received) = (pair.sender.stats(), pair.receiver.stats());
    assert_eq!((received.packets_lost, received.gaps), (1, 1));
    assert!(sent.key_requests >= 1 && received.key_requests == sent.key_requests);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_with_another_fingerprint_gets_no_picture() {
    let setup = Setup { to_sender: swap_fingerprint, ..Setup::default() };
    refused_as_untrusted(Pair::new(setup).await, |pair| pair.sender.state()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_with_another_fingerprint_shows_no_picture() {
    let setup = Setup { to_receiver: swap_fingerprint, ..Setup::default() };
    refused_as_untrusted(Pair::new(setup).await, |pair| pair.receiver.state()).await;
}

/// The end that was given the wrong fingerprint says so, and no picture arrives.
async fn refused_as_untrusted(mut pair: Pair, deceived: impl Fn(&Pair) -> watch::Receiver<LinkState>) {
    let mut state = deceived(&pair);
    let ended = timeout(LIMIT, state.wait_for(|state| matches!(state, LinkState::Ended(_)))).await;
    let reason = ended.expect("still waits").unwrap().clone();
    assert!(matches!(reason, LinkState::Ended(LinkError::Untrusted)), "{reason:?}");
    pair.send(1);
    assert!(pair.shown.try_recv().is_err());
    assert_eq!(pair.receiver.stats().packets_received, 0);
}

/// Changes one hexadecimal digit of each fingerprint.
fn swap_fingerprint(signal: Signal) -> Signal {
    let swap = |text: String| {
        let lines = text.split("\r\n").map(|line| match line.split_once("sha-256 ") {
            Some((before, digits)) => {
                let other = if digits.starts_with('0') { '1' } else { '0' };
                format!("{before}sha-256 {other}{}", &digits[1..])
            }
            None => line.to_owned(),
        });
        let swapped = lines.collect::<Vec<_>>().join("\r\n");
        assert_ne!(swapped, text, "no fingerprint in the description");
        swapped
    };
    match signal {
        Signal::Offer(text) => Signal::Offer(swap(text)),
        Signal::Answer(text) => Signal::Answer(swap(text)),
        other => other,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_is_dropped_ends_the_receiver_and_a_new_pair_works() {
    let mut pair = Pair::connected(Setup::default()).await;
    pair.send(1);
    pair.next().await;
    let Pair { sender, receiver, .. } = pair;
    drop(sender);
    let mut state = receiver.state();
    let ended = state.wait_for(|state| matches!(state, LinkState::Ended(_)));
    let reason = timeout(LIMIT, ended).await.expect("still waits").unwrap().clone();
    assert!(matches!(reason, LinkState::Ended(LinkError::PeerClosed)), "{reason:?}");

    let mut again = Pair::connected(Setup::default()).await;
    again.send(1);
    assert_eq!(again.next().await.integrity, Integrity::Complete);
    again.sender.close().await;
    again.receiver.close().await;
}

#[test]
fn a_peer_that_vanishes_is_noticed() {
    let cart = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let console = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (to_receiver, from_sender) = mpsc::channel(64);
    let (to_sender, from_receiver) = mpsc::channel(64);
    let keep_signalling_open = (to_receiver.clone(), to_sender.clone());
    let config = ReceiverConfig { link: on_loopback(), ..ReceiverConfig::default() };
    let signals = Signals { to_peer: to_sender, from_peer: from_sender };
    let receiver = console.block_on(VideoReceiver::start(&config, real_clock(), signals, Box::new(|_| {}))).unwrap();
    let signals = Signals { to_peer: to_receiver, from_peer: from_receiver };
    let sender = cart.block_on(VideoSender::start(&on_loopback(), real_clock(), signals)).unwrap();
    assert!(matches!(console.block_on(settled(receiver.state())), LinkState::Connected));
    // As a machine that loses its power: no farewell.
    cart.shutdown_background();
    let mut state = receiver.state();
    let ended = console.block_on(async {
        timeout(LIMIT, state.wait_for(|state| matches!(state, LinkState::Ended(_))))
            .await
            .expect("still waits")
            .unwrap()
            .clone()
    });
    assert!(matches!(ended, LinkState::Ended(LinkError::PeerGone)), "{ended:?}");
    drop((sender, keep_signalling_open));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signalling_that_is_none_ends_the_video_and_says_who_is_to_blame() {
    for nonsense in [
        Signal::Offer("hello".to_owned()),
        Signal::Answer(String::new()),
        Signal::Offer("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n".to_owned()),
    ] {
        let (to_peer, _from_receiver) = mpsc::channel(64);
        let (to_receiver, from_peer) = mpsc::channel(64);
        let config = ReceiverConfig { link: on_loopback(), ..ReceiverConfig::default() };
        let signals = Signals { to_peer, from_peer };
        let receiver = VideoReceiver::start(&config, real_clock(), signals, Box::new(|_| {})).await.unwrap();
        to_receiver.send(nonsense.clone()).await.unwrap();
        let state = settled(receiver.state()).await;
        assert!(matches!(state, LinkState::Ended(LinkError::Signalling(_))), "{nonsense:?}: {state:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_signalling_ends_the_video() {
    let (to_peer, _from_receiver) = mpsc::channel(64);
    let (to_receiver, from_peer) = mpsc::channel(64);
    let signals = Signals { to_peer, from_peer };
    let sender = VideoSender::start(&on_loopback(), real_clock(), signals).await.unwrap();
    drop(to_receiver);
    assert!(matches!(settled(sender.state()).await, LinkState::Ended(LinkError::PeerClosed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_picture_must_be_a_key_picture() {
    let mut pair = Pair::connected(Setup::default()).await;
    let units: Vec<_> = (1..=2).map(|number| pair.encode(number).1).collect();
    assert_eq!(units[1].kind, AccessUnitKind::Delta);
    assert_eq!(pair.sender.send(units[1].clone()), SendOutcome::KeyPictureNeeded);
    assert_eq!(pair.sender.send(units[0].clone()), SendOutcome::Queued);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: run it alone, with --nocapture"]
async fn latency_from_capture_to_decoded_at_1024_by_768() {
    let encoder = EncoderConfig { width: 1024, height: 768, frame_rate: 30.0, bitrate: 5_000_000 };
    let begun = std::time::Instant::now();
    let mut pair = Pair::connected(Setup { encoder, ..Setup::default() }).await;
    println!("connected after {:?}", begun.elapsed());
    let mut ticks = tokio::time::interval(Duration::from_nanos(33_333_333));
    let (mut latencies, mut encodes, mut noise) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=300 {
        ticks.tick().await;
        let (source, outcome) = pair.send(number);
        assert_eq!(outcome, SendOutcome::Queued);
        let shown = pair.next().await;
        let stamp = shown.stamp.unwrap();
        assert_eq!(stamp.number, number);
        latencies.push(shown.decoded_at.saturating_since(stamp.captured_at));
        encodes.push(stamp.encoded_at.saturating_since(stamp.captured_at));
        noise.push(psnr(&shown.picture.luma, &source));
    }
    for (name, times) in [("capture to decoded", &mut latencies), ("capture to encoded", &mut encodes)] {
        times.sort();
        println!("{name}: p50 {:?} p99 {:?} max {:?}", times[150], times[297], times[299]);
    }
    println!("PSNR from {:.1} dB", noise.iter().copied().fold(f64::MAX, f64::min));
    println!("{:#?}\n{:#?}", pair.sender.stats(), pair.receiver.stats());
}
