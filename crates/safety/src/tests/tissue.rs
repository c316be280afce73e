//! How hard still tissue is pressed, against a small simulated one.

use core::time::Duration;
use std::collections::VecDeque;

use farprobe_geom::{MetrePerSecond, NewtonPerMetre};
use proptest::prelude::*;

use super::scene::{Scene, config, linear};
use crate::*;

/// The highest force the probe may press still tissue with by its own motion, N: 2 N, and 10 %, above the hard limit.
const HIGHEST: f64 = 22.0;

/// A probe on a spring: the gate sees force late, the arm acts late.
struct Bench {
    scene: Scene,
    stiffness: f64,
    depth: f64,
    /// Forces on their way to the gate, a tick each.
    late: VecDeque<f64>,
    peak: f64,
}

impl Bench {
    /// `delay_ms` is all delay of sensor, tick and arm together.
    fn new(stiffness: f64, delay_ms: usize, skin_speed: f64) -> Self {
        // Each motion goes on for a tick before the next one.
        let reaction = Duration::from_millis(delay_ms as u64 + 1);
        let mut scene = Scene::engaged_with(&Config { reaction, ..config() }, 0.0);
        scene.measured.tissue = Tissue {
            stiffness: NewtonPerMetre::new(stiffness).unwrap(),
            worst: NewtonPerMetre::new(stiffness).unwrap(),
            skin_speed: MetrePerSecond::new(skin_speed).unwrap(),
        };
        Self { scene, stiffness, depth: -0.001, late: VecDeque::from(std::vec![0.0; delay_ms]), peak: 0.0 }
    }

    fn force(&self) -> f64 {
        self.stiffness * self.depth.max(0.0)
    }

    fn run(&mut self, millis: u32, skin_speed: f64) {
        for _ in 0..millis {
            let seen = self.late.pop_front().unwrap_or(0.0);
            self.late.push_back(self.force());
            self.scene.push(seen);
            self.scene.measured.twist = self.scene.permitted;
            self.scene.run(1);
            self.depth += (self.scene.permitted.linear.z + skin_speed) * 1e-3;
            self.peak = self.peak.max(self.force());
        }
    }
}

/// The highest force, N, of a probe that is pressed on and eased in all sorts of rhythms.
fn highest_in_any_rhythm(stiffness: f64, delay_ms: usize) -> f64 {
    let mut worst = 0.0_f64;
    for period in [4_000, 400, 200, 100, 60, 40, 25] {
        for share in [0.3, 0.5, 0.7, 0.9] {
            let mut bench = Bench::new(stiffness, delay_ms, 0.0);
            bench.scene.proposal = linear(0.0, 0.0, 1.0);
            bench.run(250, 0.0);
            for _ in 0..(3_000 / period).max(1) {
                let pressing = (f64::from(period) * share) as u32;
                bench.scene.proposal = linear(0.0, 0.0, 1.0);
                bench.run(pressing, 0.0);
                bench.scene.proposal = linear(0.0, 0.0, -0.02);
                bench.run(period - pressing, 0.0);
            }
            worst = worst.max(bench.peak);
        }
    }
    worst
}

#[ignore = "prints what SAFETY.md tells"]
#[test]
fn sr_014_the_highest_force_over_stiffness_and_delay() {
    for delay_ms in [1, 2, 4, 6, 8, 12, 16, 23, 30, 40] {
        for stiffness in [300.0, 1e3, 3e3, 10e3, 25e3, 50e3, 74e3, 100e3, 150e3] {
            let worst = highest_in_any_rhythm(stiffness, delay_ms);
            std::println!("{delay_ms:3} ms {stiffness:8} N/m {worst:.2} N");
        }
    }
}

#[test]
fn sr_014_tissue_that_is_as_stiff_as_it_is_said_to_be_is_not_pressed_beyond_the_hard_limit_itself() {
    // What is on its way and what gathers speed is counted: none of the 2 N are needed.
    for (stiffness, delay_ms) in [(3e3, 30), (50e3, 30)] {
        let worst = highest_in_any_rhythm(stiffness, delay_ms);
        assert!((15.0..20.0).contains(&worst), "{worst} N at {stiffness} N/m, {delay_ms} ms");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn sr_014_pressing_as_hard_as_the_gate_allows_keeps_the_hard_limit(
        exponent in 2.48..5.18f64, delay_ms in 1usize..40, skin_speed in 0.0..0.03f64,
    ) {
        let stiffness = libm::pow(10.0, exponent);
        let mut bench = Bench::new(stiffness, delay_ms, skin_speed);
        bench.scene.proposal = linear(0.0, 0.0, 1.0);
        // The skin comes towards the probe until it is touched, as breathing does.
        for _ in 0..4000 {
            let towards = if bench.depth < 0.0 { skin_speed } else { 0.0 };
            bench.run(1, towards);
        }
        prop_assert!(bench.peak <= HIGHEST, "{} N at {stiffness} N/m, {delay_ms} ms", bench.peak);
    }

    #[test]
    fn sr_014_nor_does_pressing_and_easing_in_any_rhythm(
        exponent in 2.48..5.18f64, delay_ms in 1usize..40,
        wishes in prop::collection::vec((prop_oneof![Just(1.0), Just(-1.0), -0.05..0.06f64], 1u32..150), 1..30),
    ) {
        let stiffness = libm::pow(10.0, exponent);
        let mut bench = Bench::new(stiffness, delay_ms, 0.0);
        bench.scene.proposal = linear(0.0, 0.0, 1.0);
        bench.run(300, 0.0);
        for (wish, millis) in wishes {
            bench.scene.proposal = linear(0.0, 0.0, wish);
            bench.run(millis, 0.0);
        }
        prop_assert!(bench.peak <= HIGHEST, "{} N at {stiffness} N/m, {delay_ms} ms", bench.peak);
    }

    #[test]
    fn sr_038_a_release_lowers_the_force_in_time_whatever_is_proposed(
        exponent in 2.48..5.18f64, believed in 2.48..5.18f64, force in 3.0..15.0f64, inward in -0.2..0.06f64,
    ) {
        let stiffness = libm::pow(10.0, exponent);
        let mut bench = Bench::new(stiffness, 6, 0.0);
        bench.depth = force / stiffness;
        bench.late = VecDeque::from(std::vec![force; 6]);
        bench.scene.measured.tissue.stiffness = NewtonPerMetre::new(libm::pow(10.0, believed)).unwrap();
        bench.scene.proposal = linear(0.0, 0.0, 0.0);
        bench.run(5, 0.0);
        bench.scene.facts.stop = Some(StopSource::Bedside);
        bench.scene.proposal = linear(0.1, 0.0, inward);
        bench.peak = 0.0;
        bench.run(500, 0.0);
        // At 200 mm/s, reached with 5 m/s², the softest tissue gives 0.3 N for each millimetre of 96.
        prop_assert!(bench.force() <= 2.0 + 1e-9, "{} N left of {force} at {stiffness} N/m", bench.force());
        prop_assert!(bench.peak <= force + 1.0, "rose to {} N from {force}", bench.peak);
    }
}
