//! The real-time thread of a whole cart allocates nothing, whatever its loop does around the servo's step: simulated arm, rings,
//! doorbell, clock. A test binary of its own, because it replaces the allocator.
#![allow(clippy::unwrap_used, reason = "a helper of tests may fail a test")]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use farprobe_devices::MonotonicClock;
use farprobe_geom::{Newton, Pose, Twist};
use farprobe_proto::{
    CartMessage, Clutch, ConsoleDatagram, ConsoleMessage, Ladder, PictureHealth, PictureReport, State, StopNotice, Wire,
};
use farprobe_session::console::{CommandOutbox, Intent};
use farprobe_transport::identity::Role as CertifiedRole;
use support::{RawConsole, Site, soon};

/// The thread that is watched; 0 for none.
static WATCHED: AtomicI32 = AtomicI32::new(0);
/// What it has taken from the allocator or given back while it was watched.
static CALLS: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

// SAFETY: every call is handed on to the system's allocator as it came, and so is what it returns. Counting touches two
// atomics and asks the kernel for a number; it neither allocates nor unwinds.
#[allow(unsafe_code, reason = "an allocator can't be written without it")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count();
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(memory, layout, size) }
    }
}

fn count() {
    let watched = WATCHED.load(Ordering::Relaxed);
    if watched != 0 && rustix::thread::gettid().as_raw_nonzero().get() == watched {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

/// The kernel's number of the one thread of this process that is called `name`.
fn thread_called(name: &str) -> i32 {
    let mut found = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        // A thread may end while it is being looked at.
        if std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name) {
            found.push(task.file_name().to_str().unwrap().parse().unwrap());
        }
    }
    assert_eq!(found.len(), 1, "threads called {name}");
    found[0]
}

/// A hand that presses, sinks, opens and presses again, half a second each, in the rhythm of the states that arrive.
async fn drive(console: &RawConsole, outbox: &mut CommandOutbox, states: u64) -> State {
    const STATES_A_TURN: u64 = 125;
    let mut last = console.next_state().await;
    for count in 0..states {
        let now = MonotonicClock.now();
        outbox.heard(now, &last);
        let (turn, within) = (count / STATES_A_TURN, count % STATES_A_TURN);
        let intent = Intent {
            sampled_at: now,
            clutch: if turn % 2 == 1 { Clutch::Pressed } else { Clutch::Open },
            clutch_in: u32::try_from(turn.div_ceil(2)).unwrap(),
            target: Pose::from_parts([0.0, 0.0, within as f64 * 1e-5], [1.0, 0.0, 0.0, 0.0]).unwrap(),
            twist: Twist::zero(),
            desired_force: Newton::literal(8.0),
            picture: PictureReport { age_ms: 30, health: PictureHealth::Good },
        };
        let command = outbox.command(now, &intent).unwrap();
        console.connection.send_datagram(ConsoleDatagram::Command(command).encode().unwrap()).unwrap();
        last = console.next_state().await;
    }
    last
}

#[tokio::test]
async fn the_real_time_thread_of_a_cart_neither_allocates_nor_frees() {
    let site = Site::open();
    let mut console = site.console(CertifiedRole::Operator, "driver").await;
    let mut outbox = CommandOutbox::new();
    outbox.set_epoch(Some(console.lease().await));
    // Until the link is measured, everything has been touched once.
    let before = drive(&console, &mut outbox, 500).await;

    WATCHED.store(thread_called("servo"), Ordering::Relaxed);
    // A second console is told everything as well, and its hello is answered meanwhile.
    let watcher = site.console(CertifiedRole::Observer, "watcher").await;
    let after = drive(&console, &mut outbox, 1_500).await;
    let applied = |state: State| state.applied.map(|applied| applied.sequence);
    assert!(applied(after) > applied(before), "commands went on reaching the law");
    console.say(&ConsoleMessage::Stop(StopNotice { number: 1 })).await;
    watcher.state("the stop", |state| state.ladder == Ladder::EStop).await;
    let ready =
        |message: &CartMessage| matches!(message, CartMessage::Step(step) if step.to == Ladder::Ready).then_some(());
    console.hear("the step to Ready", ready).await;
    let report = console.report().await;
    let calls = CALLS.load(Ordering::Relaxed);

    // The count itself works: this thread is watched for a moment.
    WATCHED.store(rustix::thread::gettid().as_raw_nonzero().get(), Ordering::Relaxed);
    drop(std::hint::black_box(vec![0_u8; 32]));
    WATCHED.store(0, Ordering::Relaxed);
    assert_eq!(CALLS.load(Ordering::Relaxed), calls + 2, "one taken, one given back");

    assert_eq!(calls, 0, "the real-time thread called the allocator");
    // 1,500 states are 6,000 ticks, were none of them lost on the way.
    assert!(report.rt_loop.ticks > 6_000, "{:?}", report.rt_loop);
    soon("the cart's end", site.cart.stop()).await.unwrap();
}
