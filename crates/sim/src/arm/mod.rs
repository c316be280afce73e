//! The simulated arm with its force sensor, over the simulated patient: the plant that the control law drives.
//!
//! [`Plant`] runs on a fixed grid of time of its own. Whoever drives it may step it by any amount, evenly or not: what it
//! does depends on when setpoints arrive, not on how often somebody looks.

mod card;
mod compliance;
mod drive;
mod plant;
mod sensor;
mod setpoints;
mod torque;

pub use card::{PlantCard, SensorCard};
pub use drive::ArmMotion;
pub use plant::{MAX_CATCH_UP, Plant, PlantState, StartNotAllowed};
pub use sensor::SensorFault;

use std::time::Duration;

/// The plant's grid of time. Four steps a millisecond follow the fastest thing there is, the arm bouncing on a skull at
/// about 600 rad/s, with forty steps a cycle.
const SUBSTEP: Duration = Duration::from_micros(250);

/// [`SUBSTEP`] in seconds.
const SUBSTEP_S: f64 = 250e-6;

/// What fades away is nothing from here on, in whatever unit: far below rounding of anything it is added to. Left alone it would end
/// in numbers so small that processors take a hundred times as long for them.
const FADED: f64 = 1e-30;

/// A value of something that fades away by itself.
fn faded(value: f64) -> f64 {
    if value.abs() < FADED { 0.0 } else { value }
}
