//! Where the skin was touched last, and whether the probe is still near it.

use farprobe_geom::{Base, Pose};
use nalgebra::Vector3;

/// How steeply skin or what is below it rises before a probe that slides: 27°.
pub(crate) const STEEPEST: f64 = 0.5;

/// The skin where it was touched last is this much nearer than it was, m: breathing, and what the probe pressed it in by.
const CLEARANCE: f64 = 0.010;

/// Further to the side than this the skin is not reckoned with as rising on, m: half a belly's width up to its top.
const FURTHEST: f64 = 0.080;

/// The last touch, if there was one since the probe was far from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastTouch(Option<Place>);

/// In frame `base`.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Vector3<f64>,
    outward: Vector3<f64>,
}

impl LastTouch {
    /// None yet.
    pub(crate) const NONE: Self = Self(None);

    /// The probe touches here.
    pub(crate) fn note(&mut self, tip: &Pose<Base>) {
        if tip.is_finite() {
            self.0 = Some(Place { at: tip.position(), outward: -tip.z_axis() });
        }
    }

    /// Whether a probe here, that does not touch, would meet the skin by going to the side.
    pub(crate) fn is_near(&self, tip: &Pose<Base>) -> bool {
        let Some(Place { at, outward }) = self.0 else { return false };
        let away = tip.position() - at;
        let height = away.dot(&outward);
        let aside = (away - outward * height).norm();
        height < CLEARANCE + STEEPEST * aside.min(FURTHEST)
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
        last.note(&downward(0.0, 0.0, 0.3));
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
        last.note(&downward(0.0, 0.0, f64::NAN));
        assert!(last.is_near(&downward(0.0, 0.0, 0.3)), "nobody knows where that was");
    }
}
