//! Puts the simulated arm, patient and scanner together, as the configuration says.

use std::time::Duration;

use farprobe_control::ArmModel;
use farprobe_devices::arm::SimulatedArm;
use farprobe_devices::scanner::SimulatedScanner;
use farprobe_devices::{Arm, Scanner};
use farprobe_geom::{Joints, Metre};
use farprobe_sim::arm::{Plant, PlantCard};
use farprobe_sim::body::{Body, BodyCard, BodyMotion, Breathing};
use farprobe_sim::scene;

use crate::config::{self, ArmKind};

/// Quiet breathing: 15 breaths a minute.
const BREATH: Duration = Duration::from_secs(4);

/// A simulated bedside.
pub struct Simulation {
    /// The arm with the probe on it.
    pub model: ArmModel,
    /// The joint angles the exam begins at, rad.
    pub start: Joints,
    /// The arm.
    pub arm: Box<dyn Arm>,
    /// The scanner.
    pub scanner: Box<dyn Scanner>,
    /// A coarse outline of the patient, m, frame `patient`.
    pub outline: Vec<[f32; 3]>,
}

/// Makes the bedside.
pub fn simulate(arm: &config::Arm, frame_rate: f64) -> Result<Simulation, Box<dyn std::error::Error>> {
    let card = match arm.kind {
        ArmKind::SimulatedFr3 => PlantCard::A,
        ArmKind::SimulatedFr3Slow => PlantCard::B,
    };
    let amplitude = Metre::new(arm.breathing_mm / 1e3)?;
    let body = Body::new(BodyCard { breathing: Breathing { amplitude, period: BREATH }, ..BodyCard::default() });
    let outline = outline(&body);
    let model = scene::arm()?;
    let start =
        scene::start_joints(&model, &body).ok_or("the simulated arm can't reach the place where an exam begins")?;
    let plant = Plant::new(&card, body.clone(), model.clone(), scene::couch(), &start, arm.seed)?;
    let (simulated, probe) = SimulatedArm::new(plant);
    let scanner = SimulatedScanner::new(body, arm.seed, frame_rate, probe);
    Ok(Simulation { model, start, arm: Box::new(simulated), scanner: Box::new(scanner), outline })
}

/// The body's rings one after the other, each closed.
fn outline(body: &Body) -> Vec<[f32; 3]> {
    let rings = body.outline(&BodyMotion::REST);
    rings.iter().flatten().map(|point| [point.x, point.y, point.z].map(|value| value as f32)).collect()
}

/// The source of pictures named `source`: the simulated scanner, or a recording.
pub fn source(source: &str, simulated: Box<dyn Scanner>) -> Result<Box<dyn Scanner>, Box<dyn std::error::Error>> {
    match source.strip_prefix("cine:") {
        None => Ok(simulated),
        Some(_) => Err("recordings can't be played yet".into()),
    }
}
