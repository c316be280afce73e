//! `farprobe-console`: the specialist's console.

mod cli;
mod run;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise. Three crates warn at every start of what is no fault: `rtc_dtls` that it was
/// given no server name (peers are known by their fingerprint, which the trusted connection carries), `rtc_ice` that it has no
/// pair of candidates yet (they come a moment later), `winit` that a virtual display has no size in millimetres. What breaks the
/// video is told by the video's own state.
const SHIPPED_FILTER: &str = "warn,rtc_dtls=error,rtc_ice=error,winit=error";

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(SHIPPED_FILTER));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours())
        .log_internal_errors(false)
        .init();
    match run::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("farprobe-console: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether what is logged may be coloured: on a terminal, unless its user wants none. In a file the codes are noise.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
