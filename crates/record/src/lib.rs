//! Session log, summary and stills: what is left of a session when it is over; and what a program says while it runs.
//!
//! Nothing here may stop an exam: a full disk gives an error to whoever asked and costs the log its lines, which are
//! counted. Nothing here holds a patient's name.
#![forbid(unsafe_code)]

pub mod audit;
mod error;
mod file;
mod log;
mod machine;
mod process;
mod standard_error;
mod still;
mod summary;
mod wall;
mod words;

pub use error::RecordError;
pub use log::{LogEntry, LogFile, SessionLog};
pub use machine::{Machine, commit};
pub use process::{ProcessCost, ProcessMeter};
pub use standard_error::log_to_standard_error;
pub use still::{save_grey, save_rgb};
pub use summary::{
    CartTally, ConsoleFigures, Course, ForceSummary, HopSummary, LadderStep, Percentiles, PictureCounts, RtLoopSummary,
    SessionFacts, Sides, Summary, WaterfallHop, WaterfallSummary,
};
pub use wall::wall_time;
pub use words::transition_words;
