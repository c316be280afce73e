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
    expected: f64,
    shown: Shown,
}

/// Whether the force has risen since touch as it does on skin.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shown {
    NotYet,
    /// It begins to; where the tip was then, m.
    Rising(f64),
    Yes,
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
/// Deeper than this (m) the force is regulated more slowly, in proportion, too. Tissue damps the more the deeper it is pressed (Hunt
/// and Crossley), and damping feeds a speed straight back into the force: a law that is as quick 17 mm deep swings by itself.
const DEEP: f64 = 0.006;
/// The slowest pace.
const SLOWEST_PACE: f64 = 0.2;
/// What the force is off the model, N: the sensor's σ and what is left of the skin.
const NOISE: f64 = 0.2;
/// How much the stiffness may change by itself in a second, as a share of it: the probe slides on to other tissue.
const WANDERING: f64 = 0.2;
/// The most that a long quiet contact makes doubtful, as a share: a few noisy samples must not overthrow what was known.
const DOUBT: f64 = 0.5;
/// An estimate that is this sure, as a share, counts as known.
const KNOWN: f64 = 0.6;
/// A force that rises by this much, N, is that of skin; a sensor's error does not rise.
const RISE: f64 = 1.0;
/// The rise is looked at from here on, N above the first force: four times the sensor's σ.
const RISE_FROM: f64 = 0.4;
/// Rise over travel is the stiffness if the skin is still. Where it falls away it shows less, so this many times as much is taken.
const STILL_SKIN: f64 = 2.0;
/// What is unsure counts up to so many times the estimate: a law that takes tissue for ten times stiffer than it is swings, too,
/// slowly, because it takes its own motion for the skin's.
const MOST_CAUTION: f64 = 3.0;
/// Later than this after touch, s, it is another touch than the one that was taken for it.
const LATE: f64 = 0.05;
/// How fast the skin may be at touch, m/s, to one σ.
const SKIN_SPEED: f64 = 0.02;

impl Stiffness {
    /// Touching something about this stiff (N/m), with this force (N).
    pub(super) fn touch(expected: f64, force: f64) -> Self {
        Self {
            state: Vector2::new(expected, 0.0),
            covariance: initial_covariance(expected),
            force: HighPass::new(),
            travel: HighPass::new(),
            slope: HighPass::new(),
            since_touch: 0.0,
            tip: 0.0,
            first_force: force,
            expected,
            shown: Shown::NotYet,
        }
    }

    /// The estimate, N/m.
    pub(super) fn estimate(&self) -> f64 {
        self.state.x
    }

    /// What the force is observed and regulated by, N/m: the estimate, and above it as far as it is unsure. Too stiff makes the law slow, too soft
    /// makes it swing.
    pub(super) fn cautious(&self) -> f64 {
        let unsure = self.covariance[(0, 0)].max(0.0).sqrt();
        self.state.x + (unsure - DOUBT * self.state.x).clamp(0.0, MOST_CAUTION * self.state.x)
    }

    /// Whether motion and force have told it, or it is still what was expected.
    pub(super) fn is_known(&self) -> bool {
        self.shown == Shown::Yes && self.is_sure()
    }

    /// Whether this is tissue, and nothing has told yet how stiff: a touch too slow, or skin that moved along.
    pub(super) fn is_wanted(&self) -> bool {
        self.shown == Shown::Yes && !self.is_sure()
    }

    /// How briskly the force may be regulated, 1 for all but the softest tissue: there the same speed means so little force
    /// that the sensor's noise would drive the probe. `force`: the present one, N.
    pub(super) fn pace(&self, force: f64) -> f64 {
        let depth = force.max(0.0) / self.state.x;
        (self.state.x / SOFT).min(DEEP / depth.max(DEEP)).clamp(SLOWEST_PACE, 1.0)
    }

    /// Takes in the force (N) and the tip's speed, delayed like the force (m/s, inward positive), of this tick.
    pub(super) fn step(&mut self, dt: f64, force: f64, tip_speed: f64) {
        self.since_touch += dt;
        self.tip += tip_speed * dt;
        self.watch_rise(force - self.first_force);
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

    /// Takes in by how much the force has risen since touch, N.
    fn watch_rise(&mut self, risen: f64) {
        self.shown = match self.shown {
            Shown::NotYet if risen > RISE_FROM => Shown::Rising(self.tip),
            Shown::Rising(_) if risen < RISE_FROM / 2.0 => Shown::NotYet,
            Shown::Rising(from) if risen > RISE_FROM + RISE => {
                if self.since_touch > LATE || !self.is_sure() {
                    // Too slow a touch to have told anything, or none at first: what was learnt of it is worth nothing now.
                    let travel = (self.tip - from).max(f64::MIN_POSITIVE);
                    let stiffness = (STILL_SKIN * RISE / travel).clamp(SOFTEST, self.expected);
                    self.state = Vector2::new(stiffness, 0.0);
                    self.covariance = initial_covariance(stiffness);
                }
                Shown::Yes
            }
            Shown::NotYet | Shown::Rising(_) | Shown::Yes => self.shown,
        };
    }

    fn is_sure(&self) -> bool {
        self.covariance[(0, 0)] < (KNOWN * self.state.x).powi(2)
    }
}

/// Nothing is known but what to expect.
fn initial_covariance(expected: f64) -> Matrix2<f64> {
    Matrix2::from_diagonal(&Vector2::new(expected.powi(2), (expected * SKIN_SPEED).powi(2)))
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

#[cfg(test)]
mod tests;
