use super::testing::welcome;
use super::*;
use farprobe_geom::{Pose, Wrench};
use farprobe_proto::{Cause, Epoch, Joint, Ladder, LeaseRefusal, Objection, Standing, State, Transition, Welcome};
use nalgebra::Vector3;

fn state(sequence: u64, ladder: Ladder, force: f64) -> Event {
    let wrench = Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros());
    Event::Cart(CartDatagram::State(State { ladder, wrench, ..testing::state(sequence) }))
}

fn step(to: Ladder, cause: Cause, origin: Cause, epoch: Option<Epoch>) -> Event {
    Event::Step(Transition { at: Time::ZERO, from: Ladder::Idle, to, cause, origin, epoch })
}

fn connected() -> Model {
    let mut model = Model::new(Time::ZERO);
    model.apply(Time::from_millis(10), Event::Connecting { address: String::from("cart") });
    assert_eq!(model.link(Time::from_millis(9_000)), Link::Absent);
    model.apply(Time::from_millis(20), Event::Connected(Box::new(welcome())));
    model
}

fn lines(model: &Model) -> Vec<(Severity, String)> {
    model.log.newest_first().map(|line| (line.severity, line.text.clone())).collect()
}

#[test]
fn a_cart_that_falls_silent_is_a_lost_link_and_one_state_brings_it_back() {
    let mut model = connected();
    model.apply(Time::from_millis(100), state(1, Ladder::Engaged, 8.0));
    assert_eq!(model.link(Time::from_millis(350)), Link::Live);
    assert_eq!(model.link(Time::from_millis(351)), Link::Lost(Duration::from_millis(251)));
    model.apply(Time::from_millis(400), state(2, Ladder::Soften, 8.0));
    assert_eq!(model.link(Time::from_millis(400)), Link::Live);
}

#[test]
fn the_event_list_says_what_the_gate_refused() {
    let mut model = connected();
    let cause = Cause::Refused(Objection::Range(Joint(6)));
    model.apply(Time::from_millis(100), step(Ladder::Soften, cause, cause, None));
    let said = "Softening: the safety gate refused a motion: joint 7 would have left its range.";
    assert_eq!(lines(&model).first(), Some(&(Severity::Warning, said.to_owned())));
}

#[test]
fn a_state_that_was_overtaken_changes_nothing() {
    let mut model = connected();
    model.apply(Time::from_millis(100), state(7, Ladder::Soften, 3.0));
    model.apply(Time::from_millis(101), state(6, Ladder::Engaged, 9.0));
    model.apply(Time::from_millis(102), state(7, Ladder::Engaged, 9.0));
    assert_eq!(model.robot.ladder(), Some((Ladder::Soften, Cause::ClutchPressed)));
    assert_eq!(model.robot.force.peak(), Some(Newton::literal(3.0)));
}

#[test]
fn a_lost_connection_takes_the_lease_and_keeps_why_and_since_when() {
    let mut model = connected();
    model.apply(Time::from_millis(30), Event::Lease(LeaseStatus::Yours(Epoch(2))));
    assert!(model.drives());
    model.apply(Time::from_millis(500), Event::Lost { reason: String::from("timed out") });
    assert!(!model.drives());
    for attempt in 1..=3 {
        model.apply(Time::from_millis(600), Event::Reconnecting { attempt });
    }
    let since = Time::from_millis(500);
    let expected = Connection::Reconnecting { attempt: 3, reason: String::from("timed out"), since };
    assert_eq!(model.connection, expected);
    assert_eq!(model.link(Time::from_millis(1_500)), Link::Lost(Duration::from_secs(1)));
    assert_eq!(lines(&model)[0].0, Severity::Alarm);
}

#[test]
fn a_new_connection_starts_from_the_carts_word() {
    let mut model = connected();
    model.apply(Time::from_millis(100), state(900, Ladder::Engaged, 8.0));
    model.apply(Time::from_millis(200), Event::Lost { reason: String::new() });
    model.apply(Time::from_millis(300), Event::Connected(Box::new(welcome())));
    assert_eq!(model.robot.ladder(), None);
    assert_eq!(model.desired_force, Newton::literal(5.0));
    // The cart counts its states anew.
    model.apply(Time::from_millis(301), state(1, Ladder::Idle, 0.0));
    assert_eq!(model.robot.ladder().map(|(ladder, _)| ladder), Some(Ladder::Idle));
}

#[test]
fn an_arm_that_cannot_be_drawn_is_said_and_not_drawn() {
    let mut model = connected();
    model.apply(Time::from_millis(30), state(1, Ladder::Idle, 0.0));
    assert!(model.robot.links().is_empty());
    assert!(lines(&model).iter().any(|(severity, text)| *severity == Severity::Warning && text.contains("arm")));
}

#[test]
fn each_step_of_the_ladder_is_one_line_with_its_cause_and_what_began_it() {
    let mut model = connected();
    model.apply(Time::from_millis(30), Event::Lease(LeaseStatus::Yours(Epoch(1))));
    let own = Some(Epoch(1));
    model.apply(Time::from_millis(100), step(Ladder::Engaged, Cause::ClutchPressed, Cause::ClutchPressed, own));
    // Both lie between the two states that follow.
    model.apply(Time::from_millis(101), state(1, Ladder::Engaged, 0.0));
    model.apply(Time::from_millis(900), step(Ladder::Soften, Cause::LinkLost, Cause::LinkLost, own));
    model.apply(Time::from_millis(900), step(Ladder::Release, Cause::TimedOut, Cause::LinkLost, own));
    model.apply(Time::from_millis(901), state(2, Ladder::Release, 0.0));
    let lines: Vec<String> = lines(&model).into_iter().map(|(_, text)| text).take(3).collect();
    let expected = [
        "Releasing: no fresh command reached the cart, and then the time allowed ran out.",
        "Softening: no fresh command reached the cart.",
        "Engaged: you pressed the clutch.",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn what_another_console_did_is_not_told_as_this_ones() {
    let mut model = connected();
    model.apply(Time::from_millis(30), Event::Lease(LeaseStatus::HeldBy(String::from("Dr Lin"))));
    let others = Some(Epoch(7));
    model.apply(Time::from_millis(100), step(Ladder::Engaged, Cause::ClutchPressed, Cause::ClutchPressed, others));
    assert_eq!(lines(&model)[0].1, "Engaged: the driver pressed the clutch.");
    model.apply(Time::from_millis(100), state(1, Ladder::Ready, 0.0));
    model.apply(Time::from_millis(104), state(2, Ladder::Engaged, 0.0));
    assert_eq!(model.driver(), Driver::Another);
    // The states of this file are all under lease 1.
    model.apply(Time::from_millis(110), Event::Lease(LeaseStatus::Yours(Epoch(1))));
    assert_eq!(model.driver(), Driver::This(Opening::NeverPressed));
}

#[test]
fn who_opened_the_clutch_is_said_of_the_step_that_it_led_to() {
    let mut model = connected();
    let clutch = |ms: u64, model: &mut Model, clutch, opening| {
        model.apply(Time::from_millis(ms), Event::Handle(HandleStatus { clutch, opening, ..HandleStatus::none() }));
    };
    let why = |model: &Model| match model.driver() {
        Driver::This(opening) => opening,
        Driver::Another => panic!("this console drives"),
    };
    model.apply(Time::from_millis(30), Event::Lease(LeaseStatus::Yours(Epoch(1))));
    model.apply(Time::from_millis(40), state(1, Ladder::Engaged, 0.0));
    clutch(41, &mut model, Clutch::Pressed, Opening::NeverPressed);
    let by_console = Opening::ByConsole(Override::ScriptGivenUp);
    // Whichever comes first.
    model.apply(Time::from_millis(50), state(2, Ladder::Hold, 0.0));
    clutch(51, &mut model, Clutch::Open, by_console);
    model.apply(Time::from_millis(60), step(Ladder::Hold, Cause::ClutchOpened, Cause::ClutchOpened, Some(Epoch(1))));
    assert_eq!(lines(&model)[0].1, "Hold: the console opened the clutch: the script was given up.");
    assert_eq!(why(&model), by_console);
    // A press that comes to nothing changes nothing of it.
    clutch(70, &mut model, Clutch::Pressed, by_console);
    clutch(80, &mut model, Clutch::Open, Opening::ByHand);
    assert_eq!(why(&model), by_console);
    model.apply(Time::from_millis(90), state(3, Ladder::Ready, 0.0));
    assert_eq!(why(&model), Opening::ByHand);
}

#[test]
fn what_was_found_is_said_and_is_nobodys_doing_here() {
    let mut model = Model::new(Time::ZERO);
    let standing =
        Standing { at: Time::ZERO, ladder: Ladder::Parked, cause: Cause::TimedOut, origin: Cause::HandleLost };
    let welcome = Welcome { standing: Some(standing), ..welcome() };
    model.apply(Time::from_millis(20), Event::Connected(Box::new(welcome)));
    let found = "Found parked: the driver's handle was lost, and then the time allowed ran out.";
    assert!(lines(&model).iter().any(|(_, text)| text == found), "{:?}", lines(&model));
}

#[test]
fn a_refused_lease_and_a_lost_handle_are_said_once() {
    let mut model = connected();
    for _ in 0..3 {
        model.apply(Time::from_millis(50), Event::Lease(LeaseStatus::Refused(LeaseRefusal::Held)));
        let lost = HandleStatus { lost: Some(String::from("plug it in")), ..HandleStatus::none() };
        model.apply(Time::from_millis(50), Event::Handle(lost));
    }
    let said = |word: &str| lines(&model).iter().filter(|(_, text)| text.contains(word)).count();
    assert_eq!((said("refused"), said("plug it in")), (1, 1));
}

#[test]
fn a_lost_handle_alarms_nobody_who_only_looks_on() {
    for (role, severity) in [(Role::Operator, Severity::Alarm), (Role::Observer, Severity::Info)] {
        let mut model = Model::new(Time::ZERO);
        model.apply(Time::ZERO, Event::Connected(Box::new(Welcome { role, ..welcome() })));
        let lost = HandleStatus { lost: Some(String::from("plug it in")), ..HandleStatus::none() };
        model.apply(Time::from_millis(50), Event::Handle(lost));
        assert!(lines(&model).contains(&(severity, String::from("Handle lost: plug it in."))), "{:?}", lines(&model));
    }
}

#[test]
fn lag_is_speed_times_latency() {
    let mut model = connected();
    assert_eq!(model.lag_mm(), None);
    for step in 0..100_u64 {
        let tip = Pose::new(nalgebra::Isometry3::translation(0.02 * 0.004 * step as f64, 0.0, 0.0));
        model.robot.trail.push(Time::from_millis(step * 4), &tip, true);
    }
    let hand_to_eye_ms = Some(Percentiles { p50: 100.0, p95: 150.0, p99: 200.0 });
    model.apply(Time::ZERO, Event::Latency(Box::new(LatencySnapshot { hand_to_eye_ms, ..LatencySnapshot::default() })));
    // 20 mm/s for 100 ms.
    assert!((model.lag_mm().unwrap() - 2.0).abs() < 1e-6);
}
