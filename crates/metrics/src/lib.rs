//! Live figures for Prometheus: what a program counts, served over HTTP on this machine.
//!
//! The figures are read when somebody asks for them, from the same accounting that the summary and the window show: there is no
//! second set of counters. Nothing is served unless a configuration asks for it, and then on the loopback address only: figures tell
//! when somebody is examined. Whoever collects them from elsewhere runs an agent on this machine, as for everything else on it.
//!
//! ```
//! # use farprobe_metrics::{Exporter, Family, LOOPBACK};
//! # async fn run() -> Result<(), farprobe_metrics::ExportError> {
//! let figures = || vec![Family::counter("commands_sent", "Commands handed to the network.", 4_711.0)];
//! let exporter = Exporter::open(LOOPBACK, 9477, figures)?;
//! println!("http://{}/metrics", exporter.address());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod exporter;
mod family;
mod text;

pub use exporter::{ExportError, Exporter, LOOPBACK};
pub use family::{Family, Kind, Sample};
pub use text::CONTENT_TYPE;
