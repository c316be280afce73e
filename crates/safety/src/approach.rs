//! How fast the probe may move towards the patient so that it can still stop in time.

/// The speed `v` (m/s) that solves `k·v·t + k·v²/2a = ΔF`: while the gate does not know yet (`t`) and while the probe brakes
/// (`a`) it goes on into tissue of stiffness `k`, and the force may rise by `ΔF` at most.
///
/// * `margin`: ΔF, hard limit − present force, N. Nothing or less gives zero.
/// * `stiffness`: k, N/m. Not positive or not finite gives zero: unknown means refused.
/// * `reaction`: t, s: sensor + tick + arm delay, plus `a/2j` because full braking has to build up.
/// * `braking`: a, m/s².
pub(crate) fn approach_speed(margin: f64, stiffness: f64, reaction: f64, braking: f64) -> f64 {
    if reaction < 0.0 {
        return 0.0;
    }
    let (margin, braking) = (margin.max(0.0), braking.max(0.0));
    let travel = margin / stiffness;
    let speed = braking * (libm::sqrt(reaction * reaction + 2.0 * travel / braking) - reaction);
    // Whatever is not known or makes no sense has led to something that is no finite number, or to one below zero.
    if speed.is_finite() { speed.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sr_014_the_worked_example_of_the_design() {
        // ΔF 2 N, k 10 N/mm, t 10 ms, a 2 m/s²: 14.6 mm/s (worked out by hand).
        assert!((approach_speed(2.0, 10e3, 0.010, 2.0) - 0.0146).abs() < 5e-5);
    }

    #[test]
    fn sr_014_nonsense_gives_no_speed() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0] {
            assert_eq!(approach_speed(2.0, bad, 0.01, 2.0), 0.0);
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0] {
            assert_eq!(approach_speed(bad, 10e3, 0.01, 2.0), 0.0, "{bad}");
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, -1e-9] {
            assert_eq!(approach_speed(2.0, 10e3, 0.01, bad), 0.0, "{bad}");
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -1e-9] {
            assert_eq!(approach_speed(2.0, 10e3, bad, 2.0), 0.0, "{bad}");
        }
        assert_eq!(approach_speed(-2.0, -10e3, 0.01, 2.0), 0.0, "two wrongs");
    }

    #[test]
    fn sr_014_who_reacts_at_once_may_use_the_whole_way_for_braking() {
        // v² = 2·a·ΔF/k.
        assert!((approach_speed(2.0, 10e3, 0.0, 2.0) - libm::sqrt(2.0 * 2.0 * 2.0 / 10e3)).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn sr_014_the_force_rises_by_no_more_than_the_margin(
            margin in 0.01..20.0f64, k in 300.0..150e3f64, t in 1e-3..0.05f64, a in 0.5..5.0f64,
        ) {
            let v = approach_speed(margin, k, t, a);
            let rise = k * v * t + k * v * v / (2.0 * a);
            prop_assert!((rise - margin).abs() < 1e-6 * margin.max(1.0));
        }
    }
}
