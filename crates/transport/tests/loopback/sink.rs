//! Datagrams handed over as they arrive.

use std::sync::{Arc, Mutex, mpsc};

use bytes::Bytes;
use farprobe_transport::{CloseReason, Closed, LinkOptions};

use super::support::*;

fn numbered(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

fn number(datagram: &Bytes) -> u32 {
    u32::from_be_bytes(*datagram.first_chunk().unwrap())
}

/// Until that many datagrams have come to `connection`, read or not.
async fn arrived(connection: &farprobe_transport::Connection, count: u64) {
    within(async {
        while connection.stats().datagrams_received < count {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Sends those numbers one after the other and waits for each: the system's buffer is not what is tested.
async fn send_all(pair: &Pair, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let before = pair.cart.stats().datagrams_received;
        pair.console.send_datagram(numbered(number)).unwrap();
        arrived(&pair.cart, before + 1).await;
    }
}

/// What came out of a channel, without holding up the runtime.
async fn next<T>(from: &mpsc::Receiver<T>) -> T {
    within(async {
        loop {
            match from.try_recv() {
                Ok(item) => break item,
                Err(mpsc::TryRecvError::Empty) => tokio::task::yield_now().await,
                Err(gone @ mpsc::TryRecvError::Disconnected) => panic!("{gone}"),
            }
        }
    })
    .await
}

#[tokio::test]
async fn datagrams_come_on_the_wire_thread_in_order_each_once() {
    let pair = connected(LinkOptions::default()).await;
    let (heard, hears) = mpsc::channel();
    pair.cart.on_datagram(move |datagram| {
        heard.send((number(&datagram), std::thread::current().name().map(str::to_owned))).unwrap();
    });
    send_all(&pair, 0..500).await;
    for expected in 0..500 {
        assert_eq!(next(&hears).await, (expected, Some("wire".to_owned())));
    }
    assert!(hears.try_recv().is_err());
}

#[tokio::test]
async fn those_that_waited_come_first() {
    let pair = connected(LinkOptions::default()).await;
    send_all(&pair, 0..5).await;
    let (heard, hears) = mpsc::channel();
    // Not one more comes: they must not wait for it.
    pair.cart.on_datagram(move |datagram| heard.send(number(&datagram)).unwrap());
    for expected in 0..5 {
        assert_eq!(next(&hears).await, expected);
    }
    send_all(&pair, 5..6).await;
    assert_eq!(next(&hears).await, 5);
}

#[tokio::test]
async fn a_sink_may_send_and_the_connection_does_not_outlive_its_end_for_it() {
    let pair = connected(LinkOptions::default()).await;
    let witness = Arc::new(());
    let (echo, held) = (pair.cart.clone(), witness.clone());
    pair.cart.on_datagram(move |datagram| {
        assert!(Arc::strong_count(&held) > 1);
        echo.send_datagram(datagram).unwrap();
    });
    for sent in 0..10 {
        pair.console.send_datagram(numbered(sent)).unwrap();
        assert_eq!(number(&within(pair.console.datagram()).await.unwrap()), sent);
    }
    pair.console.close(CloseReason::Finished, "");
    within(pair.cart.closed()).await;
    within(async {
        while Arc::strong_count(&witness) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_sink_may_put_another_in_its_place_or_close_its_connection() {
    let pair = connected(LinkOptions::default()).await;
    let (heard, hears) = mpsc::channel();
    let cart = pair.cart.clone();
    pair.cart.on_datagram(move |datagram| {
        heard.send(("first", number(&datagram))).unwrap();
        let (heard, closing) = (heard.clone(), cart.clone());
        cart.on_datagram(move |datagram| {
            heard.send(("second", number(&datagram))).unwrap();
            closing.close(CloseReason::Refused, "by its sink");
        });
    });
    send_all(&pair, 0..1).await;
    assert_eq!(next(&hears).await, ("first", 0));
    pair.console.send_datagram(numbered(1)).unwrap();
    assert_eq!(next(&hears).await, ("second", 1));
    let closed = within(pair.console.closed()).await;
    assert_eq!(closed, Closed::ByPeer { reason: CloseReason::Refused, detail: "by its sink".into() });
}

#[tokio::test]
async fn a_sink_that_panics_ends_its_connection_and_no_other() {
    let (cart, operator) = cart_and_operator();
    let cart_endpoint = open_cart(&cart, LinkOptions::default());
    let console_endpoint = open_console(LinkOptions::default());
    let address = cart_endpoint.local_addr().unwrap();
    let connect = async || {
        let (cart, console) =
            within(async { tokio::join!(cart_endpoint.accept(), console_endpoint.connect(address, &operator, None)) })
                .await;
        (cart.unwrap(), console.unwrap())
    };
    let (bad_cart, bad_console) = connect().await;
    let (good_cart, good_console) = connect().await;
    bad_cart.on_datagram(|_| panic!("a test of what a sink must not do"));
    bad_console.send_datagram("bang").unwrap();
    assert_eq!(within(bad_cart.closed()).await, Closed::ByUs);
    assert!(matches!(within(bad_console.closed()).await, Closed::ByPeer { .. }));
    good_console.send_datagram("still here").unwrap();
    assert_eq!(within(good_cart.datagram()).await.unwrap(), "still here");
}

#[tokio::test]
async fn datagrams_wait_in_order_while_a_sink_is_slow() {
    let pair = connected(LinkOptions::default()).await;
    let (go_on, waits) = mpsc::channel::<()>();
    let heard: Arc<Mutex<Vec<u32>>> = Arc::default();
    let hears = heard.clone();
    pair.cart.on_datagram(move |datagram| {
        // Longer than any sink may take: until all have been sent.
        if number(&datagram) == 0 {
            let _ = waits.recv();
        }
        hears.lock().unwrap().push(number(&datagram));
    });
    for sent in 0..50 {
        pair.console.send_datagram(numbered(sent)).unwrap();
    }
    go_on.send(()).unwrap();
    within(async {
        while heard.lock().unwrap().len() < 50 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(heard.lock().unwrap().iter().copied().eq(0..50));
}
