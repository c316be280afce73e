use farprobe_geom::Newton;
use farprobe_proto::Contact;
use farprobe_safety::{RoundTripBands, Timing};
use farprobe_sim::body::{BodyCard, Breathing};
use farprobe_sim::link::{LinkProfile, LinkState};

use super::*;
use crate::{Hand, LineCard, LineId, World, WorldCard};

/// Round trips, ms.
const ROUND_TRIPS: [u64; 9] = [0, 10, 50, 100, 200, 350, 500, 700, 1000];
/// A strong device that gives back the whole force: four times as hard to keep quiet as what is shipped.
const ALL_OF_IT: HapticTuning = HapticTuning {
    reflection: 1.0,
    strongest: Newton::literal(8.0),
    stiffness: farprobe_geom::NewtonPerMetre::literal(1_000.0),
};
/// By now the link is measured at any of the round trips.
const PRESS: Time = Time::from_millis(6_000);
/// By now the probe rests on the skin at any of the round trips, and 30 s begin.
const BEGIN: Time = Time::from_millis(13_000);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What 30 s in contact showed.
#[derive(Debug, Clone, Copy)]
struct Contacted {
    /// Half of what the handle's position spans in the first and the last 10 s along the axis it swings about most, m.
    handle: (f64, f64),
    /// Half of what the true contact force spans in the first and the last 10 s, N.
    contact: (f64, f64),
    port: Port,
    /// Largest true contact force, N.
    peak_contact: f64,
    /// True contact force at the end, N.
    end_contact: f64,
}

impl Contacted {
    fn print(&self, round_trip_ms: u64) {
        let Self { handle, contact, port, peak_contact, end_contact } = self;
        println!(
            "{round_trip_ms:5} ms: handle {:6.3} then {:6.3} mm, contact {:6.3} then {:6.3} N (peak {:5.2}, at the end {:5.2}), \
             hand peak {:4.2}, at the end {:4.2} N, least energy {:9.4} mJ",
            handle.0 * 1e3,
            handle.1 * 1e3,
            contact.0,
            contact.1,
            peak_contact,
            end_contact,
            port.peak_force,
            port.force.norm(),
            port.least_energy * 1e3,
        );
    }
}

/// Lowest and highest.
#[derive(Debug, Clone, Copy)]
struct Span(f64, f64);

impl Span {
    const EMPTY: Self = Self(f64::MAX, f64::MIN);

    fn add(&mut self, value: f64) {
        *self = Self(self.0.min(value), self.1.max(value));
    }

    fn half(self) -> f64 {
        (self.1 - self.0) / 2.0
    }
}

fn widest(spans: &[Span; 3]) -> f64 {
    spans.iter().map(|span| span.half()).fold(0.0, f64::max)
}

/// Goes down to the skin (31 mm or so), pushes a little into it, and 6 mm more within 0.4 s when the 30 s begin: into the range in
/// which each millimetre of the hand asks for 2 N.
fn plan(grip: Grip) -> Hand {
    // The touch pushes a soft grip back further.
    let reach = 0.0325 + 0.6 / grip.stiffness;
    Hand::new(Newton::literal(15.0))
        .press(PRESS)
        .travel(PRESS + Duration::from_millis(100), Duration::from_millis(5_500), [0.0, 0.0, reach])
        .travel(BEGIN, Duration::from_millis(400), [0.0, 0.0, 0.006])
}

/// An exam over a link with this round trip, by a site that has opened the round-trip ladder. The belly has 10 N/mm.
fn opened(round_trip_ms: u64, breathing: Breathing, hand: HapticHand<Hand>) -> World {
    let way = LinkProfile::delayed(Duration::from_micros(round_trip_ms * 500));
    let body = BodyCard { breathing, heart_period: Duration::ZERO, ..BodyCard::default() };
    // A link of 1000 ms is measured as a few ticks more.
    let open = Duration::from_millis(1_100);
    let bands = RoundTripBands { normal: open, slowed: open, crawling: open };
    let timing = Timing::SHIPPED.with_round_trip(bands).unwrap();
    let card = WorldCard { body, timing, ..WorldCard::default() };
    let line = LineCard { up: way, down: way, ..LineCard::PERFECT };
    World::new(&card, &line, 3, Box::new(hand)).unwrap()
}

/// What happens in 30 s of contact.
fn contact(round_trip_ms: u64, breathing: Breathing, grip: Grip, reflection: Reflection) -> Contacted {
    let hand = HapticHand::new(plan(grip), grip, reflection);
    let watch = hand.watch();
    let mut world = opened(round_trip_ms, breathing, hand);
    world.run_until(BEGIN);
    let state = world.last().unwrap().1.state;
    assert_eq!((state.ladder, state.contact), (Ladder::Engaged, Contact::Touching), "at {round_trip_ms} ms");
    let mut handle = [[Span::EMPTY; 3]; 3];
    let mut force = [Span::EMPTY; 3];
    let (mut peak_contact, mut end_contact) = (0.0_f64, 0.0);
    // The push itself is no swing.
    let from = BEGIN + seconds(1) + Duration::from_millis(2 * round_trip_ms);
    for third in 0..3 {
        let until = BEGIN + seconds(10 * (third as u64 + 1));
        while world.now() < until {
            world.tick();
            end_contact = world.last().unwrap().0.force.get();
            peak_contact = peak_contact.max(end_contact);
            if world.now() > from {
                for (span, value) in handle[third].iter_mut().zip(&watch.port().position) {
                    span.add(*value);
                }
                force[third].add(end_contact);
            }
        }
    }
    let port = watch.port();
    Contacted {
        handle: (widest(&handle[0]), widest(&handle[2])),
        contact: (force[0].half(), force[2].half()),
        port,
        peak_contact,
        end_contact,
    }
}

/// A swing below this is the sensor's noise and what it moves, m: a hundredth of the press.
const STILL: f64 = 1e-4;
/// The same for the contact force, N: four times the sensor's σ.
const QUIET: f64 = 0.4;

/// Neither hand nor contact go on swinging: after 20 s a swing that is more than noise has halved at least.
fn settles(seen: &Contacted) -> bool {
    let (handle, contact) = (seen.handle, seen.contact);
    handle.1 <= (handle.0 / 2.0).max(STILL) && contact.1 <= (contact.0 / 2.0).max(QUIET)
}

fn assert_passive(round_trip_ms: u64, seen: &Contacted, tuning: &HapticTuning) {
    assert!(settles(seen), "at {round_trip_ms} ms: {seen:?}");
    assert!(seen.port.least_energy >= 0.0, "at {round_trip_ms} ms: {seen:?}");
    assert!(seen.port.peak_force <= tuning.strongest.get() + 1e-9, "at {round_trip_ms} ms: {seen:?}");
    assert!(seen.peak_contact <= 20.0, "at {round_trip_ms} ms: {seen:?}");
    assert!(seen.port.force.norm() > 0.2, "the contact is felt at {round_trip_ms} ms: {seen:?}");
}

fn try_out(round_trips: &[u64], breathing: Breathing, grip: Grip, tuning: HapticTuning) {
    for round_trip in round_trips {
        let seen = contact(*round_trip, breathing, grip, Reflection::Passive(tuning));
        seen.print(*round_trip);
        assert_passive(*round_trip, &seen, &tuning);
    }
}

#[test]
fn sr_046_a_hand_with_a_pen_grip_stays_quiet_at_any_round_trip() {
    try_out(&ROUND_TRIPS, Breathing::HELD, Grip::PEN, HapticTuning::default());
}

#[test]
fn sr_046_a_relaxed_arm_stays_quiet_at_any_round_trip() {
    try_out(&ROUND_TRIPS, Breathing::HELD, Grip::RELAXED_ARM, HapticTuning::default());
}

#[test]
fn sr_046_the_whole_force_on_a_strong_device_stays_quiet_too() {
    try_out(&[0, 200, 1000], Breathing::HELD, Grip::PEN, ALL_OF_IT);
}

#[test]
fn without_the_controller_the_hand_gets_energy_for_nothing_and_from_200_ms_on_it_never_stops_swinging() {
    for round_trip in [10, 200, 500, 1000] {
        let seen = contact(round_trip, Breathing::HELD, Grip::PEN, Reflection::Bare(HapticTuning::default()));
        seen.print(round_trip);
        assert!(seen.port.least_energy < -0.01, "at {round_trip} ms: {seen:?}");
        assert!(round_trip < 200 || !settles(&seen), "at {round_trip} ms: {seen:?}");
    }
}

/// The patient moves, and works on the probe: the swing of the breath stays, and must not grow; nor may its energy reach the hand.
#[test]
fn sr_046_a_patient_who_breathes_makes_no_swing_grow_and_gives_the_hand_no_energy() {
    for round_trip in [0, 350, 1000] {
        let seen = contact(round_trip, Breathing::QUIET, Grip::PEN, Reflection::Passive(HapticTuning::default()));
        seen.print(round_trip);
        assert!(seen.handle.1 <= seen.handle.0 + STILL, "at {round_trip} ms: {seen:?}");
        assert!(seen.contact.1 <= seen.contact.0 + QUIET, "at {round_trip} ms: {seen:?}");
        assert!(seen.port.least_energy >= 0.0, "at {round_trip} ms: {seen:?}");
    }
}

#[test]
fn sr_046_a_cart_that_is_not_heard_any_more_lets_the_hand_go_within_100_ms() {
    let hand = HapticHand::new(plan(Grip::PEN), Grip::PEN, Reflection::Passive(HapticTuning::default()));
    let watch = hand.watch();
    let mut world = opened(0, Breathing::QUIET, hand);
    world.run_until(BEGIN + seconds(2));
    assert!(watch.port().force.norm() > 1.0, "{:?}", watch.port());
    world.set_links(LineId::FIRST, LinkState::Up, LinkState::Cut);
    world.run_until(BEGIN + Duration::from_millis(2_104));
    assert!(watch.port().force.norm() < 0.01, "{:?}", watch.port());
}
