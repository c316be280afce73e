//! One tick of a world as the checks and the measurements see it.

use farprobe_geom::{Base, Pose, Time, Tip, Twist};
use farprobe_servo::Outcome;
use farprobe_session::cart::ConsoleId;
use farprobe_sim::arm::PlantState;

use crate::World;
use crate::world::Heard;

/// One tick.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// When.
    pub now: Time,
    /// Whether the servo took its step.
    pub ran: bool,
    /// The plant.
    pub plant: &'a PlantState,
    /// What the servo decided in its last step.
    pub outcome: &'a Outcome,
    /// The tip's motion by the setpoint that was sent; at rest if none was.
    pub sent: Twist<Tip>,
    /// Where the setpoint that was sent has the tip; nothing if none was.
    pub sent_to: Option<Pose<Base>>,
    /// The commands that reached the servo before.
    pub heard: &'a [Heard],
    /// Who holds the lease.
    pub holder: Option<ConsoleId>,
}

impl<'a> Observation<'a> {
    /// The last tick of a world; nothing before the first.
    pub fn of(world: &'a World) -> Option<Self> {
        let (plant, outcome) = world.last()?;
        let (sent, sent_to) = match &outcome.target {
            None => (Twist::zero(), None),
            Some(target) => {
                let kinematics = world.config().model.kinematics(&target.positions);
                (kinematics.twist(&target.velocities), Some(*kinematics.tip()))
            }
        };
        Some(Self {
            now: world.now(),
            ran: world.ran(),
            plant,
            outcome,
            sent,
            sent_to,
            heard: world.heard(),
            holder: world.holder(),
        })
    }
}
