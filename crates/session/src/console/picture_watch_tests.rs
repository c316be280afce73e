use super::*;
use crate::testing::{stamp, state};
use farprobe_proto::Echo;
use proptest::prelude::*;

/// The cart's clock is ahead of the console's by this, ms.
const AHEAD: u64 = 50_000;
/// Between two pictures, ms.
const PERIOD: u64 = 33;

fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

/// A console time by the cart's clock.
fn cart(ms: u64) -> Time {
    at(ms + AHEAD)
}

/// Tells `clock` at `ms` that the cart's clock is ahead by `ahead`, after a round trip of 4 ms.
fn exchange(clock: &mut ClockEstimate, ms: u64, ahead: u64) {
    let mut state = state(1, at(ms + ahead + 2));
    state.echo = Some(Echo { sequence: 1, console_sent_at: at(ms), received_at: at(ms + ahead + 2) });
    clock.record(at(ms + 4), &state);
}

/// A clock that knows that the cart is [`AHEAD`].
fn clock() -> ClockEstimate {
    let mut clock = ClockEstimate::new();
    exchange(&mut clock, 0, AHEAD);
    clock
}

/// How long each part of a picture's way takes, ms.
#[derive(Debug, Clone, Copy)]
struct Way {
    encoding: u64,
    travelling: u64,
    decoding: u64,
    painting: u64,
}

const QUICK: Way = Way { encoding: 20, travelling: 5, decoding: 10, painting: 15 };

impl Way {
    const fn total(self) -> u64 {
        self.encoding + self.travelling + self.decoding + self.painting
    }
}

/// The picture of this number, captured at `captured` ms of the console's time.
fn picture(number: u64, captured: u64, way: Way) -> ShownPicture {
    let received = captured + way.encoding + way.travelling;
    let decoded_at = at(received + way.decoding);
    let mut stamp = stamp(number, cart(captured), 0);
    stamp.encoded_at = cart(captured + way.encoding);
    ShownPicture { stamp, received_at: at(received), decoded_at, shown_at: decoded_at }
}

fn notice(picture: &ShownPicture) -> PictureNotice {
    PictureNotice { captured_at: picture.stamp.captured_at, made_at: picture.stamp.encoded_at }
}

/// Lets a picture come all its way to the screen; nothing else comes meanwhile.
fn pass(watch: &mut PictureWatch, number: u64, captured: u64, way: Way) {
    let picture = picture(number, captured, way);
    watch.announced(&notice(&picture));
    watch.arrived(picture.received_at);
    watch.shown(&picture, Integrity::Complete);
    watch.painted(at(captured + way.total()), &picture);
}

/// Looks with every command from `from` to `to` ms, and gives what was seen last.
fn look(watch: &mut PictureWatch, from: u64, to: u64) -> (PictureReport, PictureVerdict) {
    let clock = clock();
    for ms in (from..to).step_by(2) {
        watch.look(at(ms), &clock);
    }
    watch.look(at(to), &clock)
}

/// Pictures at 30 a second, the last captured at 1 980 ms and on the screen at 2 030 ms; its number.
fn running() -> (PictureWatch, u64) {
    let mut watch = PictureWatch::new();
    (1..=60).for_each(|number| pass(&mut watch, number, PERIOD * number, QUICK));
    look(&mut watch, 1_500, 2_030);
    (watch, 60)
}

fn verdict(watch: &PictureWatch, ms: u64) -> PictureVerdict {
    watch.verdict(at(ms), &clock())
}

fn health(watch: &PictureWatch, ms: u64) -> PictureHealth {
    watch.report(at(ms), &clock()).health
}

#[test]
fn a_running_picture_is_good_and_its_age_is_known() {
    let (mut watch, _) = running();
    let expected = PictureReport { age_ms: 60, health: PictureHealth::Good };
    assert_eq!(look(&mut watch, 2_030, 2_040), (expected, PictureVerdict::Good));
}

#[test]
fn before_the_first_is_painted_there_is_none() {
    let mut watch = PictureWatch::new();
    let absent = PictureReport { age_ms: u16::MAX, health: PictureHealth::Absent };
    let lost = PictureVerdict::Lost(PictureFault::Absent);
    assert_eq!(watch.look(at(5), &clock()), (absent, lost));
    watch.shown(&picture(1, 10, QUICK), Integrity::Complete);
    assert_eq!(watch.look(at(60), &clock()), (absent, lost), "decoded is not painted");
}

/// Something wrong with the source at an instant in ms, after this last good picture.
type Fault = dyn Fn(&mut PictureWatch, u64, u64);

#[test]
fn a_source_that_repeats_or_loops_is_frozen_within_300_ms() {
    let repeats = |watch: &mut PictureWatch, ms, last: u64| show(watch, ms, last, PERIOD * last);
    let loops = |watch: &mut PictureWatch, ms, last: u64| {
        let old = last - 20 + (ms / PERIOD) % 15;
        show(watch, ms, old, PERIOD * old);
    };
    let counts_on = |watch: &mut PictureWatch, ms, last: u64| show(watch, ms, last + ms, PERIOD * last);
    let restamps = |watch: &mut PictureWatch, ms, last: u64| show(watch, ms, last, PERIOD * last + ms);
    let faults: [&Fault; 4] = [&repeats, &loops, &counts_on, &restamps];
    for (kind, fault) in faults.iter().enumerate() {
        let (mut watch, last) = running();
        let shown = PERIOD * last + 35;
        for late in (16..=320).step_by(16) {
            fault(&mut watch, shown + late, last);
            let (report, verdict) = look(&mut watch, shown + late, shown + late);
            let frozen = report.health == PictureHealth::Frozen;
            assert_eq!(frozen, late > 240, "fault {kind} after {late} ms");
            assert_eq!(frozen, verdict == PictureVerdict::Lost(PictureFault::Frozen));
        }
    }
}

/// A picture of this number and capture time is taken and painted at `ms`.
fn show(watch: &mut PictureWatch, ms: u64, number: u64, captured: u64) {
    let stamp = stamp(number, cart(captured), 0);
    let picture = ShownPicture { stamp, received_at: at(ms), decoded_at: at(ms), shown_at: at(ms) };
    watch.shown(&picture, Integrity::Complete);
    watch.painted(at(ms), &picture);
}

#[test]
fn a_source_that_stops_is_late_and_not_frozen() {
    let (mut watch, last) = running();
    let captured = PERIOD * last;
    let flagged = PictureVerdict::Flagged(PictureFault::Late(Culprit::Cart));
    assert_eq!(look(&mut watch, 2_030, captured + 35 + 240).1, PictureVerdict::Good);
    assert_eq!(look(&mut watch, captured + 275, captured + 35 + 241).1, flagged);
    assert_eq!(look(&mut watch, captured + 276, captured + 500).1, flagged, "still to be steered by");
    let (report, verdict) = look(&mut watch, captured + 500, captured + 501);
    assert_eq!(report, PictureReport { age_ms: 501, health: PictureHealth::Good });
    assert_eq!(verdict, PictureVerdict::Lost(PictureFault::Late(Culprit::Cart)));
}

#[test]
fn pictures_that_the_cart_makes_and_that_do_not_arrive_are_the_links_fault() {
    let (mut watch, last) = running();
    for number in last + 1..last + 20 {
        watch.announced(&notice(&picture(number, PERIOD * number, QUICK)));
    }
    assert_eq!(look(&mut watch, 2_030, 2_500).1, PictureVerdict::Lost(PictureFault::Late(Culprit::Link)));
}

/// Looks with every command from `from` to `to` ms, and hears the cart each time.
fn look_and_hear(watch: &mut PictureWatch, from: u64, to: u64) -> PictureVerdict {
    (from..to).step_by(2).for_each(|ms| {
        watch.heard(at(ms));
        watch.look(at(ms), &clock());
    });
    watch.look(at(to), &clock()).1
}

#[test]
fn a_cart_that_is_not_heard_is_not_blamed_for_pictures_that_do_not_come() {
    let (mut watch, last) = running();
    let captured = PERIOD * last;
    look_and_hear(&mut watch, 2_030, 2_050);
    let flagged = PictureVerdict::Flagged(PictureFault::Late(Culprit::Link));
    assert_eq!(look(&mut watch, 2_050, captured + 35 + 241).1, flagged);
    let lost = PictureVerdict::Lost(PictureFault::Late(Culprit::Link));
    assert_eq!(look(&mut watch, captured + 276, 3_000).1, lost);
    // It is heard again, and its first picture is announced and on its way: until then nobody heard of any.
    let next = picture(last + 40, 2_990, QUICK);
    watch.heard(at(3_011));
    watch.announced(&notice(&next));
    assert_eq!(look_and_hear(&mut watch, 3_012, 3_020), lost);
}

#[test]
fn a_cart_that_is_heard_all_the_time_is_blamed_for_a_source_that_stops() {
    let (mut watch, _) = running();
    let lost = PictureVerdict::Lost(PictureFault::Late(Culprit::Cart));
    assert_eq!(look_and_hear(&mut watch, 2_030, 3_000), lost);
}

#[test]
fn pictures_that_wait_for_the_decoder_are_this_consoles_fault() {
    let (mut watch, last) = running();
    for number in last + 1..last + 20 {
        let picture = picture(number, PERIOD * number, QUICK);
        watch.announced(&notice(&picture));
        watch.arrived(picture.received_at);
    }
    assert_eq!(look(&mut watch, 2_030, 2_500).1, PictureVerdict::Lost(PictureFault::Late(Culprit::Console)));
}

#[test]
fn pictures_that_wait_to_be_painted_are_this_consoles_fault() {
    let (mut watch, last) = running();
    for number in last + 1..last + 20 {
        let picture = picture(number, PERIOD * number, QUICK);
        watch.arrived(picture.received_at);
        watch.shown(&picture, Integrity::Complete);
    }
    assert_eq!(look(&mut watch, 2_030, 2_500).1, PictureVerdict::Lost(PictureFault::Late(Culprit::Console)));
}

#[test]
fn a_console_that_was_not_run_blames_itself_and_not_the_link() {
    let (mut watch, last) = running();
    // Everything stands from 2 030 ms on. What came meanwhile is stamped when the receiver runs again, all at once.
    let number = last + 1;
    let late = picture(number, PERIOD * number, Way { travelling: 1_000, ..QUICK });
    watch.look(late.received_at, &clock());
    watch.arrived(late.received_at);
    watch.shown(&late, Integrity::Complete);
    watch.painted(late.shown_at, &late);
    let now = PERIOD * number + QUICK.total() + 1_000;
    assert_eq!(look(&mut watch, now, now + 2).1, PictureVerdict::Lost(PictureFault::Late(Culprit::Console)));
}

#[test]
fn the_operators_freeze_is_told_apart() {
    let (mut watch, last) = running();
    watch.scanner(at(2_030), ScannerFreeze::Frozen);
    assert_eq!(verdict(&watch, 2_040), PictureVerdict::Lost(PictureFault::FrozenByOperator));
    // A scanner that sends nothing new while it is frozen.
    (61..=100).for_each(|n| show(&mut watch, PERIOD * n, last, PERIOD * last));
    assert_eq!(health(&watch, 3_400), PictureHealth::FrozenByOperator);
    assert_eq!(verdict(&watch, 3_400), PictureVerdict::Lost(PictureFault::Late(Culprit::Cart)), "and it is old by now");
    watch.scanner(at(3_400), ScannerFreeze::Running);
    show(&mut watch, 3_410, last, PERIOD * last);
    assert_eq!(health(&watch, 3_640), PictureHealth::Good, "it has as long as any to send a new one");
    assert_eq!(health(&watch, 3_641), PictureHealth::Frozen);
}

#[test]
fn an_old_picture_is_a_fault_though_it_moves() {
    let mut watch = PictureWatch::new();
    let way = Way { encoding: 20, travelling: 400, decoding: 30, painting: 51 };
    (1..100).for_each(|number| pass(&mut watch, number, PERIOD * number, way));
    let now = PERIOD * 99 + way.total();
    let (report, verdict) = look(&mut watch, now, now);
    assert_eq!((report.health, report.age_ms), (PictureHealth::Good, 501));
    assert_eq!(verdict, PictureVerdict::Lost(PictureFault::Late(Culprit::Link)));
}

#[test]
fn a_picture_that_moves_and_is_older_than_300_ms_is_flagged() {
    let mut watch = PictureWatch::new();
    let way = Way { encoding: 20, travelling: 200, decoding: 30, painting: 40 };
    (1..100).for_each(|number| pass(&mut watch, number, PERIOD * number, way));
    let captured = PERIOD * 99;
    assert_eq!(look(&mut watch, captured + way.total(), captured + 300).1, PictureVerdict::Good);
    let flagged = PictureVerdict::Flagged(PictureFault::Late(Culprit::Link));
    for age in [301, 350] {
        assert_eq!(look(&mut watch, captured + 300, captured + age).1, flagged, "{age} ms");
    }
}

#[test]
fn a_concealed_picture_says_so_until_the_next_whole_one() {
    let (mut watch, last) = running();
    watch.shown(&picture(last + 1, 2_013, QUICK), Integrity::Concealed);
    assert_eq!(health(&watch, 2_050), PictureHealth::Concealed);
    pass(&mut watch, last + 2, 2_046, QUICK);
    assert_eq!(health(&watch, 2_100), PictureHealth::Good);
}

#[test]
fn a_capture_in_the_future_has_no_age() {
    let (mut watch, last) = running();
    show(&mut watch, 2_050, last + 1, 3_600_000);
    assert_eq!(watch.age(at(2_051), &clock()), None);
    assert_eq!(verdict(&watch, 2_051), PictureVerdict::Lost(PictureFault::Undated));
    let unknown = watch.verdict(at(2_051), &ClockEstimate::new());
    assert_eq!(unknown, PictureVerdict::Lost(PictureFault::Undated), "nor without a clock");
    show(&mut watch, 2_080, last + 2, 2_070);
    assert_eq!(watch.report(at(2_081), &clock()).age_ms, 11);
    assert_eq!(health(&watch, 2_330), PictureHealth::Frozen, "but what follows the lie is not trusted");
}

#[test]
fn every_fault_is_said_in_words_that_name_who_must_act() {
    let words = |culprit| PictureFault::Late(culprit).to_string();
    assert!(words(Culprit::Cart).contains("staff"));
    assert!(words(Culprit::Link).contains("network"));
    assert!(words(Culprit::Console).contains("this console"));
    assert!(PictureFault::Frozen.to_string().contains("staff"));
}

#[test]
fn what_is_wrong_is_told_of_every_picture_and_speaks_against_steering_only_of_a_lost_one() {
    let late = PictureFault::Late(Culprit::Link);
    for (verdict, flag, fault) in [
        (PictureVerdict::Good, None, None),
        (PictureVerdict::Flagged(late), Some(late), None),
        (PictureVerdict::Lost(late), Some(late), Some(late)),
    ] {
        assert_eq!((verdict.flag(), verdict.fault()), (flag, fault), "{verdict:?}");
    }
}

/// A part of a picture's way that was slow, and by how much.
fn slow(culprit: Culprit, by: u64) -> Way {
    let mut way = QUICK;
    match culprit {
        Culprit::Cart => way.encoding += by,
        Culprit::Link => way.travelling += by,
        Culprit::Console => way.decoding += by,
    }
    way
}

/// What happens at the console, with its time.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Announced(PictureNotice),
    Arrives(Time),
    Shown(ShownPicture, Integrity),
    Painted(ShownPicture),
    Clock(u64),
    Look,
}

/// What a starved machine does to one picture.
#[derive(Debug, Clone, Copy)]
struct Starved {
    period: u64,
    way: Way,
    arrives: bool,
    concealed: bool,
    painted: bool,
}

fn starved() -> impl Strategy<Value = Starved> {
    let way = (1..400u64, 1..400u64, 1..800u64, 0..500u64);
    let way =
        way.prop_map(|(encoding, travelling, decoding, painting)| Way { encoding, travelling, decoding, painting });
    let fate = (prop::bool::weighted(0.8), prop::bool::weighted(0.1), prop::bool::weighted(0.6));
    (5..400u64, way, fate).prop_map(|(period, way, (arrives, concealed, painted))| Starved {
        period,
        way,
        arrives,
        concealed,
        painted,
    })
}

/// The events of pictures whose source goes on, however slowly: each part of the way keeps their order, and any may stall.
fn events(pictures: &[Starved], looks: &[u64], clocks: &[(u64, u64)]) -> Vec<(u64, Happens)> {
    let mut events: Vec<(u64, Happens)> = Vec::new();
    let (mut captured, mut made, mut received, mut decoded, mut painted) = (10, 0, 0, 0, 0);
    for (number, starved) in (1..).zip(pictures) {
        let way = starved.way;
        captured += starved.period;
        made = made.max(captured + way.encoding);
        let mut stamp = stamp(number, cart(captured), 0);
        stamp.encoded_at = cart(made);
        events.push((
            made + 1,
            Happens::Announced(PictureNotice { captured_at: stamp.captured_at, made_at: cart(made) }),
        ));
        if !starved.arrives {
            continue;
        }
        received = received.max(made + way.travelling);
        decoded = decoded.max(received + way.decoding);
        let picture = ShownPicture { stamp, received_at: at(received), decoded_at: at(decoded), shown_at: at(decoded) };
        let integrity = if starved.concealed { Integrity::Concealed } else { Integrity::Complete };
        events.push((received, Happens::Arrives(at(received))));
        events.push((decoded, Happens::Shown(picture, integrity)));
        if starved.painted {
            painted = painted.max(decoded + way.painting);
            events.push((painted, Happens::Painted(picture)));
        }
    }
    let mut now = 0;
    events.extend(looks.iter().map(|gap| {
        now += gap;
        (now, Happens::Look)
    }));
    events.extend(clocks.iter().map(|(ms, ahead)| (*ms, Happens::Clock(*ahead))));
    events.sort_by_key(|(ms, _)| *ms);
    events
}

proptest! {
    /// However starved cart, network and console are, whatever is lost, and however the clocks step: a source that goes on is
    /// never called frozen. And what the console does is what the gate will do on its report.
    #[test]
    fn a_source_that_goes_on_is_never_frozen(
        pictures in prop::collection::vec(starved(), 1..60),
        looks in prop::collection::vec(prop_oneof![4 => 2..3u64, 1 => 3..600u64], 1..800),
        clocks in prop::collection::vec((0..8_000u64, prop_oneof![Just(AHEAD), 0..2 * AHEAD]), 0..8),
    ) {
        let (mut watch, mut clock) = (PictureWatch::new(), ClockEstimate::new());
        for (ms, happens) in events(&pictures, &looks, &clocks) {
            match happens {
                Happens::Announced(notice) => watch.announced(&notice),
                Happens::Arrives(received) => watch.arrived(received),
                Happens::Shown(picture, integrity) => watch.shown(&picture, integrity),
                Happens::Painted(picture) => watch.painted(at(ms), &picture),
                Happens::Clock(ahead) => exchange(&mut clock, ms, ahead),
                Happens::Look => {
                    let (report, verdict) = watch.look(at(ms), &clock);
                    prop_assert_ne!(report.health, PictureHealth::Frozen);
                    let driven = matches!(report.health, PictureHealth::Good | PictureHealth::Concealed);
                    let gate_lets_it = driven && report.age_ms <= 500;
                    prop_assert_eq!(verdict.fault().is_none(), gate_lets_it, "{:?} {:?}", report, verdict);
                }
            }
        }
    }

    /// Whatever a source repeats and however fast, the screen says so within 300 ms, and the name is right as soon as a
    /// repeated picture has come.
    #[test]
    fn a_source_that_repeats_is_flagged_in_time(
        period in 5..600u64,
        back in 0..40u64,
        recounts in any::<bool>(),
    ) {
        let (mut watch, last) = running();
        let shown = PERIOD * last + 35;
        let number = if recounts { last + 1 } else { last - back };
        for late in 1..=600 {
            if late % period == 0 {
                show(&mut watch, shown + late, number, PERIOD * (last - back));
            }
            let verdict = watch.look(at(shown + late), &clock()).1;
            prop_assert!(late < 300 - 50 || verdict != PictureVerdict::Good, "a frame later than {late} ms");
            let repeated = late >= period && late > 240;
            prop_assert_eq!(verdict == PictureVerdict::Lost(PictureFault::Frozen), repeated, "after {} ms", late);
        }
    }

    /// When one party alone has made pictures late, it is blamed, and the others are not: for a standing delay as for a stop.
    #[test]
    fn whoever_is_slow_is_blamed(by in 451..5_000u64, which in 0..3usize) {
        let culprit = [Culprit::Cart, Culprit::Link, Culprit::Console][which];
        let way = slow(culprit, by);
        let mut watch = PictureWatch::new();
        (1..100).for_each(|number| pass(&mut watch, number, PERIOD * number, way));
        let now = PERIOD * 99 + way.total();
        let verdict = look(&mut watch, now - 200, now + 2).1;
        prop_assert_eq!(verdict, PictureVerdict::Lost(PictureFault::Late(culprit)));
    }
}
