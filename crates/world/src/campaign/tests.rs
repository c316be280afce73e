//! Classes that have to do what they say.

use farprobe_proto::{Cause, Ladder};

use super::*;

const LASTS: Duration = Duration::from_secs(30);

/// The force a plan brings about, N.
fn peak(scenario: &Scenario, plan: &Plan) -> f64 {
    let report = exam(scenario, Some(plan), &mut |_| {}).unwrap();
    report.figures[&Figure::Peak][0]
}

#[test]
fn what_an_adversary_in_contact_finds_presses_harder_than_half_of_what_comes_to_mind() {
    for seed in [2, 3] {
        let scenario = Scenario::new(Class::AdversaryInContact, seed, LASTS, &PlantCard::A);
        let short = Scenario { lasts: Duration::from_secs(8), ..scenario };
        // Eleven plans at random: the first third of a search, but for the plain way to press.
        let mut at_random = Vec::new();
        let _ = adversary::search(Way::InContact, seed ^ 0x5eed, 34, |plan| {
            if (1..12).contains(&at_random.len()) || at_random.is_empty() {
                at_random.push(peak(&short, plan));
            }
            0.0
        });
        at_random.remove(0);
        at_random.sort_by(f64::total_cmp);
        let median = at_random[at_random.len() / 2];
        let (_, found) = adversary::search(Way::InContact, seed, 36, |plan| peak(&short, plan));
        assert!(found > median + 0.5, "seed {seed}: {found:.2} N found, {median:.2} N at random");
        assert!(median > 2.0, "seed {seed}: they touch: {at_random:?}");
    }
}

/// The steps of the ladder in an exam, and its report.
fn steps(class: Class, seed: u64) -> (Vec<(Ladder, Cause)>, Report) {
    let mut steps = Vec::new();
    let report = replay(class, seed, LASTS, &PlantCard::A, |seen| {
        steps.extend(seen.outcome.transition.filter(|_| seen.ran).map(|step| (step.to, step.cause)));
    });
    (steps, report.unwrap())
}

#[test]
fn a_console_that_is_gone_for_good_is_followed_by_another() {
    let (steps, report) = steps(Class::ConsoleGone, 1);
    let lost = steps.iter().position(|step| *step == (Ladder::Soften, Cause::LinkLost)).unwrap();
    assert!(steps[lost..].contains(&(Ladder::Engaged, Cause::ClutchPressed)), "{steps:?}");
    assert_eq!(report.breaks, []);
}

#[test]
fn a_handle_that_is_lost_softens() {
    let exams = (1..6).map(|seed| steps(Class::HandleLost, seed));
    let softened = exams.filter(|(steps, _)| steps.contains(&(Ladder::Soften, Cause::HandleLost)));
    assert!(softened.count() >= 3, "unless nobody drove");
}

#[test]
fn two_faults_are_mended_together() {
    for seed in 0..40 {
        let scenario = Scenario::new(Class::TwoFaults, seed, LASTS, &PlantCard::A);
        let heals = scenario.acts.iter().filter(|(_, act)| *act == Act::Heal).count();
        assert_eq!(heals, 1, "seed {seed}");
        assert!(scenario.acts.len() > 2, "seed {seed}");
    }
}
