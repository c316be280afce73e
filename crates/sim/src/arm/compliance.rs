//! What a push makes of the joints: the links yield against the drives.

use farprobe_geom::MAX_AXES;

use super::card::{JointCard, PlantCard};
use super::{SUBSTEP_S, faded};

/// Damping ratio of a joint that was pushed and let go: structure and controller together ring a little.
const DAMPING_RATIO: f64 = 0.5;

/// Speed (rad/s) at which dry friction has half of its full size; below it acts like a thick fluid and has no step at
/// standstill. At the tip this is a few mm/s.
const FRICTION_SPEED: f64 = 0.005;

/// How far a joint can yield, rad: then the gear would be at its end. Only a push far beyond any staff's gets there.
const END_OF_YIELD: f64 = 0.1;

/// How far each link stands from its drive, and how fast that changes.
///
/// The drives' own acceleration is compensated, as arms with a model of themselves do: motion alone makes nothing yield.
#[derive(Debug, Clone)]
pub(super) struct Compliance {
    axes: [Spring; MAX_AXES],
}

#[derive(Debug, Clone, Copy)]
struct Spring {
    card: JointCard,
    /// N·m·s/rad.
    damping: f64,
    /// What a torque of 1 N·m makes of the speed in a substep, rad/s.
    nudge: f64,
    angle: f64,
    speed: f64,
}

impl Compliance {
    pub(super) fn new(card: &PlantCard) -> Self {
        Self { axes: card.joints.map(Spring::new) }
    }

    /// By how much (rad) and how fast (rad/s) each joint yields.
    pub(super) fn axes(&self) -> impl Iterator<Item = (f64, f64)> {
        self.axes.iter().map(|spring| (spring.angle, spring.speed))
    }

    /// The torque through each joint's spring, N·m: what a torque sensor behind the gear feels.
    pub(super) fn torques(&self) -> impl Iterator<Item = f64> {
        self.axes.iter().map(|spring| spring.card.stiffness * spring.angle + spring.damping * spring.speed)
    }

    /// Applies these torques (N·m) from outside to the joints for one substep.
    pub(super) fn step(&mut self, torques: &[f64; MAX_AXES]) {
        for (spring, torque) in self.axes.iter_mut().zip(torques) {
            spring.step(*torque);
        }
    }

    /// Nothing moves any more.
    pub(super) fn halt(&mut self) {
        for spring in &mut self.axes {
            spring.speed = 0.0;
        }
    }
}

impl Spring {
    fn new(card: JointCard) -> Self {
        let damping = 2.0 * DAMPING_RATIO * (card.stiffness * card.inertia).sqrt();
        Self { card, damping, nudge: SUBSTEP_S / card.inertia, angle: 0.0, speed: 0.0 }
    }

    fn step(&mut self, torque: f64) {
        let JointCard { stiffness, friction, .. } = self.card;
        let dry = friction / (self.speed.abs() + FRICTION_SPEED);
        // Implicit in the damping, so that no friction is stiff enough to make the step unstable.
        let push = torque - stiffness * self.angle;
        self.speed = faded((self.speed + push * self.nudge) / (1.0 + (self.damping + dry) * self.nudge));
        let next = faded(self.angle + self.speed * SUBSTEP_S);
        self.angle = next.clamp(-END_OF_YIELD, END_OF_YIELD);
        if self.angle != next {
            self.speed = 0.0;
        }
    }
}
