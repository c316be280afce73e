//! Puts the simulated arm, patient and scanner together, as the configuration says.

use std::time::Duration;

use farprobe_control::ArmModel;
use farprobe_devices::arm::SimulatedArm;
use farprobe_devices::scanner::{CineScanner, SimulatedScanner, Source};
use farprobe_devices::{Arm, Scanner};
use farprobe_geom::{Joints, Metre};
use farprobe_sim::arm::{Plant, PlantCard};
use farprobe_sim::body::{Body, BodyCard, BodyMotion, Breathing};
use farprobe_sim::scene;

use crate::StartError;
use crate::config::{ArmKind, Config};

/// Quiet breathing: 15 breaths a minute.
const BREATH: Duration = Duration::from_secs(4);

/// A simulated bedside.
pub(crate) struct Simulation {
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

/// Makes the bedside that `config` describes.
pub(crate) fn simulate(config: &Config) -> Result<Simulation, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Simulation(error.to_string());
    let card = match config.arm.kind {
        ArmKind::SimulatedFr3 => PlantCard::A,
        ArmKind::SimulatedFr3Slow => PlantCard::B,
    };
    let seed = config.arm.seed;
    let amplitude = Metre::new(config.arm.breathing_mm / 1e3).map_err(|error| failed(&error))?;
    let body = Body::new(BodyCard { breathing: Breathing { amplitude, period: BREATH }, ..BodyCard::default() });
    let outline = outline(&body);
    let model = scene::arm().map_err(|error| failed(&error))?;
    let start =
        scene::start_joints(&model, &body).ok_or_else(|| failed(&"it can't reach the place where an exam begins"))?;
    let plant =
        Plant::new(&card, body.clone(), model.clone(), scene::couch(), &start, seed).map_err(|error| failed(&error))?;
    let (arm, probe) = SimulatedArm::new(plant);
    let scanner = scanner(config, || SimulatedScanner::new(body, seed, config.scanner.frame_rate, probe))?;
    Ok(Simulation { model, start, arm: Box::new(arm), scanner, outline })
}

/// The body's rings one after the other, each closed.
fn outline(body: &Body) -> Vec<[f32; 3]> {
    let rings = body.outline(&BodyMotion::REST);
    rings.iter().flatten().map(|point| [point.x, point.y, point.z].map(|value| value as f32)).collect()
}

/// The configured source of pictures: the simulated scanner, or a recording.
fn scanner(config: &Config, simulated: impl FnOnce() -> SimulatedScanner) -> Result<Box<dyn Scanner>, StartError> {
    match &config.scanner.source {
        Source::Simulated => Ok(Box::new(simulated())),
        Source::Recording(path) => {
            let scanner = CineScanner::open(path).map_err(|error| config.refuse_source(error.to_string()))?;
            let geometry = scanner.state().geometry;
            farprobe_media::check_size(geometry.width.into(), geometry.height.into())
                .map_err(|error| config.refuse_source(format!("{}: {error}", path.display())))?;
            Ok(Box::new(scanner))
        }
    }
}
