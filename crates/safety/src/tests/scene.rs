//! A gate with its surroundings, good until a test says otherwise.

use core::time::Duration;

use farprobe_geom::{
    Joints, Metre, MetrePerSecond, MetrePerSecond2, Newton, NewtonPerMetre, Pose, Radian, Time, Tip, Twist, Wrench,
};
use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector3};

use crate::*;

/// Everything good, the gate ticking once a millisecond.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) gate: Gate,
    pub(crate) now: Time,
    pub(crate) facts: Facts,
    pub(crate) measured: Measured,
    pub(crate) directive: Directive,
    pub(crate) proposal: Twist<Tip>,
    pub(crate) permitted: Twist<Tip>,
    /// Whether the sensor's numbers differ from tick to tick.
    pub(crate) trembles: bool,
}

/// An arm that can do all the limits ask for, and more.
pub(crate) const NIMBLE: Agility =
    Agility { along: MetrePerSecond2::literal(10.0), least: MetrePerSecond2::literal(3.0) };

/// From this force on the scene's control law says that it touches, N.
const TOUCH: f64 = 0.4;

pub(crate) fn joint_limits() -> JointLimits {
    let all = |value: f64| Joints::from_slice(&[value; 7]).unwrap();
    JointLimits {
        lower: all(-2.5),
        upper: all(2.5),
        speed: all(2.5),
        acceleration: all(10.0),
        lead: Radian::literal(0.2),
    }
}

pub(crate) fn space() -> Space {
    Space {
        low: [-0.5, -0.5, 0.0].map(Metre::literal),
        high: [0.5, 0.5, 1.0].map(Metre::literal),
        keep_out: [None; MAX_KEEP_OUT],
        upright: [0.0, 0.0, -1.0],
        max_tilt: Radian::literal(1.0),
    }
}

pub(crate) fn config() -> Config {
    Config {
        limits: Limits::CEILINGS,
        timing: Timing::SHIPPED,
        reaction: Duration::from_micros(5600),
        joints: joint_limits(),
        sensor: SensorCard { range: Newton::literal(100.0), noise: SensorNoise::None },
        space: space(),
    }
}

/// The probe pointing straight down at this place of frame `base`.
pub(crate) fn downward(x: f64, y: f64, z: f64) -> Pose<farprobe_geom::Base> {
    let down = UnitQuaternion::from_axis_angle(&Vector3::x_axis(), core::f64::consts::PI);
    Pose::new(Isometry3::from_parts(Translation3::new(x, y, z), down))
}

pub(crate) fn good_facts() -> Facts {
    Facts {
        arming: Arming::Armed,
        stop: None,
        reset: Reset::None,
        lease: Lease::Held { epoch: 7 },
        command: Some(Command { clutch: Clutch::Open, clutch_in: 0 }),
        stride: Stride::NONE,
        picture: Picture { age: Some(Duration::from_millis(60)), health: PictureHealth::Good },
        round_trip: Some(Duration::from_millis(20)),
        link_quality: LinkQuality::Green,
        session: Session::Open,
        arm: ArmHealth::Ready,
        contact: Contact::Free,
        shutdown: Shutdown::None,
        monitor: Verdict::Quiet,
    }
}

pub(crate) fn linear(x: f64, y: f64, z: f64) -> Twist<Tip> {
    Twist::new(Vector3::new(x, y, z), Vector3::zeros())
}

impl Scene {
    pub(crate) fn with(config: &Config) -> Self {
        let measured = Measured {
            sampled_at: Time::ZERO,
            tip: downward(0.0, 0.0, 0.5),
            twist: Twist::zero(),
            joints: Joints::zero(7),
            joint_speeds: Joints::zero(7),
            wrench: Wrench::zero(),
            tissue: Tissue {
                stiffness: NewtonPerMetre::literal(10e3),
                worst: NewtonPerMetre::ZERO,
                skin_speed: MetrePerSecond::ZERO,
            },
            expected: None,
            agility: NIMBLE,
        };
        let mut gate = Gate::new(config);
        let directive = gate.advance(Time::ZERO, &Facts::UNKNOWN, &measured);
        Self {
            gate,
            now: Time::ZERO,
            facts: good_facts(),
            measured,
            directive,
            proposal: Twist::zero(),
            permitted: Twist::zero(),
            trembles: config.sensor.noise != SensorNoise::None,
        }
    }

    pub(crate) fn new() -> Self {
        Self::with(&config())
    }

    /// Ready, in free space.
    pub(crate) fn ready() -> Self {
        let mut scene = Self::new();
        scene.run(3);
        assert_eq!(scene.rung(), Rung::Ready);
        scene
    }

    /// Engaged, with this contact force; zero means free space.
    pub(crate) fn engaged(force: f64) -> Self {
        Self::engaged_with(&config(), force)
    }

    pub(crate) fn engaged_with(config: &Config, force: f64) -> Self {
        let mut scene = Self::with(config);
        scene.run(3);
        scene.press(1);
        scene.run(1);
        assert_eq!(scene.rung(), Rung::Engaged);
        scene.press_to(force);
        scene
    }

    /// Goes from a light touch to this force as an operator does, so that the touch shows itself.
    pub(crate) fn press_to(&mut self, force: f64) {
        const STEP: f64 = 0.02;
        let mut pressed = TOUCH;
        while pressed < force {
            self.push(pressed);
            self.run(1);
            pressed += STEP;
        }
        self.push(force);
        self.run(1);
    }

    /// In this state, by a legal way, pressing with this force.
    pub(crate) fn at(rung: Rung, force: f64) -> Self {
        let mut scene = Self::engaged(force);
        match rung {
            Rung::Idle => scene = Self::new(),
            Rung::Ready => scene = Self::ready(),
            Rung::Engaged => {}
            Rung::Hold => scene.open(),
            Rung::Soften => scene.facts.command = None,
            Rung::Release => {
                scene.facts.command = None;
                scene.run(310);
            }
            Rung::Retract => {
                scene.facts.command = None;
                scene.run(1100);
            }
            Rung::Parked => {
                scene.facts.command = None;
                scene.push(0.0);
                scene.run(5100);
            }
            Rung::Fault => scene.facts.monitor = Verdict::Tripped(Trip::Jump { joint: 0 }),
            Rung::EStop => scene.facts.stop = Some(StopSource::Bedside),
        }
        scene.push(force);
        for _ in 0..60 {
            if scene.rung() != rung {
                scene.run(1);
            }
        }
        assert_eq!(scene.rung(), rung);
        scene.facts.monitor = Verdict::Quiet;
        scene
    }

    pub(crate) fn rung(&self) -> Rung {
        self.directive.state.rung()
    }

    pub(crate) fn press(&mut self, clutch_in: u32) {
        self.facts.command = Some(Command { clutch: Clutch::Pressed, clutch_in });
    }

    pub(crate) fn open(&mut self) {
        let clutch_in = self.facts.command.map_or(0, |command| command.clutch_in);
        self.facts.command = Some(Command { clutch: Clutch::Open, clutch_in });
    }

    /// The patient presses the probe with this force from now on.
    pub(crate) fn push(&mut self, force: f64) {
        self.measured.wrench = Wrench::new(Vector3::new(0.0, 0.0, -force), Vector3::zeros());
        self.facts.contact = if force > TOUCH { Contact::Touching } else { Contact::Free };
    }

    /// Goes on by this many milliseconds. Edges count for one tick.
    pub(crate) fn run(&mut self, millis: u32) {
        for _ in 0..millis {
            self.tick(Duration::from_millis(1));
        }
    }

    pub(crate) fn tick(&mut self, gap: Duration) {
        self.now = self.now + gap;
        self.measured.sampled_at = self.now;
        let mut measured = self.measured;
        if self.trembles {
            let up = (self.now.as_nanos() / 1_000_000).is_multiple_of(2);
            let tremble = if up { 0.01 } else { -0.01 };
            measured.wrench.force.add_scalar_mut(tremble);
            measured.wrench.torque.add_scalar_mut(tremble * 0.05);
        }
        self.directive = self.gate.advance(self.now, &self.facts, &measured);
        self.permitted = self.gate.permit(self.now, &self.proposal, &measured);
        self.facts.stop = None;
        self.facts.reset = Reset::None;
    }

    /// Runs until the state is another one, and says after how many milliseconds that was.
    pub(crate) fn until_changed(&mut self, at_most: u32) -> u32 {
        let before = self.rung();
        for millis in 1..=at_most {
            self.run(1);
            if self.rung() != before {
                return millis;
            }
        }
        panic!("still {before:?} after {at_most} ms");
    }
}
