//! Where the skin was touched last, and whether the probe is still near it.

use farprobe_geom::{Base, Pose};
use nalgebra::Vector3;

/// How steeply skin or what is below it rises before a probe that stands upright on it and slides: 27°.
const STEEPEST: f64 = 0.5;

/// From this force on its direction tells how the probe stands on the skin, N: ten times the sensor's noise.
const TELLING: f64 = 1.0;

/// A probe that stands on its edge counts as leaning so far at most: 76°.
const MOST_LEANING: f64 = 4.0;

/// The skin where it was touched last is this much nearer than it was, m: breathing, and what the probe pressed it in by.
const CLEARANCE: f64 = 0.010;

/// Further to the side than this the skin is not reckoned with as rising on, m: half a belly's width up to its top.
const FURTHEST: f64 = 0.080;

/// The last touch, if there was one since the probe was far from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastTouch {
    place: Option<Place>,
    /// The skin's slope as the probe stands on it: the force across the probe by that along it.
    leaning: f64,
}

/// In frame `base`.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Vector3<f64>,
    outward: Vector3<f64>,
}

impl LastTouch {
    /// None yet.
    pub(crate) const NONE: Self = Self { place: None, leaning: 0.0 };

    /// The probe touches here, and feels this force, N.
    pub(crate) fn note(&mut self, tip: &Pose<Base>, force: &Vector3<f64>) {
        if tip.is_finite() {
            self.place = Some(Place { at: tip.position(), outward: -tip.z_axis() });
        }
        let (across, along) = (force.xy().norm(), -force.z);
        if force.norm() >= TELLING {
            // Where the force is that of no skin, 0 / 0 included, it leans as far as anything.
            let leaning = if along > 0.0 { across / along } else { MOST_LEANING };
            self.leaning = leaning.min(MOST_LEANING);
        }
    }

    /// How steeply the skin rises before a probe that slides.
    pub(crate) fn slope(&self) -> f64 {
        STEEPEST + self.leaning
    }

    /// By how much more the force rises than what is pressed along the probe makes it rise: it stands across the skin, not along the probe.
    pub(crate) fn obliqueness(&self) -> f64 {
        libm::sqrt(1.0 + self.leaning * self.leaning)
    }

    /// Whether a probe here, that does not touch, would meet the skin by going to the side.
    pub(crate) fn is_near(&self, tip: &Pose<Base>) -> bool {
        let Some(Place { at, outward }) = self.place else { return false };
        let away = tip.position() - at;
        let height = away.dot(&outward);
        let aside = (away - outward * height).norm();
        height < CLEARANCE + self.slope() * aside.min(FURTHEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::scene::downward;

    #[test]
    fn sr_047_near_the_skin_is_what_a_slide_may_run_into() {
        let mut last = LastTouch::NONE;
        assert!(!last.is_near(&downward(0.0, 0.0, 0.3)), "nothing was touched yet");
        let pressed = Vector3::new(0.0, 0.0, -5.0);
        last.note(&downward(0.0, 0.0, 0.3), &pressed);
        for (x, height, near) in [
            (0.0, 0.009, true),
            (0.0, 0.011, false),
            (0.04, 0.029, true),
            (0.04, 0.031, false),
            (0.3, 0.049, true),
            (0.3, 0.051, false),
            (0.1, -0.02, true),
        ] {
            assert_eq!(last.is_near(&downward(x, 0.0, 0.3 + height)), near, "{x} m aside, {height} m above");
        }
        last.note(&downward(0.0, 0.0, f64::NAN), &pressed);
        assert!(last.is_near(&downward(0.0, 0.0, 0.3)), "nobody knows where that was");
    }

    #[test]
    fn sr_047_a_probe_that_leans_runs_into_steeper_skin() {
        let mut last = LastTouch::NONE;
        let mut slope = |x: f64, z: f64| {
            last.note(&downward(0.0, 0.0, 0.3), &Vector3::new(x, 0.0, z));
            (last.slope(), last.obliqueness())
        };
        assert_eq!(slope(0.0, -5.0), (0.5, 1.0));
        assert_eq!(slope(3.0, -4.0), (1.25, 1.25));
        assert_eq!(slope(0.3, -0.4), (1.25, 1.25), "too little to tell anything else");
        for (x, z) in [(50.0, -1.0), (3.0, 0.0), (3.0, 1.0), (0.0, 5.0)] {
            assert_eq!(slope(x, z).0, 4.5, "{x} N, {z} N");
        }
        assert_eq!(slope(f64::NAN, -4.0).0, 4.5, "nothing is learnt of what is no number");
    }
}
