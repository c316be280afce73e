//! Real packets over the impaired line of `farprobe-sim`: the model decides what becomes of each, a driver here carries it.
//!
//! [`relay`] carries the datagrams of programs that talk UDP, and needs no rights. [`namespace`] carries everything between two
//! network namespaces, so that any program can be put on the line; it needs root. Both run on a thread of their own, by the
//! machine's monotonic clock, and count how late they were. [`link`] finds a line by its name or in a file, and [`proof`] shows
//! that what was asked for holds.
//!
//! Linux only. A driver adds what the machine's scheduler adds, some 10 to 100 µs, and milliseconds where the machine is busy;
//! its [`Report`] says how much.
#![deny(unsafe_code)]

mod driver;
mod file;
pub mod link;
pub mod namespace;
pub mod proof;
pub mod relay;
mod report;

pub use driver::{Driver, DriverError, Handled, Keep, Scheduling};
pub use file::LinkFileError;
pub use report::{Lateness, Report, WayReport};
