//! The controller daemon on the hospital cart, as a library: the program is a thin shell around [`run()`], and tests start a
//! [`Cart`] of their own.
//!
//! ```text
//!  console ══ QUIC ══ consoles ──► Inbox (ring) ──► rt: arm → servo step → arm, 1 kHz
//!                        ▲  ▲                          │        │          │
//!                        │  └── newest state (watch) ◄─┘        │          │
//!                        └───── pictures ◄── PictureContext ◄───┘          │
//!                              recorder (summary, watchdog) ◄── every tick ┘
//! ```
//!
//! The real-time thread talks through rings alone: it never waits for anybody, and whoever is slow loses, not it. Pictures,
//! recorder, bedside and consoles each have their own threads or tasks; any of them may die without touching the arm's.

mod bedside;
mod cart;
pub mod cli;
pub mod config;
mod consoles;
mod figures;
mod pictures;
mod recorder;
mod rt;
mod run;
mod settings;
mod simulation;
pub mod trial;

pub use cart::{Cart, NotParked, StartError};
pub use run::{RunError, run};
