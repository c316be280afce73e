//! The safety gate under any story at all.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use farprobe_geom::{
    Base, Joints, Metre, MetrePerSecond, MetrePerSecond2, Newton, NewtonPerMetre, Pose, Radian, Time, Tip, Twist,
    Wrench,
};
use farprobe_safety::{
    Agility, ArmHealth, Arming, Clutch, Command, Config, Confirmation, Contact, Facts, Gate, JointCheck, JointLimits,
    JointSetpoint, Lease, Limits, LinkQuality, MAX_KEEP_OUT, Measured, Picture, PictureHealth, Reset, Rung, SensorCard,
    SensorNoise, Session, Shutdown, Space, StopSource, Stride, Timing, Tissue, Verdict,
};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

/// The most steps of one input.
const MAX_STEPS: usize = 512;

/// One step of a story: what holds for some ticks. Numbers are any that bits can make.
#[derive(Debug, Clone, Copy, PartialEq, Arbitrary)]
struct Step {
    /// Each bit is something that is wrong; none is the usual case.
    wrong: u16,
    clutch: u8,
    clutch_in: u8,
    force: f64,
    torque: f64,
    expected: Option<f64>,
    stiffness: f64,
    agility: [f64; 2],
    height: f64,
    proposed: [f64; 6],
    speeds: [f64; 7],
    gap_us: u16,
    ticks: u8,
}

impl Step {
    /// Nothing is wrong, and the clutch is so.
    const fn good(clutch: u8, force: f64) -> Self {
        Self {
            wrong: 0,
            clutch,
            clutch_in: 1,
            force,
            torque: 0.0,
            expected: None,
            stiffness: 10_000.0,
            agility: [3.0, 1.5],
            height: 0.5,
            proposed: [0.02, 0.0, 0.005, 0.0, 0.0, 0.1],
            speeds: [0.0; 7],
            gap_us: 1_000,
            ticks: 40,
        }
    }

    /// The bytes this step is read from.
    fn bytes(&self) -> Vec<u8> {
        let Self { wrong, clutch, clutch_in, force, torque, expected, stiffness, agility, height, .. } = *self;
        let mut bytes = [&wrong.to_le_bytes()[..], &[clutch, clutch_in]].concat();
        bytes.extend([force, torque].map(f64::to_le_bytes).concat());
        bytes.push(u8::from(expected.is_some()));
        let rest = expected.into_iter().chain([stiffness]).chain(agility).chain([height]);
        bytes.extend(rest.chain(self.proposed).chain(self.speeds).flat_map(f64::to_le_bytes));
        bytes.extend(self.gap_us.to_le_bytes());
        bytes.push(self.ticks);
        bytes
    }

    fn is_wrong(&self, bit: u32) -> bool {
        self.wrong >> bit & 1 == 1
    }

    fn facts(&self) -> Facts {
        let choose = |bit, good, bad| if self.is_wrong(bit) { bad } else { good };
        let clutch = match self.clutch % 4 {
            0 => Clutch::HandleLost,
            1 => Clutch::Open,
            _ => Clutch::Pressed,
        };
        let command = Some(Command { clutch, clutch_in: u32::from(self.clutch_in) });
        Facts {
            arming: if self.is_wrong(0) { Arming::Disarmed } else { Arming::Armed },
            stop: self.is_wrong(1).then_some(StopSource::Operator),
            reset: if self.is_wrong(2) { Reset::Requested } else { Reset::None },
            lease: if self.is_wrong(3) { Lease::Free } else { Lease::Held { epoch: 7 } },
            command: if self.is_wrong(4) { None } else { command },
            stride: if self.is_wrong(5) {
                Stride { linear: Metre::literal(1.0), angular: Radian::ZERO }
            } else {
                Stride::NONE
            },
            picture: Picture {
                age: Some(Duration::from_millis(50)),
                health: choose(6, PictureHealth::Good, PictureHealth::Frozen),
            },
            round_trip: if self.is_wrong(7) { None } else { Some(Duration::from_millis(20)) },
            link_quality: if self.is_wrong(8) { LinkQuality::Red } else { LinkQuality::Green },
            session: if self.is_wrong(9) { Session::Closed } else { Session::Open },
            arm: if self.is_wrong(10) { ArmHealth::Starved } else { ArmHealth::Ready },
            contact: if self.is_wrong(11) { Contact::Free } else { Contact::Touching },
            shutdown: if self.is_wrong(12) { Shutdown::Requested } else { Shutdown::None },
            monitor: Verdict::Quiet,
        }
    }

    fn measured(&self, now: Time, joints: &Joints, trembling: f64) -> Measured {
        let along =
            |force: f64, torque: f64| Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::new(torque, 0.0, 0.0));
        Measured {
            sampled_at: if self.is_wrong(13) { Time::ZERO } else { now },
            tip: tip(self.height),
            twist: Twist::zero(),
            joints: *joints,
            joint_speeds: Joints::zero(joints.axes()),
            wrench: along(self.force + trembling, self.torque),
            tissue: Tissue {
                stiffness: NewtonPerMetre::new(self.stiffness).unwrap_or_default(),
                worst: NewtonPerMetre::literal(25_000.0),
                skin_speed: MetrePerSecond::literal(0.031),
            },
            expected: self.expected.map(|force| along(force, 0.0)),
            agility: Agility {
                along: MetrePerSecond2::new(self.agility[0]).unwrap_or_default(),
                least: MetrePerSecond2::new(self.agility[1]).unwrap_or_default(),
            },
        }
    }
}

fn tip(height: f64) -> Pose<Base> {
    let down = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), std::f64::consts::PI);
    Pose::new(Isometry3::from_parts(Translation3::new(0.0, 0.0, height), down))
}

fn config() -> Config {
    let all = |value: f64| Joints::from_slice(&[value; 7]).unwrap_or(Joints::zero(7));
    Config {
        limits: Limits::CEILINGS,
        timing: Timing::SHIPPED,
        reaction: Duration::from_millis(6),
        joints: JointLimits {
            lower: all(-2.5),
            upper: all(2.5),
            speed: all(2.5),
            acceleration: all(10.0),
            lead: Radian::literal(0.05),
        },
        sensor: SensorCard {
            range: Newton::literal(100.0),
            noise: SensorNoise::Present { deviation: Newton::literal(0.1) },
        },
        space: Space {
            low: [-0.5, -0.5, 0.0].map(Metre::literal),
            high: [0.5, 0.5, 1.0].map(Metre::literal),
            keep_out: [None; MAX_KEEP_OUT],
            upright: [0.0, 0.0, -1.0],
            max_tilt: Radian::literal(1.0),
        },
    }
}

/// A press, a touch and an end, as an exam has them, each time with another thing that goes wrong.
pub(crate) fn stories() -> Vec<Vec<u8>> {
    let story = |wrong: u16| {
        let steps = [
            Step::good(1, 0.0),
            Step::good(2, 0.0),
            Step::good(2, 0.6),
            Step::good(2, 2.0),
            Step::good(2, 9.0),
            Step { wrong, ..Step::good(2, 9.0) },
            Step::good(1, 1.0),
            Step::good(2, 21.0),
            Step { agility: [0.2, 0.1], ..Step::good(2, 0.0) },
        ];
        steps.iter().flat_map(Step::bytes).collect()
    };
    (0..16).map(|bit| story(1 << bit)).chain([story(0)]).collect()
}

/// Any story: what is permitted and what is sent is finite and within the limits; a stop stops; nobody engages but by a press in
/// an armed, leased, live session.
pub fn gate(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let config = config();
    let mut gate = Gate::new(&config);
    let (mut now, mut joints, mut ticks) = (Time::ZERO, Joints::zero(7), 0_u64);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            return;
        }
        let Ok(step) = input.arbitrary::<Step>() else { return };
        for tick in 0..=step.ticks {
            let gap = if tick == 0 { u64::from(step.gap_us) } else { 1_000 };
            now = now + Duration::from_micros(gap);
            ticks += 1;
            // A sensor of flesh and blood never says the same twice.
            let trembling = if step.is_wrong(14) { 0.0 } else { 0.05 * (ticks % 7) as f64 };
            let (facts, measured) = (step.facts(), step.measured(now, &joints, trembling));
            let before = gate.state().rung();
            let after = gate.advance(now, &facts, &measured).state.rung();
            assert!(facts.stop.is_none() || after == Rung::EStop, "a stop led to {after:?}");
            if after == Rung::Engaged && before != Rung::Engaged {
                may_engage(&facts);
            }
            let [x, y, z, rx, ry, rz] = step.proposed;
            let proposal = Twist::new(Vector3::new(x, y, z), Vector3::new(rx, ry, rz));
            let permitted = gate.permit(now, &proposal, &measured);
            is_within(&permitted, &config.limits);
            joints = sent(&mut gate, now, &step, &joints, &permitted);
        }
    }
}

fn may_engage(facts: &Facts) {
    assert_eq!(facts.command.map(|command| command.clutch), Some(Clutch::Pressed));
    assert_eq!((facts.arming, facts.session), (Arming::Armed, Session::Open));
    assert_eq!((facts.lease, facts.link_quality), (Lease::Held { epoch: 7 }, LinkQuality::Green));
    assert_eq!((facts.shutdown, facts.picture.health), (Shutdown::None, PictureHealth::Good));
}

fn is_within(permitted: &Twist<Tip>, limits: &Limits) {
    /// Rounding, m/s and rad/s.
    const ROOM: f64 = 1e-8;
    assert!(permitted.is_finite());
    assert!(permitted.linear.xy().norm() <= limits.lateral.speed.get() + ROOM, "{permitted:?}");
    assert!(permitted.linear.z <= limits.inward.speed.get() + ROOM, "{permitted:?}");
    assert!(permitted.linear.z >= -limits.outward.speed.get() - ROOM, "{permitted:?}");
    assert!(permitted.angular.norm() <= limits.angular.speed.get() + ROOM, "{permitted:?}");
}

/// Where the joints stand after what was confirmed, or after what is to be sent instead.
fn sent(gate: &mut Gate, now: Time, step: &Step, joints: &Joints, permitted: &Twist<Tip>) -> Joints {
    let velocities = Joints::from_slice(&step.speeds).unwrap_or(Joints::zero(7));
    let positions = joints.zip_with(&velocities, |angle, speed| angle + speed * 1e-3);
    let setpoint = JointSetpoint { positions, velocities };
    let implied = if step.is_wrong(15) { Twist::zero() } else { *permitted };
    let chosen = match gate.confirm(now, &JointCheck { setpoint, measured: *joints, implied }) {
        Confirmation::Passed => Some(setpoint),
        Confirmation::Refused(refusal) => refusal.instead,
    };
    let Some(chosen) = chosen else { return *joints };
    assert!(chosen.positions.is_finite() && chosen.velocities.is_finite(), "{chosen:?}");
    chosen.positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_from_its_bytes() {
        for step in [Step { expected: Some(4.0), wrong: 0x8001, ..Step::good(2, 9.0) }, Step::good(1, 0.5)] {
            let bytes = step.bytes();
            let mut input = Unstructured::new(&bytes);
            assert_eq!(input.arbitrary::<Step>().unwrap(), step);
            assert!(input.is_empty());
        }
    }

    #[test]
    fn the_stories_begin_with_engaging() {
        let mut gate = Gate::new(&config());
        let mut now = Time::ZERO;
        for step in [Step::good(1, 0.0), Step::good(2, 0.0)] {
            for tick in 0..10 {
                now = now + Duration::from_millis(1);
                gate.advance(now, &step.facts(), &step.measured(now, &Joints::zero(7), 0.05 * f64::from(tick)));
            }
        }
        assert_eq!(gate.state().rung(), Rung::Engaged);
    }
}
