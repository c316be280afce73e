//! Impaired lines: what there is, programs on them, and the proof that they hold.

pub(crate) mod links;
pub(crate) mod netns;
pub(crate) mod relay;
pub(crate) mod selftest;
mod watch;
mod words;

use std::error::Error;
use std::io::Write as _;

use clap::Args;
use farprobe_impair::link::{Link, find};

/// Which line.
#[derive(Debug, Args)]
pub(crate) struct LinkChoice {
    /// A name that `farprobe-bench links` lists, or a TOML file (assets/links/example.toml shows every key).
    #[arg(long, value_name = "NAME|FILE")]
    link: String,
    /// Who is lost and late: the same seed gives the same line again.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl LinkChoice {
    fn link(&self) -> Result<Link, Box<dyn Error>> {
        Ok(find(&self.link)?)
    }
}

/// Writes to standard output. A reader that has seen enough is no failure.
pub(crate) fn print(text: &str) -> Result<(), Box<dyn Error>> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
