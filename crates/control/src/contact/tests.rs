use super::bench::{Bench, Seen};
use super::*;

const FOLLOW: Directive = Directive::Follow { desired_force: Newton::literal(8.0) };

fn peak(seen: &[Seen]) -> f64 {
    seen.iter().map(|seen| seen.force).fold(0.0, f64::max)
}

fn errors(seen: &[Seen], target: f64) -> (f64, f64) {
    let square = seen.iter().map(|seen| (seen.force - target).powi(2)).sum::<f64>() / seen.len() as f64;
    (square.sqrt(), seen.iter().map(|seen| (seen.force - target).abs()).fold(0.0, f64::max))
}

#[test]
fn touch_does_not_overshoot_and_eight_newtons_are_held() {
    for stiffness in [300.0, 1_000.0, 5_000.0, 10_000.0, 25_000.0] {
        let mut bench = Bench::new(stiffness);
        let touch = bench.run(6.0, &FOLLOW, 0.01);
        assert!(peak(&touch) <= 10.0, "{stiffness} N/m: peak {}", peak(&touch));
        let (rms, worst) = errors(&bench.run(3.0, &FOLLOW, 0.0), 8.0);
        assert!(rms <= 0.1 && worst <= 0.3, "{stiffness} N/m: rms {rms}, worst {worst}");
    }
}

#[test]
fn release_lowers_the_force_within_half_a_second_and_retract_lifts_off() {
    for stiffness in [1_000.0, 5_000.0, 25_000.0, 150_000.0] {
        let mut bench = Bench::pressed_to_eight(stiffness, |_| 0.0);
        let release = Directive::Release { to: Newton::literal(2.0) };
        let lowering = bench.run(0.5, &release, 0.0);
        assert!(peak(&lowering) <= 8.5, "{stiffness} N/m: {}", peak(&lowering));
        let held = bench.run(1.0, &release, 0.0);
        assert!(peak(&held) <= 2.1, "{stiffness} N/m: {}", peak(&held));
        let lifted = bench.run(1.5, &Directive::Retract { speed: MetrePerSecond::literal(0.03) }, 0.0);
        assert_eq!(lifted[lifted.len() - 1].force, 0.0);
        assert_eq!(lifted[lifted.len() - 1].proposal.contact, Contact::Free);
    }
}
