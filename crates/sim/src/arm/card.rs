//! Plant cards: the numbers of one kind of arm and its force sensor (DESIGN §6), with where they come from.

use std::time::Duration;

use farprobe_geom::{MAX_AXES, Newton, NewtonMetre};

/// The numbers of an arm with its sensor. Geometry, range and speed of the joints come from the arm's description.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantCard {
    /// What the arm is called in reports.
    pub name: &'static str,
    /// From a setpoint's arrival to the first motion it causes; at most 60 ms.
    pub dead_time: Duration,
    /// Without a setpoint for this long the arm stops by itself.
    pub starved_after: Duration,
    /// The force sensor.
    pub sensor: SensorCard,
    /// Joint by joint, from the base outwards.
    pub(super) joints: [JointCard; MAX_AXES],
}

/// The numbers of a force and torque sensor at the probe tip.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorCard {
    /// Standard deviation of each force reading.
    pub force_noise: Newton,
    /// Standard deviation of each torque reading.
    pub torque_noise: NewtonMetre,
    /// The largest constant error of each force, in either direction; a seed chooses within.
    pub force_bias: Newton,
    /// The largest constant error of each torque, in either direction; a seed chooses within.
    pub torque_bias: NewtonMetre,
    /// Time constant of the first-order low-pass; zero for none.
    pub time_constant: Duration,
    /// From the filter's output to the reading; at most 15 ms.
    pub delay: Duration,
    /// The largest force it can tell along each axis.
    pub range: Newton,
}

/// The numbers of one joint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct JointCard {
    /// Largest acceleration of the drive, rad/s².
    pub(super) acceleration: f64,
    /// Largest jerk of the drive when it stops by itself, rad/s³.
    pub(super) jerk: f64,
    /// Stiffness between the drive and the link, N·m/rad.
    pub(super) stiffness: f64,
    /// What a push on the link has to accelerate, kg·m².
    pub(super) inertia: f64,
    /// Dry friction of the joint, N·m.
    pub(super) friction: f64,
    /// Standard deviation of the torque the arm says, N·m.
    pub(super) torque_noise: f64,
    /// How wrong the arm's model of its own weight is, N·m: a constant part within ±this, and one of this size that goes
    /// with the angle.
    pub(super) weight_error: f64,
    /// What of the friction of a moving joint is taken for an outer torque, N·m.
    pub(super) friction_error: f64,
    /// What share of the inertia is.
    pub(super) inertia_error: f64,
}

/// A big joint of the FR3, one of the four near the base.
///
/// Acceleration and jerk are the ones the maker states for all joints of the FR3. Stiffness is of the order makers state
/// for strain-wave gears of this size (10–20 kN·m/rad). Inertia is that of the links beyond the joint and of the motor seen
/// through the gear. Friction is what remains after compensation by joint torque sensors. The last three are chosen, not
/// identified on an arm: in the ready posture they let the tip yield by 1 mm for about 40 N along the probe's axis.
///
/// The errors of the arm's own torques are chosen so that together they are about what the maker of such arms states for
/// forces at the flange, an accuracy of some 0.8 N and a noise of some hundredths of a newton: 25 g half a metre away
/// twice over, a third of the friction, a tenth of the inertia.
const BIG_JOINT: JointCard = JointCard {
    acceleration: 10.0,
    jerk: 5_000.0,
    stiffness: 14_000.0,
    inertia: 1.0,
    friction: 0.3,
    torque_noise: 0.03,
    weight_error: 0.25,
    friction_error: 0.1,
    inertia_error: 0.1,
};

/// A small joint of the FR3, one of the three at the wrist. Sources as for [`BIG_JOINT`].
const WRIST_JOINT: JointCard = JointCard {
    acceleration: 10.0,
    jerk: 5_000.0,
    stiffness: 7_000.0,
    inertia: 0.2,
    friction: 0.1,
    torque_noise: 0.01,
    weight_error: 0.06,
    friction_error: 0.03,
    inertia_error: 0.1,
};

impl SensorCard {
    /// The sensor of the plant cards (DESIGN §6): σ 0.1 N, bias within ±0.5 N, 100 Hz low-pass, 1 ms. Torque has the same
    /// proportions at the 50 mm a wrist sensor of 100 N and 5 N·m trades one for the other.
    pub const PLANT: Self = Self {
        force_noise: Newton::literal(0.1),
        torque_noise: NewtonMetre::literal(0.005),
        force_bias: Newton::literal(0.5),
        torque_bias: NewtonMetre::literal(0.025),
        // 1 / (2π · 100 Hz).
        time_constant: Duration::from_nanos(1_591_549),
        delay: Duration::from_millis(1),
        range: Newton::literal(100.0),
    };
}

impl PlantCard {
    /// Plant card A: an arm like the FR3, which takes a setpoint each millisecond and acts on it two later. It stops after 20
    /// setpoints have not come, as the FR3 does.
    pub const A: Self = Self {
        name: "A (FR3-like)",
        dead_time: Duration::from_millis(2),
        starved_after: Duration::from_millis(20),
        sensor: SensorCard::PLANT,
        joints: [BIG_JOINT, BIG_JOINT, BIG_JOINT, BIG_JOINT, WRIST_JOINT, WRIST_JOINT, WRIST_JOINT],
    };

    /// Plant card B: as A, with the 15 ms dead time of an arm that is driven through its own controller, like the `UR5e`.
    pub const B: Self = Self { name: "B (UR5e-like)", dead_time: Duration::from_millis(15), ..Self::A };
}

impl Default for PlantCard {
    fn default() -> Self {
        Self::A
    }
}
