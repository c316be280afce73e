//! How what was learnt is forgotten.

/// The part of something learnt that is left after `dt` s, if it is forgotten with the time constant `time` s.
pub(crate) fn kept(dt: f64, time: f64) -> f64 {
    1.0 - (dt / time).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sr_043_after_a_time_constant_the_rest_is_left_that_is_usual_and_never_less_than_none() {
        for time in [0.1, 1.0, 3.0] {
            let steps = (time * 1e3) as u32;
            let left = (0..steps).fold(1.0, |left, _| left * kept(1e-3, time));
            assert!((left - libm::exp(-1.0)).abs() < 2e-3, "{left} after {time} s");
            assert_eq!(kept(time, time), 0.0);
            assert_eq!(kept(2.0 * time, time), 0.0);
        }
    }
}
