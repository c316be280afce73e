//! The cart's 1 kHz step in one place: newest command, force law, safety gate, joint setpoint, monitor.
//!
//! The real-time thread of the cart runs [`Servo::step`]; the world simulates the very same function. One sentence of
//! contract: hand in everything that arrived with [`Servo::receive`], then call [`Servo::step`] once a tick with the arm's
//! newest reading, and send the arm the setpoint it returns, or nothing if it returns none.
//!
//! Real-time: after [`Servo::new`] nothing allocates, locks, waits or panics. Time is an argument.
#![forbid(unsafe_code)]

mod agility;
mod config;
mod io;
mod operator;
mod permission;
mod reading;
mod servo;
mod wire;

pub use config::ServoConfig;
pub use io::{AppliedCommand, ArmHealth, ArmReading, Inbound, JointTarget, Outcome};
pub use permission::Permission;
pub use servo::Servo;
