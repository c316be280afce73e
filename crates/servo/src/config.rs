//! What a servo is made of.

use std::time::Duration;

use farprobe_control::{ArmModel, ContactTuning};
use farprobe_geom::{
    Base, Joints, Metre, MetrePerSecond, MetrePerSecond2, MetrePerSecond3, Newton, NewtonPerMetre, Patient, Radian,
    RadianPerSecond, Transform,
};
use farprobe_safety::{
    AngularRow, Config as GateConfig, JointLimits, Limits, LinearRow, MonitorLimits, SensorCard, SensorNoise, Space,
    Timing, Tissue,
};
use farprobe_session::cart::AgeLimit;

/// The greatest joint acceleration, rad/s²: what Franka publishes for every joint of the FR3 (control parameters, limits for
/// FR3).
pub(crate) const JOINT_ACCELERATION: f64 = 10.0;

/// The greatest joint speed, rad/s: what comes to rest within 80 ms at that acceleration, after up to 15 ms in which the tip's own
/// deceleration builds up; the promise is 100 ms. Hands are slower by far; without it an arm near a singular posture would take
/// longer to stop.
pub(crate) const JOINT_SPEED: f64 = 0.8;

/// Share of the joints' greatest speed and acceleration that is used: the gate refuses what reaches it, and rounding must not.
pub(crate) const USED_SHARE: f64 = 0.95;

/// Of that acceleration this share is used to become faster. An arm that does all it can makes up for nothing: near a singular posture one
/// lagged behind a lift for 80 ms, into the patient (27 N; adversary-in-contact, seed 1644).
pub(crate) const SPEEDING: f64 = 0.75;

/// The compiled ceilings, with the rates lowered to what the joints of an FR3 can follow in the postures of an exam. The gate's
/// rows brake the tip; where they brake harder than the joints can, the arm overruns what was permitted, and the gate takes that
/// for the fault it would be in any other arm. Found by the world: stalls of the link in the middle of a fan.
const FOLLOWABLE: Limits = Limits {
    outward: LinearRow {
        // 6 rad/s² in a joint half a metre away; the rest of the 10 is for turning at the same time.
        acceleration: MetrePerSecond2::literal(3.0),
        jerk: MetrePerSecond3::literal(300.0),
        ..Limits::CEILINGS.outward
    },
    lateral: LinearRow {
        // From full speed to rest in 90 ms: the promise is 100 ms.
        acceleration: MetrePerSecond2::literal(1.5),
        jerk: MetrePerSecond3::literal(150.0),
        ..Limits::CEILINGS.lateral
    },
    angular: AngularRow {
        // 20° a second; from there to rest in 80 ms, and joints that have to brake everything at once take 20 ms more. The wrist turns
        // 1.3 times as fast as a probe that fans about its tip.
        speed: RadianPerSecond::literal(0.35),
        acceleration: 5.0,
        jerk: 500.0,
    },
    ..Limits::CEILINGS
};

/// A setpoint may be this far from the joint, rad: at the fastest permitted joint speed an arm with 15 ms dead time lags by 0.012, and a
/// push of the staff bends the arm's control by a few thousandths more. What is left is what an arm leaps by that comes back to life.
const LEAD: Radian = Radian::literal(0.05);

/// A joint may be this far from every angle it was sent of late, rad: 300 N half a metre from it bend it so far (14 kN·m/rad).
const FOLLOWING: Radian = Radian::literal(0.01);

/// An arm may still move for so long as it was permitted to: 15 ms of dead time, and what it lags behind its setpoints.
const LAG: Duration = Duration::from_millis(25);

/// No setpoint makes a joint faster than this, rad/s, or the monitor trips: what the gate is told (0.8), with room.
const MONITORED_SPEED: f64 = 0.9;

/// Standard deviation of each force the sensor says, N: plant card A.
const SENSOR_NOISE: Newton = Newton::literal(0.1);

/// Everything a servo has to know from the beginning.
#[derive(Debug, Clone)]
pub struct ServoConfig {
    /// The arm with the probe on it.
    pub model: ArmModel,
    /// The posture a redundant arm drifts towards while it moves, rad.
    pub posture: Joints,
    /// Where the arm's base stands in the frame of the couch.
    pub base_on_patient: Transform<Base, Patient>,
    /// The contact limits in force.
    pub limits: Limits,
    /// The ladder's times.
    pub timing: Timing,
    /// How late a command may be.
    pub age_limit: AgeLimit,
    /// The force law's numbers.
    pub tuning: ContactTuning,
    /// From a change of force to the arm acting on it.
    pub reaction: Duration,
    /// The force sensor.
    pub sensor: SensorCard,
    /// Where the tip may be.
    pub space: Space,
    /// What the probe may touch next, while it touches nothing.
    pub tissue_before_touch: Tissue,
}

impl ServoConfig {
    /// For the FR3 of plant card A over the belly and chest of a lying patient, whose couch stands at `patient_to_base`.
    pub fn shipped(model: ArmModel, posture: Joints, patient_to_base: &Transform<Patient, Base>) -> Self {
        let couch = patient_to_base.isometry().translation.vector;
        let corner = |x: f64, y: f64, z: f64| {
            [couch.x + x, couch.y + y, couch.z + z].map(|value| Metre::new(value).unwrap_or_default())
        };
        Self {
            model,
            posture,
            base_on_patient: patient_to_base.inverse(),
            limits: FOLLOWABLE,
            timing: Timing::SHIPPED,
            age_limit: AgeLimit::DEFAULT,
            tuning: ContactTuning::default(),
            // Sensor 1 ms, its 100 Hz low-pass 1.6 ms, one tick, the arm's dead time 2 ms; rounded up.
            reaction: Duration::from_millis(6),
            // What force-torque sensors for hand-sized tools offer.
            sensor: SensorCard {
                range: Newton::literal(100.0),
                noise: SensorNoise::Present { deviation: SENSOR_NOISE },
            },
            space: Space {
                // Half a couch to every side of its origin, from its surface to half a metre above it.
                low: corner(-0.5, -0.5, 0.0),
                high: corner(0.5, 0.5, 0.5),
                keep_out: [None; farprobe_safety::MAX_KEEP_OUT],
                upright: [0.0, 0.0, -1.0],
                // The flank of a lying patient is scanned at 60°; further round the couch is in the way.
                max_tilt: Radian::literal(1.2),
            },
            tissue_before_touch: Tissue {
                // The stiffer of belly and chest.
                stiffness: NewtonPerMetre::literal(25_000.0),
                worst: NewtonPerMetre::literal(25_000.0),
                // 10 mm of breathing at 0.5 Hz: 2π · 0.5 · 0.010.
                skin_speed: MetrePerSecond::literal(0.031),
            },
        }
    }

    /// What the gate has to know.
    pub(crate) fn gate(&self) -> GateConfig {
        GateConfig {
            limits: self.limits,
            timing: self.timing,
            reaction: self.reaction,
            joints: self.joint_limits(),
            sensor: self.sensor,
            space: self.space,
        }
    }

    /// What the monitor has to know: its own copy, made from the arm's description and not from what was made of that for the gate.
    pub(crate) fn monitor(&self) -> MonitorLimits {
        let limits = self.model.limits();
        MonitorLimits {
            lower: self.each(|joint| limits[joint].lower.get()),
            upper: self.each(|joint| limits[joint].upper.get()),
            speed: self.each(|joint| limits[joint].speed.get().min(MONITORED_SPEED)),
            hard_force: self.limits.hard_force,
            following: FOLLOWING,
            lag: LAG,
        }
    }

    fn joint_limits(&self) -> JointLimits {
        let limits = self.model.limits();
        JointLimits {
            lower: self.each(|joint| limits[joint].lower.get()),
            upper: self.each(|joint| limits[joint].upper.get()),
            speed: self.each(|joint| limits[joint].speed.get().min(JOINT_SPEED)),
            acceleration: self.each(|_| JOINT_ACCELERATION),
            lead: LEAD,
        }
    }

    /// A number for each joint of the arm.
    fn each(&self, value: impl Fn(usize) -> f64) -> Joints {
        let mut joints = Joints::zero(self.model.axes());
        for (index, slot) in joints.as_mut_slice().iter_mut().enumerate() {
            *slot = value(index);
        }
        joints
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_sim::scene;
    use nalgebra::{Isometry3, Vector3};

    fn shipped(couch: Vector3<f64>) -> ServoConfig {
        let patient_to_base = Transform::new(Isometry3::new(couch, Vector3::zeros()));
        ServoConfig::shipped(scene::arm().unwrap(), Joints::zero(7), &patient_to_base)
    }

    #[test]
    fn the_probe_may_be_above_the_couch_wherever_that_stands() {
        for couch in [Vector3::new(0.5, 0.0, 0.0), Vector3::new(-0.3, 0.8, -0.2)] {
            let space = shipped(couch).space;
            let corner = |corner: [Metre; 3]| Vector3::from(corner.map(Metre::get)) - couch;
            assert!((corner(space.low) - Vector3::new(-0.5, -0.5, 0.0)).norm() < 1e-12, "{:?}", space.low);
            assert!((corner(space.high) - Vector3::new(0.5, 0.5, 0.5)).norm() < 1e-12, "{:?}", space.high);
            assert_eq!(space.upright, [0.0, 0.0, -1.0], "the probe points down");
        }
    }

    /// From full speed and full acceleration to rest, s.
    fn to_rest(speed: f64, acceleration: f64, jerk: f64) -> f64 {
        (speed + acceleration * acceleration / (2.0 * jerk)) / acceleration + acceleration / jerk
    }

    #[test]
    fn every_motion_an_operator_makes_comes_to_rest_in_time_and_asks_no_more_of_a_joint_than_it_can() {
        let limits = shipped(Vector3::zeros()).limits;
        let (lateral, angular, outward) = (limits.lateral, limits.angular, limits.outward);
        let times = [
            to_rest(lateral.speed.get(), lateral.acceleration.get(), lateral.jerk.get()),
            to_rest(angular.speed.get(), angular.acceleration, angular.jerk),
        ];
        assert!(times.iter().all(|time| *time <= 0.1), "{times:?} s of the 100 ms promised");
        // A joint half a metre from the tip; what it does not need for travel is left for turning.
        let needed = [outward, lateral].map(|row| row.acceleration.get() / 0.5);
        assert!(needed.iter().all(|needed| *needed <= 0.6 * JOINT_ACCELERATION), "{needed:?} rad/s²");
        // A slide and a fan at once: the wrist turns 1.3 times as fast as a probe that fans about its tip.
        let both = lateral.acceleration.get() / 0.5 + 1.3 * angular.acceleration;
        assert!(both <= JOINT_ACCELERATION * USED_SHARE + 1e-9, "{both} rad/s²");
        assert!(1.3 * angular.speed.get() < JOINT_SPEED * USED_SHARE);
        // Each acceleration is there within 10 ms.
        for row in [outward, lateral] {
            assert!((row.acceleration.get() / row.jerk.get() - 0.01).abs() < 1e-12);
        }
        let ceilings = Limits::CEILINGS;
        assert_eq!(
            (limits.soft_force, limits.hard_force, limits.inward),
            (ceilings.soft_force, ceilings.hard_force, ceilings.inward)
        );
    }

    #[test]
    fn gate_and_monitor_know_the_joints_of_the_arm() {
        let config = shipped(Vector3::zeros());
        let model = scene::arm().unwrap();
        let limits = config.gate().joints;
        for (joint, own) in model.limits().iter().enumerate() {
            let of = |joints: &Joints| joints.as_slice()[joint];
            assert_eq!((of(&limits.lower), of(&limits.upper)), (own.lower.get(), own.upper.get()));
            assert_eq!(of(&limits.speed), JOINT_SPEED, "every joint of this arm could be faster");
            assert_eq!(of(&limits.acceleration), JOINT_ACCELERATION);
        }
        let monitor = config.monitor();
        assert_eq!((monitor.lower, monitor.upper), (limits.lower, limits.upper));
        assert_eq!(monitor.speed.as_slice(), [MONITORED_SPEED; 7]);
        assert_eq!((monitor.hard_force, monitor.following), (config.limits.hard_force, FOLLOWING));
    }
}
