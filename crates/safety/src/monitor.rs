//! The second, independent look: compares what was sent to the arm with what was permitted, and with what the arm does.
//!
//! It shares no state and no function with the gate, and has ceilings of its own. What changes a setpoint between the gate and the arm, and an
//! arm that does not do what it is told, are found here within 20 ms.

use core::time::Duration;

use farprobe_geom::{Joints, MAX_AXES, Newton, Radian, Time, Tip, Twist, Wrench};

use crate::facts::ArmHealth;
use crate::joints::JointSetpoint;
use crate::objection::Objection;
use crate::recently::Greatest;
use crate::state::Cause;

/// What is wrong for so long trips; with the tick before and the tick after, that is within 20 ms. What is right meanwhile counts
/// against it, tick for tick: what is wrong for more than half of the time trips, however it is chopped.
const LASTING: Duration = Duration::from_millis(15);

/// A joint that is not where it was sent, or not as fast, trips sooner: it takes 12 ms until one that was told to leap is too fast.
const LASTING_JOINT: Duration = Duration::from_millis(5);

/// After that has tripped: an arm whose joints are not where they were sent for so long in all is no longer told to rest somewhere. It stops
/// by itself, whoever tells it something else.
const ASTRAY_AFTER: Duration = Duration::from_millis(15);

/// The same of a lift: the time that one takes (500 ms), and a little more.
const LOST_AFTER: Duration = Duration::from_millis(600);

/// One whose joints are faster or slower than they were sent for so long in all goes its own way, and a lift is none any more.
const RUNS_AWAY_AFTER: Duration = Duration::from_millis(50);

/// Of a longer gap between two ticks only so much counts: nobody has seen what was in it.
const LONGEST_TICK: Duration = Duration::from_millis(5);

/// The monitor's own ceiling of the hard force limit, N.
const FORCE_CEILING: f64 = 20.0;

/// Above the hard limit by so much, N, only outward motion is believed in: room for what a patient does to a probe that
/// already yields.
const FORCE_ROOM: f64 = 1.0;

/// The fastest any tip motion can be that passes the gate, m/s: outward and both lateral axes at once (0.263), with room.
const LINEAR_SPEED: f64 = 0.30;

/// The fastest towards the patient, m/s: the gate's 0.060 with room.
const INWARD_SPEED: f64 = 0.070;

/// The fastest turn, rad/s: three axes at 0.7 (1.21), with room.
const ANGULAR_SPEED: f64 = 1.35;

/// The measured tip may be faster towards the patient, across the skin, or turning than was permitted of late by so much, m/s, m/s and
/// rad/s, and in proportion: the arm's own oscillation, a cough that bends it, a firm push. Over all classes of faults of the world, by
/// plant cards A and B, no more than these was seen for longer than 4 ms.
const MEASURED_INWARD: f64 = 0.020;
const MEASURED_ACROSS: f64 = 0.050;
const MEASURED_TURNING: f64 = 0.20;

/// Inward motion that does not count as pressing, m/s.
const CREEP: f64 = 0.002;

/// Differences between sent and permitted motion that are kinematics and rounding, m/s and rad/s, and in proportion.
const LINEAR_DIFFERENCE: f64 = 0.010;
const ANGULAR_DIFFERENCE: f64 = 0.10;
const PROPORTION: f64 = 0.2;

/// A joint setpoint may differ by this much from one tick to the next beyond its greatest speed, rad.
const STEP_ROOM: f64 = 2e-3;

/// After a longer gap no step is judged: the arm stopped by itself and the setpoint began anew.
const STEP_MEMORY: Duration = Duration::from_millis(20);

/// A joint may be faster or slower by so much than any speed it was sent of late, rad/s. Over all classes of faults of the world, by
/// plant cards A and B, 0.05 was exceeded for 7 ms at most, and 0.1 never.
const JOINT_DIFFERENCE: f64 = 0.10;

/// The greatest following error that may be configured, rad.
const FOLLOWING_CEILING: f64 = 0.1;

/// What the monitor holds the arm to. Its own copy, not the gate's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MonitorLimits {
    /// Lowest angles, rad, one for each joint.
    pub lower: Joints,
    /// Highest angles, rad.
    pub upper: Joints,
    /// Greatest speeds, rad/s.
    pub speed: Joints,
    /// The hard force limit in force, N; more than 20 N counts as 20 N.
    pub hard_force: Newton,
    /// How far a joint may be from every angle it was sent within the lag; more than 0.1 rad counts as 0.1 rad. To be larger than what
    /// a firm push makes of it.
    pub following: Radian,
    /// The arm may still move in some way for so long after that was permitted last: its dead time, and what it needs to brake in the
    /// setpoint's wake.
    pub lag: Duration,
}

/// One tick as the monitor sees it, after the setpoint was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// What was sent to the arm.
    pub setpoint: JointSetpoint,
    /// The tip motion of the setpoint that was sent: J times the difference of the last two setpoints by their interval.
    pub sent: Twist<Tip>,
    /// The tip motion the gate permitted; while it had the arm brake, the motion that was sent before.
    pub permitted: Twist<Tip>,
    /// Where the joints are, rad.
    pub measured: Joints,
    /// How fast they are, rad/s.
    pub speeds: Joints,
    /// Whether the arm says that it follows. One that has stopped by itself moves as it likes until it does.
    pub arm: ArmHealth,
    /// How the tip moves, as measured.
    pub moving: Twist<Tip>,
    /// What the patient does to the probe, as the sensor says it: its zero is not taken off, so that a wrong one hides nothing.
    pub wrench: Wrench<Tip>,
}

/// What the monitor found. Stays tripped until it is reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Quiet,
    /// Something is wrong.
    Tripped(Trip),
}

/// What an arm may be sent that was found not to do what it is sent. What was taken away is given back by a reset. Less
/// comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Orders {
    /// Everything.
    Given,
    /// What lifts the probe, as long as that lasts: to rest somewhere it need not be told.
    Lift,
    /// Nothing: it stops by itself.
    None,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trip {
    /// The setpoint that was sent is not finite, or not of this arm.
    Nonsense,
    /// The setpoint that was sent is outside the joint's range.
    Range {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The setpoint that was sent jumped.
    Jump {
        /// Which joint, from 0.
        joint: usize,
    },
    /// The tip motion that was sent is faster than anything the gate permits.
    TooFast,
    /// The tip motion that was sent is not the one that was permitted.
    NotAsPermitted,
    /// The motion that was sent presses on although the hard limit is passed.
    Pressing,
    /// A joint is not where it was sent, or not as fast.
    NotFollowing,
    /// The tip moves faster than the gate permitted of late.
    Runaway,
}

impl Trip {
    /// What this is on the ladder.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Nonsense => Cause::Refused(Objection::SentNonsense),
            Self::Range { joint } => Cause::Refused(Objection::SentOutOfRange { joint }),
            Self::Jump { joint } => Cause::Refused(Objection::SentJump { joint }),
            Self::TooFast => Cause::Refused(Objection::SentTooFast),
            Self::NotAsPermitted => Cause::Refused(Objection::SentNotAsPermitted),
            Self::Pressing => Cause::ForceLimit,
            Self::NotFollowing | Self::Runaway => Cause::ArmFault,
        }
    }
}

/// How fast this is towards the patient, across the skin, m/s, and turning, rad/s.
fn speeds(twist: &Twist<Tip>) -> [f64; 3] {
    [twist.linear.z, twist.linear.xy().norm(), twist.angular.norm()]
}

/// Whether each joint is as fast as it was sent at some time of late.
fn is_as_fast(sample: &Sample, late: &Sent) -> bool {
    late.has_near(Sent::SPEED, &sample.setpoint.positions, &sample.speeds, JOINT_DIFFERENCE)
}

/// What was sent of late.
struct Sent([f64; 4 * MAX_AXES]);

impl Sent {
    const ANGLE: usize = 0;
    const SPEED: usize = 2;

    /// Of each joint angle, angle turned round, speed, and speed turned round.
    fn of(setpoint: &JointSetpoint) -> [f64; 4 * MAX_AXES] {
        let mut all = [f64::NEG_INFINITY; 4 * MAX_AXES];
        let joints = setpoint.positions.as_slice().iter().zip(setpoint.velocities.as_slice());
        for (slots, (angle, speed)) in all.chunks_exact_mut(4).zip(joints) {
            slots.copy_from_slice(&[*angle, -*angle, *speed, -*speed]);
        }
        all
    }

    /// Whether each joint's value is near to what was sent to it, and there is one for each.
    fn has_near(&self, kind: usize, sent: &Joints, values: &Joints, room: f64) -> bool {
        let mut each = values.as_slice().iter().enumerate();
        values.axes() == sent.axes() && each.all(|(joint, value)| self.is_near(kind, joint, *value, room))
    }

    /// Whether `value` of a joint is between the least and the greatest sent, or no further from them than `room`.
    fn is_near(&self, kind: usize, joint: usize, value: f64, room: f64) -> bool {
        let at = |index: usize| self.0.get(4 * joint + kind + index).copied().unwrap_or(f64::NAN);
        let (greatest, least) = (at(0), -at(1));
        value <= greatest + room && value >= least - room
    }
}

/// The trips that have to last, in the order of [`Monitor::wrong`].
const LASTING_TRIPS: [(Trip, Duration); 5] = [
    (Trip::TooFast, LASTING),
    (Trip::NotAsPermitted, LASTING),
    (Trip::Pressing, LASTING),
    (Trip::NotFollowing, LASTING_JOINT),
    (Trip::Runaway, LASTING),
];

/// The monitor.
#[derive(Debug, Clone, Copy)]
pub struct Monitor {
    limits: MonitorLimits,
    verdict: Verdict,
    last: Option<(Time, Joints)>,
    /// How long each of [`LASTING_TRIPS`] has been seen, less how long it has not; no more than it has to be.
    wrong: [Duration; LASTING_TRIPS.len()],
    /// For how long, since it tripped, a joint was not where it was sent, and not as fast.
    astray: Duration,
    running: Duration,
    orders: Orders,
    /// The [`speeds`] permitted.
    permitted: Greatest<3>,
    /// Of each joint's angle and speed as sent the greatest and, turned round, the least.
    sent: Greatest<{ 4 * MAX_AXES }>,
}

impl Monitor {
    /// A monitor that has seen nothing yet.
    pub const fn new(limits: &MonitorLimits) -> Self {
        Self {
            limits: *limits,
            verdict: Verdict::Quiet,
            last: None,
            wrong: [Duration::ZERO; LASTING_TRIPS.len()],
            astray: Duration::ZERO,
            running: Duration::ZERO,
            orders: Orders::Given,
            permitted: Greatest::of(limits.lag),
            sent: Greatest::of(limits.lag),
        }
    }

    /// What was found up to now.
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the arm may still be sent.
    pub const fn orders(&self) -> Orders {
        self.orders
    }

    /// The staff reset the cart.
    pub fn reset(&mut self) {
        *self = Self::new(&self.limits);
    }

    /// Takes in one tick.
    pub fn check(&mut self, now: Time, sample: &Sample) -> Verdict {
        let at_once = self.judge_setpoint(now, &sample.setpoint);
        let elapsed = self.last.map_or(Duration::ZERO, |(at, _)| now.saturating_since(at)).min(LONGEST_TICK);
        self.last = Some((now, sample.setpoint.positions));
        let permitted = self.permitted.note(now, &speeds(&sample.permitted));
        let sent = Sent(self.sent.note(now, &Sent::of(&sample.setpoint)));
        let lasting = self.judge_motion(sample, permitted, &sent);
        self.judge_obedience(sample, &sent, elapsed);
        let mut found = at_once;
        for ((wrong, (trip, lasting)), seen) in self.wrong.iter_mut().zip(LASTING_TRIPS).zip(lasting) {
            *wrong = if seen { wrong.saturating_add(elapsed).min(lasting) } else { wrong.saturating_sub(elapsed) };
            if *wrong == lasting {
                found = found.or(Some(trip));
            }
        }
        if let (Verdict::Quiet, Some(trip)) = (self.verdict, found) {
            self.verdict = Verdict::Tripped(trip);
        }
        self.verdict
    }

    fn judge_obedience(&mut self, sample: &Sample, late: &Sent, elapsed: Duration) {
        let tripped = self.verdict != Verdict::Quiet && sample.arm == ArmHealth::Ready;
        let count = |so_far: Duration, wrong: bool, most: Duration| {
            if wrong && tripped { so_far.saturating_add(elapsed).min(most) } else { so_far.saturating_sub(elapsed) }
        };
        self.astray = count(self.astray, !self.is_in_place(sample, late), LOST_AFTER);
        self.running = count(self.running, !is_as_fast(sample, late), RUNS_AWAY_AFTER);
        let now = if self.running == RUNS_AWAY_AFTER || self.astray == LOST_AFTER {
            Orders::None
        } else if self.astray >= ASTRAY_AFTER || self.running >= ASTRAY_AFTER {
            Orders::Lift
        } else {
            Orders::Given
        };
        // What was taken away is not given back.
        self.orders = self.orders.max(now);
    }

    fn judge_setpoint(&self, now: Time, setpoint: &JointSetpoint) -> Option<Trip> {
        let MonitorLimits { lower, upper, speed, .. } = &self.limits;
        let (angles, speeds) = (&setpoint.positions, &setpoint.velocities);
        if !angles.is_finite() || !speeds.is_finite() || angles.axes() != lower.axes() || speeds.axes() != lower.axes()
        {
            return Some(Trip::Nonsense);
        }
        // Written so that NaN among the limits is beyond them.
        let within = |margin: &f64| *margin <= 0.0;
        let over = |margins: &Joints| margins.as_slice().iter().position(|margin| !within(margin));
        let above = angles.zip_with(upper, |angle, top| angle - top - STEP_ROOM);
        let below = lower.zip_with(angles, |bottom, angle| bottom - angle - STEP_ROOM);
        if let Some(joint) = over(&above).or_else(|| over(&below)) {
            return Some(Trip::Range { joint });
        }
        let (at, last) = self.last?;
        let elapsed = now.saturating_since(at);
        if elapsed > STEP_MEMORY {
            return None;
        }
        let room = speed.zip_with(speed, |speed, _| speed * elapsed.as_secs_f64() + STEP_ROOM);
        let step = angles.zip_with(&last, |angle, before| (angle - before).abs());
        over(&step.zip_with(&room, |step, room| step - room)).map(|joint| Trip::Jump { joint })
    }

    /// Which of [`LASTING_TRIPS`] are seen in this sample. Comparisons are written so that NaN is seen as wrong.
    fn judge_motion(&self, sample: &Sample, fastest: [f64; 3], late: &Sent) -> [bool; LASTING_TRIPS.len()] {
        let Sample { sent, permitted, moving, wrench, .. } = sample;
        let slow =
            sent.linear.norm() <= LINEAR_SPEED && sent.angular.norm() <= ANGULAR_SPEED && sent.linear.z <= INWARD_SPEED;
        // Less than permitted is no harm: what counts is what goes beyond, or another way.
        let excess = |sent: &nalgebra::Vector3<f64>, permitted: &nalgebra::Vector3<f64>, room: f64| {
            let along = if sent.dot(permitted) > 0.0 { permitted.norm().min(sent.norm()) } else { 0.0 };
            let direction = permitted.try_normalize(1e-12).unwrap_or_else(nalgebra::Vector3::zeros);
            (sent - direction * along).norm() <= room + PROPORTION * permitted.norm()
        };
        let as_permitted = excess(&sent.linear, &permitted.linear, LINEAR_DIFFERENCE)
            && excess(&sent.angular, &permitted.angular, ANGULAR_DIFFERENCE);
        let limit = self.limits.hard_force.get().min(FORCE_CEILING) + FORCE_ROOM;
        // A sensor that gives nonsense is the gate's business; it presses on only if it is told to.
        let presses = wrench.force.norm() > limit && sent.linear.z > CREEP;
        let follows = self.is_in_place(sample, late) && is_as_fast(sample, late);
        let rooms = [MEASURED_INWARD, MEASURED_ACROSS, MEASURED_TURNING];
        let obeys = speeds(moving)
            .into_iter()
            .zip(fastest)
            .zip(rooms)
            .all(|((speed, permitted), room)| speed <= permitted.max(0.0) * (1.0 + PROPORTION) + room);
        let goes_by_itself = sample.arm != ArmHealth::Ready;
        [!slow, !as_permitted, presses, !(follows || goes_by_itself), !(obeys || goes_by_itself)]
    }

    /// Whether each joint is where it was sent at some time of late.
    fn is_in_place(&self, sample: &Sample, late: &Sent) -> bool {
        let bound = self.limits.following.get().min(FOLLOWING_CEILING);
        late.has_near(Sent::ANGLE, &sample.setpoint.positions, &sample.measured, bound)
    }
}
