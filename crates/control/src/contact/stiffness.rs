//! How stiff the tissue is.
//!
//! The skin moves by itself, and while the force is regulated well the probe moves with it: force over travel then says
//! nothing. But skin is slow. So force and travel pass the same high-pass, and only motion that is faster than skin moves
//! is compared: above all the braking at touch, and any ringing of the force loop. A Kalman filter weighs what is seen
//! against what was known.

use nalgebra::{Matrix2, Vector2};

/// An estimate of the tissue's stiffness, N/m, made while the probe touches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stiffness {
    /// The stiffness, N/m, and the part of the force's first slope, N/s, that the skin's own motion made.
    state: Vector2<f64>,
    covariance: Matrix2<f64>,
    force: HighPass,
    travel: HighPass,
    /// The trace of a skin that was moving evenly at touch.
    slope: HighPass,
    since_touch: f64,
    tip: f64,
    first_force: f64,
}

/// The softest and the stiffest tissue that is believed, N/m.
const SOFTEST: f64 = 300.0;
const STIFFEST: f64 = 200_000.0;
/// Corner of the high-passes, rad/s. Breathing of ±10 mm at 0.5 Hz comes through as 10 µm, the braking at touch as 40 µm.
const CORNER: f64 = 100.0;
/// Travel behind the high-pass that skin can make by itself, m: the breathing above and a third. Less is not looked at. A
/// lower threshold was tried: breathing then wears the estimate down to a third of the truth.
const SKIN: f64 = 13e-6;
/// Below this stiffness (N/m) the force is regulated more slowly, in proportion.
const SOFT: f64 = 1_000.0;
/// The slowest pace.
const SLOWEST_PACE: f64 = 0.2;
/// What the force is off the model, N: the sensor's σ and what is left of the skin.
const NOISE: f64 = 0.2;
/// How much the stiffness may change by itself in a second, as a share of it: the probe slides on to other tissue.
const WANDERING: f64 = 0.2;
/// The most that a long quiet contact makes doubtful, as a share: a few noisy samples must not overthrow what was known.
const DOUBT: f64 = 0.5;
/// How fast the skin may be at touch, m/s, to one σ.
const SKIN_SPEED: f64 = 0.02;

impl Stiffness {
    /// Touching something about this stiff (N/m), with this force (N).
    pub(super) fn touch(expected: f64, force: f64) -> Self {
        Self {
            state: Vector2::new(expected, 0.0),
            covariance: Matrix2::from_diagonal(&Vector2::new(expected.powi(2), (expected * SKIN_SPEED).powi(2))),
            force: HighPass::new(),
            travel: HighPass::new(),
            slope: HighPass::new(),
            since_touch: 0.0,
            tip: 0.0,
            first_force: force,
        }
    }

    /// The estimate, N/m.
    pub(super) fn estimate(&self) -> f64 {
        self.state.x
    }

    /// How briskly the force may be regulated, 1 for all but the softest tissue: there the same speed means so little force
    /// that the sensor's noise would drive the probe.
    pub(super) fn pace(&self) -> f64 {
        (self.state.x / SOFT).clamp(SLOWEST_PACE, 1.0)
    }

    /// Takes in the force (N) and the tip's speed, delayed like the force (m/s, inward positive), of this tick.
    pub(super) fn step(&mut self, dt: f64, force: f64, tip_speed: f64) {
        self.since_touch += dt;
        self.tip += tip_speed * dt;
        let force = self.force.step(dt, force - self.first_force);
        let travel = self.travel.step(dt, self.tip);
        let slope = self.slope.step(dt, self.since_touch);
        if self.covariance[(0, 0)] < (DOUBT * self.state.x).powi(2) {
            self.covariance[(0, 0)] += (WANDERING * self.state.x).powi(2) * dt;
        }
        if travel.abs() < SKIN {
            return;
        }
        let seen = Vector2::new(travel, slope);
        let spread = self.covariance * seen;
        let gain = spread / (seen.dot(&spread) + NOISE * NOISE);
        self.state += gain * (force - seen.dot(&self.state));
        self.covariance -= gain * spread.transpose();
        self.state.x = self.state.x.clamp(SOFTEST, STIFFEST);
    }
}

/// Two first-order high-passes in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
struct HighPass {
    low: [f64; 2],
}

impl HighPass {
    const fn new() -> Self {
        Self { low: [0.0; 2] }
    }

    fn step(&mut self, dt: f64, value: f64) -> f64 {
        let share = CORNER * dt / (1.0 + CORNER * dt);
        self.low.iter_mut().fold(value, |value, low| {
            *low += (value - *low) * share;
            value - *low
        })
    }
}
