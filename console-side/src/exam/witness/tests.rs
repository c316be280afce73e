use super::*;

fn at(ms: u64) -> Time {
    Time::from_millis(ms)
}

fn began() -> Script {
    Script { began: Some(at(1_000)), ..Script::default() }
}

#[test]
fn the_first_thing_not_ordered_is_told_with_its_time() {
    let mut script = began();
    let why = (Cause::PictureStale, Cause::PictureStale);
    let told =
        Seen { own: Some(Epoch(4)), ..Seen::default() }.told(Ladder::Soften, why, Some(Epoch(4)), Opening::ByHand);
    script.deviates(at(3_500), &told, hint(Cause::PictureStale, Machines::Shared));
    script.deviates(at(9_000), "more", "");
    let told = script.deviation.unwrap();
    assert!(
        told.contains("at 2.5 s Softening (your picture was too old or gone). Cart and console share this machine"),
        "{told}"
    );
}

#[test]
fn before_the_script_nothing_is_its_business() {
    let mut script = Script::default();
    script.deviates(at(3_500), "a tick gap", "");
    assert_eq!(script.deviation, None);
}

#[test]
fn a_stop_is_ordered_only_by_a_script_that_has_pressed_it() {
    let mut script = began();
    assert!(!script.has_ordered(Cause::OperatorStop));
    script.stopped = true;
    assert!(script.has_ordered(Cause::OperatorStop) && !script.has_ordered(Cause::BedsideStop));
}

#[test]
fn a_clutch_refused_over_a_picture_that_the_script_froze_is_ordered() {
    use farprobe_session::console::PictureFault;
    let witness = Witness::default();
    witness.script_begins(at(0));
    witness.refused(at(10), Permission::Picture(PictureFault::FrozenByOperator), Machines::Apart);
    assert_eq!(witness.deviation(), None);
    witness.refused(at(20), Permission::CartSilent, Machines::Apart);
    let told = witness.deviation().unwrap();
    assert!(told.contains("the console opened the clutch (the cart was not heard)"), "{told}");
}

fn welcome(now: u64, standing: Option<(u64, Ladder, Cause)>) -> Welcome {
    let standing = standing.map(|(ms, ladder, cause)| Standing { at: at(ms), ladder, cause, origin: cause });
    Welcome { now: at(now), standing, ..crate::model::testing::welcome() }
}

fn step(ms: u64, from: Ladder, to: Ladder, cause: Cause) -> Transition {
    Transition { at: at(ms), from, to, cause, origin: cause, epoch: Some(Epoch(4)) }
}

/// The list as `(at_s, from, to)`.
fn list(witness: &Witness) -> Vec<(f64, Option<Ladder>, Ladder)> {
    witness.testimony().ladder.iter().map(|step| (step.at_s, step.from, step.to)).collect()
}

#[test]
fn the_list_begins_with_what_was_found_and_has_no_step_from_before() {
    use Ladder::{Engaged, Hold, Ready};
    let witness = Witness::default();
    // The cart has run for an hour, and another console drives.
    witness.connected(at(500), &welcome(3_600_000, Some((3_599_998, Engaged, Cause::ClutchPressed))));
    for (ms, from, to, cause) in [
        (3_599_000, Ready, Engaged, Cause::ClutchPressed),
        (3_599_998, Ready, Engaged, Cause::ClutchPressed),
        (3_602_000, Engaged, Hold, Cause::ClutchOpened),
    ] {
        witness.step(at(2_600), &step(ms, from, to, cause), Machines::Apart);
    }
    assert_eq!(list(&witness), [(0.0, None, Engaged), (2.0, Some(Engaged), Hold)]);
    assert!(!witness.testimony().drove);
}

#[test]
fn over_a_restart_of_the_cart_the_times_go_on_and_what_it_found_is_said_anew() {
    use Ladder::{Idle, Ready};
    let witness = Witness::default();
    witness.connected(at(500), &welcome(3_600_000, Some((3_599_998, Idle, Cause::Start))));
    witness.step(at(1_500), &step(3_601_000, Idle, Ready, Cause::LeaseGranted), Machines::Apart);
    witness.lost();
    // Its successor's clock begins with it.
    witness.connected(at(10_500), &welcome(200, Some((199, Idle, Cause::Start))));
    witness.step(at(11_500), &step(1_200, Idle, Ready, Cause::LeaseGranted), Machines::Apart);
    let expected = [(0.0, None, Idle), (1.0, Some(Idle), Ready), (10.0, None, Idle), (11.0, Some(Idle), Ready)];
    assert_eq!(list(&witness), expected);
}

#[test]
fn steps_between_two_states_are_not_missed() {
    use Ladder::{Engaged, Release, Soften};
    let witness = Witness::default();
    witness.connected(at(0), &welcome(0, Some((0, Engaged, Cause::ClutchPressed))));
    witness.script_begins(at(0));
    // The states told Engaged and then, after a gap, Release.
    witness.step(at(400), &step(100, Engaged, Soften, Cause::PictureStale), Machines::Apart);
    let timed = Transition {
        cause: Cause::TimedOut,
        origin: Cause::PictureStale,
        ..step(350, Soften, Release, Cause::TimedOut)
    };
    witness.step(at(400), &timed, Machines::Apart);
    assert_eq!(list(&witness), [(0.0, None, Engaged), (0.1, Some(Engaged), Soften), (0.35, Some(Soften), Release)]);
    assert!(witness.deviation().unwrap().contains("picture was too old"), "{:?}", witness.deviation());
}

#[test]
fn what_the_console_did_is_not_laid_to_the_script_at_its_end() {
    use crate::model::Override;
    use Ladder::{Engaged, Hold, Parked, Ready};
    let witness = Witness::default();
    witness.connected(at(0), &welcome(0, Some((0, Engaged, Cause::ClutchPressed))));
    witness.lease(&LeaseStatus::Yours(Epoch(4)));
    witness.opened(Opening::ByHand);
    witness.step(at(200), &step(100, Engaged, Hold, Cause::ClutchOpened), Machines::Apart);
    witness.opened(Opening::ByConsole(Override::ScriptGivenUp));
    witness.step(at(400), &step(300, Parked, Ready, Cause::ClutchOpened), Machines::Apart);
    let told = witness.complaint(Some(Newton::literal(8.0)), Metre::ZERO).unwrap();
    assert!(told.contains("Hold (you opened the clutch), then "), "{told}");
    assert!(told.contains("then Ready (the console opened the clutch: the script was given up)"), "{told}");
}

#[test]
fn a_script_that_never_touched_because_the_arm_was_parked_is_told_so() {
    for (found, told_parked) in [(Ladder::Parked, true), (Ladder::Ready, false)] {
        let witness = Witness::default();
        witness.connected(at(0), &welcome(0, Some((0, found, Cause::TimedOut))));
        let told = witness.complaint(Some(Newton::literal(8.0)), Metre::ZERO).unwrap();
        assert_eq!(told.contains("start the cart anew"), told_parked, "{told}");
    }
}

#[test]
fn a_cart_beside_the_console_that_is_not_heard_may_have_ended() {
    assert!(hint(Cause::LinkLost, Machines::Shared).contains("see whether the cart still runs"));
    assert_eq!(hint(Cause::LinkLost, Machines::Apart), "");
}

#[test]
fn a_contact_weaker_than_asked_for_is_told_and_a_lag_that_mattered() {
    let witness = Witness::default();
    witness.connected(at(0), &welcome(0, Some((0, Ladder::Engaged, Cause::ClutchPressed))));
    witness.lease(&LeaseStatus::Yours(Epoch(1)));
    let press = |force, epoch| {
        let state = State { force_target: Newton::literal(force), epoch, ..crate::model::testing::state(1) };
        witness.state(at(100), &state, Machines::Apart);
    };
    let (wanted, late) = (Some(Newton::literal(8.0)), Metre::literal(0.023));
    press(1.0, Some(Epoch(1)));
    press(9.0, Some(Epoch(2)));
    let told = witness.complaint(wanted, late).unwrap();
    let expected = "asked for 8.0 N of contact, and the probe pressed with 1.0 N at most: the probe fell 23 mm behind";
    assert!(told.contains(expected), "{told}");
    let told = witness.complaint(wanted, Metre::ZERO).unwrap();
    assert!(told.ends_with("let the script go further down"), "{told}");
    press(7.2, Some(Epoch(1)));
    assert_eq!(witness.complaint(wanted, late), None, "it came to what was asked for");
    // Who wants no contact wants the way.
    assert!(witness.complaint(None, late).is_some());
    assert_eq!(witness.complaint(None, Metre::literal(0.012)), None);
}

#[test]
fn time_that_ran_out_after_a_loss_was_not_ordered() {
    let witness = Witness::default();
    witness.connected(at(0), &welcome(0, Some((0, Ladder::Engaged, Cause::ClutchPressed))));
    witness.script_begins(at(0));
    let timed = Transition { origin: Cause::LinkLost, ..step(350, Ladder::Soften, Ladder::Release, Cause::TimedOut) };
    witness.step(at(400), &timed, Machines::Apart);
    assert!(witness.deviation().unwrap().contains("no fresh command reached the cart"), "{:?}", witness.deviation());
}
