//! Somebody, or something, between the cart's program and the arm.

use std::time::Duration;

use farprobe_geom::{Joints, Time};
use farprobe_servo::JointTarget;

use crate::world::TICK;

/// What becomes of the setpoints on their way to the arm, past the gate and the monitor (malware in the driver, a broken drive).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meddling {
    /// Nothing: they arrive as they were sent.
    None,
    /// One joint is told other angles.
    Joint {
        /// Which, from 0.
        joint: usize,
        /// By how much at once, rad.
        leap: f64,
        /// How that grows, rad/s.
        drift: f64,
    },
    /// The arm stands where it stood and says that it follows.
    Frozen,
}

/// A driver that was mended is started anew, and the arm stops meanwhile: it does not leap to where the cart has led it since.
const RESTART: Duration = Duration::from_millis(300);

/// The one who meddles.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meddler {
    how: Meddling,
    since: Time,
    stands: Option<Joints>,
    /// The arm is started anew: until then it is told nothing.
    starts: Time,
}

impl Meddler {
    pub(crate) const NOBODY: Self = Self { how: Meddling::None, since: Time::ZERO, stands: None, starts: Time::ZERO };

    pub(crate) fn begin(&mut self, now: Time, how: Meddling) {
        let mended = how == Meddling::None && self.how != Meddling::None;
        let starts = if mended { now + RESTART } else { self.starts };
        *self = Self { how, since: now, stands: None, starts };
    }

    /// What the arm is told in place of this, if anything.
    pub(crate) fn touch(&mut self, now: Time, sent: &JointTarget) -> Option<JointTarget> {
        if now < self.starts {
            return None;
        }
        Some(match self.how {
            Meddling::None => *sent,
            Meddling::Joint { joint, leap, drift } => {
                let mut told = *sent;
                let since = now.saturating_since(self.since).saturating_sub(TICK).as_secs_f64();
                if let Some(angle) = told.positions.as_mut_slice().get_mut(joint) {
                    *angle += leap + drift * since;
                }
                told
            }
            Meddling::Frozen => {
                let positions = *self.stands.get_or_insert(sent.positions);
                JointTarget { positions, velocities: Joints::zero(positions.axes()) }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(angle: f64) -> JointTarget {
        JointTarget {
            positions: Joints::from_slice(&[angle; 7]).unwrap(),
            velocities: Joints::from_slice(&[0.1; 7]).unwrap(),
        }
    }

    fn ms(time: u64) -> Time {
        Time::from_millis(time)
    }

    #[test]
    fn a_joint_is_told_other_angles_and_what_is_mended_starts_anew() {
        let mut meddler = Meddler::NOBODY;
        assert_eq!(meddler.touch(ms(1), &sent(0.3)), Some(sent(0.3)));
        meddler.begin(ms(1), Meddling::Joint { joint: 2, leap: 0.05, drift: 0.5 });
        let told = |meddler: &mut Meddler, at| meddler.touch(ms(at), &sent(0.3)).unwrap().positions;
        assert_eq!(told(&mut meddler, 2).as_slice()[2], 0.35);
        let later = told(&mut meddler, 102);
        assert!((later.as_slice()[2] - 0.40).abs() < 1e-12);
        assert_eq!(later.as_slice()[1], 0.3);
        meddler.begin(ms(200), Meddling::None);
        assert_eq!(meddler.touch(ms(499), &sent(0.3)), None);
        assert_eq!(meddler.touch(ms(500), &sent(0.3)), Some(sent(0.3)));
    }

    #[test]
    fn a_frozen_arm_stands_where_it_stood() {
        let mut meddler = Meddler::NOBODY;
        meddler.begin(ms(1), Meddling::Frozen);
        for angle in [0.3, 0.5] {
            let told = meddler.touch(ms(2), &sent(angle)).unwrap();
            assert_eq!((told.positions, told.velocities), (sent(0.3).positions, Joints::zero(7)));
        }
    }
}
