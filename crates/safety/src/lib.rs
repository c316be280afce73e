//! The safety gate: the last thing before the arm.
//!
//! The gate is small enough to be read in one sitting. It does not know what a network, a message or a configuration file is:
//! plain facts and numbers come in, a permitted motion comes out. It is off at birth, what is unknown is refused, and it never
//! allocates, panics or waits. Time is an argument.
//!
//! # The calls of a tick
//!
//! ```text
//! directive = gate.advance(now, &facts, &measured)    the ladder: what may be aimed at
//! proposal  = control law, for that directive
//! permitted = gate.permit(now, &proposal, &measured)  the envelope: what of it is permitted
//! setpoint  = joint speeds for the permitted motion
//! gate.confirm(now, &check)                           passed: send it; refused: send what the refusal says
//! monitor.check(now, &sample)                         independent: goes into the next tick's facts
//! ```
//!
//! A call that is left out is noticed: without [`Gate::advance`] at this very time, [`Gate::permit`] only brakes; without
//! [`Gate::permit`], [`Gate::confirm`] refuses all motion.
//!
//! The gate and the monitor are reset by one act of the staff: in the tick in which a directive arrives in Idle with
//! [`Cause::Reset`], the caller calls [`Monitor::reset`].
//!
//! # What the gate relies on
//!
//! The caller maps its own state to [`Facts`] honestly, and sends what was confirmed and nothing else. Everything else (the
//! control law, the console, the network, the numbers of the sensor) may be wrong. `SAFETY.md` beside this crate lists the
//! hazards, the requirements and the tests that hold them.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;
#[cfg(test)]
mod tests;

mod agility;
mod approach;
mod arm;
mod belief;
mod budget;
mod clutch;
mod envelope;
mod facts;
mod fading;
mod gate;
mod group;
mod in_flight;
mod joints;
mod ladder;
mod last_touch;
mod lifting;
mod limits;
mod lowering;
mod monitor;
mod objection;
mod pace;
mod profile;
mod reasons;
mod recently;
mod sensor;
mod space;
mod state;
mod stiffest;
mod timing;
mod transition;

pub use facts::{
    Agility, ArmHealth, Arming, Clutch, Command, Contact, Facts, Lease, LinkQuality, Measured, Picture, PictureHealth,
    Reset, Session, Shutdown, StopSource, Stride, Tissue,
};
pub use gate::{Config, Gate};
pub use joints::{BEYOND_RANGE, Confirmation, JointCheck, JointLimits, JointSetpoint, Refusal, Refused};
pub use ladder::{Anchor, Directive, Goal, Press, PressRefused};
pub use limits::{AngularRow, Limit, Limits, LinearRow, Preset, PresetError};
pub use monitor::{Monitor, MonitorLimits, Orders, Sample, Trip, Verdict};
pub use objection::Objection;
pub use sensor::{SensorCard, SensorNoise};
pub use space::{MAX_KEEP_OUT, Space, Sphere};
pub use state::{AfterRelease, Cause, Rung, Stage, State};
pub use timing::{
    BLIND_LIFT_SPEED, BLIND_RELEASE_HEIGHT, LIFT_HEIGHT, LIFT_TIMEOUT, LOWERING_TIME, OutOfRange, PARK_TIME,
    PICTURE_MAX_AGE, RELEASED_FORCE, RETRACT_SPEED, RetractPolicy, RoundTripBands, SOFTEN_TIME, Setting, TICK, Timing,
};
