//! A plant of one dimension for the tests: plant card A along the probe's axis.

use farprobe_geom::{Newton, Pose, Time, Twist, Wrench};
use nalgebra::{Isometry3, Vector3};

use super::*;
use crate::reference::Guidance;

/// Setpoints on their way, ms.
const DEAD_TIME: usize = 2;
/// Natural frequency of the arm's own tracking, rad/s, critically damped.
const TRACKING: f64 = 200.0;
const SUBSTEPS: u32 = 4;

/// Tissue, arm and sensor. Positions in m, inward positive, the skin at rest at 0.
pub(super) struct Bench {
    law: ContactLaw,
    stiffness: f64,
    tip: f64,
    /// Where the skin is at a time in s.
    pub(super) skin: fn(f64) -> f64,
    true_force: f64,
    dead_time: usize,
    tip_speed: f64,
    setpoint: f64,
    on_the_way: std::collections::VecDeque<(f64, f64)>,
    filtered: f64,
    delayed: f64,
    ticks: u64,
    noise: u64,
    operator: Pose<Base>,
    /// How fast the probe slides across the skin, m/s.
    pub(super) sliding: f64,
    /// How much the skin falls away for each metre of that.
    pub(super) slope: f64,
    fallen: f64,
    /// Whether the operator is heard.
    pub(super) guidance: Guidance,
}

/// What one tick came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) force: f64,
    pub(super) proposal: Proposal,
}

impl Bench {
    /// Tissue of this stiffness (N/m) with the probe 5 mm above it.
    pub(super) fn new(stiffness: f64) -> Self {
        Self {
            law: ContactLaw::new(ContactTuning::default()),
            stiffness,
            tip: -0.005,
            skin: |_| 0.0,
            true_force: 0.0,
            dead_time: DEAD_TIME,
            tip_speed: 0.0,
            setpoint: -0.005,
            on_the_way: std::collections::VecDeque::new(),
            filtered: 0.0,
            delayed: 0.0,
            ticks: 0,
            noise: 0x9E37_79B9_7F4A_7C15,
            operator: Pose::identity(),
            sliding: 0.0,
            slope: 0.0,
            fallen: 0.0,
            guidance: Guidance::Live,
        }
    }

    pub(super) fn time(&self) -> f64 {
        self.ticks as f64 * 1e-3
    }

    /// One millisecond with this directive and this operator's speed along z (m/s).
    pub(super) fn tick(&mut self, directive: &Directive, operator_speed: f64) -> Seen {
        let reading = self.delayed + 0.1 * self.gaussian();
        self.delayed = self.filtered;
        let measured = Measured {
            tip: Pose::new(Isometry3::translation(0.0, 0.0, self.tip)),
            twist: Twist::new(Vector3::new(self.sliding, 0.0, self.tip_speed), Vector3::zeros()),
            wrench: Wrench::new(Vector3::z() * -reading, Vector3::zeros()),
        };
        let twist = Twist::new(Vector3::z() * operator_speed, Vector3::zeros());
        self.operator = crate::reference::moved(&self.operator, &twist, 1e-3);
        let operator = Reference { pose: self.operator, twist, guidance: self.guidance };
        let now = Time::from_millis(1_000 + self.ticks);
        let proposal = self.law.step(now, directive, &operator, &measured);
        self.move_arm(proposal.twist.linear.z);
        self.ticks += 1;
        Seen { force: self.true_force, proposal }
    }

    /// Ticks for this many seconds.
    pub(super) fn run(&mut self, seconds: f64, directive: &Directive, operator_speed: f64) -> Vec<Seen> {
        (0..(seconds * 1e3) as u64).map(|_| self.tick(directive, operator_speed)).collect()
    }

    /// The same with an arm that answers this much later, ms; the law knows.
    pub(super) fn with_dead_time(stiffness: f64, dead_time: usize) -> Self {
        let arm_dead_time = Duration::from_millis(dead_time as u64);
        let law = ContactLaw::new(ContactTuning { arm_dead_time, ..ContactTuning::default() });
        Self { law, dead_time, ..Self::new(stiffness) }
    }

    /// Pushes inward at 10 mm/s until this force (N) is asked for.
    pub(super) fn push_to(&mut self, force: f64) -> Vec<Seen> {
        let follow = Directive::Follow { desired_force: Newton::new(force).unwrap() };
        let mut seen = Vec::new();
        for _ in 0..20_000 {
            let tick = self.tick(&follow, 0.01);
            seen.push(tick);
            if tick.proposal.force_target.get() >= force {
                return seen;
            }
        }
        panic!("{force} N were not asked for in 20 s");
    }

    /// Touches and pushes on to 8 N, and lets the force settle.
    pub(super) fn pressed_to_eight(stiffness: f64, skin: fn(f64) -> f64) -> Self {
        let mut bench = Self::new(stiffness);
        bench.skin = skin;
        bench.push_to(8.0);
        bench.run(3.0, &Directive::Follow { desired_force: Newton::literal(8.0) }, 0.0);
        bench
    }

    /// The probe waits here, m.
    pub(super) fn start_at(&mut self, tip: f64) {
        self.tip = tip;
        self.setpoint = tip;
    }

    fn move_arm(&mut self, command: f64) {
        self.setpoint += command * 1e-3;
        self.on_the_way.push_back((self.setpoint, command));
        let (position, speed) =
            if self.on_the_way.len() > self.dead_time { self.on_the_way.pop_front().unwrap() } else { (self.tip, 0.0) };
        let dt = 1e-3 / f64::from(SUBSTEPS);
        for n in 0..SUBSTEPS {
            let time = self.time() + f64::from(n) * dt;
            let wanted = speed + TRACKING / 2.0 * (position - self.tip);
            self.tip_speed += (2.0 * TRACKING * (wanted - self.tip_speed)).clamp(-10.0, 10.0) * dt;
            self.tip += self.tip_speed * dt;
            let falling = self.slope * self.sliding;
            self.fallen += falling * dt;
            let depth = self.tip - self.fallen - (self.skin)(time);
            let rate = self.tip_speed - falling - ((self.skin)(time + 1e-4) - (self.skin)(time - 1e-4)) / 2e-4;
            // Hunt and Crossley, with the loss of soft tissue.
            self.true_force = (self.stiffness * depth.max(0.0) * (1.0 + 3.0 * rate)).max(0.0);
            self.filtered += (self.true_force - self.filtered) * (1.0 - (-dt * core::f64::consts::TAU * 100.0).exp());
        }
    }

    /// Normally distributed with σ 1, from a xorshift generator: the sum of twelve uniform numbers.
    fn gaussian(&mut self) -> f64 {
        let mut sum = -6.0;
        for _ in 0..12 {
            self.noise ^= self.noise << 13;
            self.noise ^= self.noise >> 7;
            self.noise ^= self.noise << 17;
            sum += (self.noise >> 11) as f64 / (1_u64 << 53) as f64;
        }
        sum
    }
}
