//! What runs in the real-time thread does not allocate. A test binary of its own, because it replaces the allocator.

use std::time::Duration;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use farprobe_geom::{Newton, Pose, Time, Twist};
use farprobe_proto::{Clutch, Command, Epoch, PictureHealth, PictureReport, StateEcho};
use farprobe_session::cart::{AgeLimit, CartEnd, LinkVerdict};

#[global_allocator]
static ALLOCATOR: AllocDisabler = AllocDisabler;

#[test]
fn the_cart_end_never_allocates() {
    let mut end = CartEnd::new(AgeLimit::DEFAULT);
    let green = assert_no_alloc(|| {
        end.set_epoch(Some(Epoch(1)));
        let mut green = 0;
        for n in 1..=5_000u64 {
            let now = Time::from_millis(1_000 + 2 * n);
            end.receive(now, &command(n, now));
            end.receive(now, &command(n / 2, now));
            end.count_malformed();
            green += u32::from(end.link(now) == LinkVerdict::Green);
            green += u32::from(end.round_trip(now) == Some(Duration::from_millis(40)));
        }
        green
    });
    assert!(green > 5_000, "the measurements were made: {green}");
}

fn command(sequence: u64, arrived: Time) -> Command {
    let sent = Time::from_nanos(arrived.as_nanos() - 20_000_000);
    Command {
        epoch: Epoch(1),
        sequence,
        sampled_at: sent,
        sent_at: sent,
        clutch: Clutch::Pressed,
        clutch_in: 1,
        target: Pose::identity(),
        twist: Twist::zero(),
        desired_force: Newton::literal(8.0),
        picture: PictureReport { age_ms: 30, health: PictureHealth::Good },
        echo: Some(StateEcho { cart_sent_at: Time::from_nanos(arrived.as_nanos() - 45_000_000), held_us: 5_000 }),
    }
}
