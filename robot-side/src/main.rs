//! `farprobe-cart`: the controller daemon on the hospital cart.

use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use farprobe_cart::cli::{Cli, Command};
use farprobe_transport::identity::cli::print;
use tracing_subscriber::EnvFilter;

/// What is logged unless `RUST_LOG` says otherwise: the WebRTC crates tell of every candidate pair. Two of them warn at every
/// start of what is no fault: `rtc_dtls` that it was given no server name (peers are known by their fingerprint, which the
/// trusted connection carries), `rtc_ice` that it has no pair of candidates yet (they come a moment later). What breaks the
/// video is told by the video's own state.
const SHIPPED_FILTER: &str = "info,rtc=warn,webrtc=warn,rtc_dtls=error,rtc_ice=error";

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Identity(command)) => match command.run(SystemTime::now()) {
            Ok(summary) => print(&summary).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS),
            Err(error) => fail(&error),
        },
        None => {
            let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(SHIPPED_FILTER));
            tracing_subscriber::fmt()
                .with_env_filter(filter)
                .with_writer(std::io::stderr)
                .with_ansi(colours())
                .log_internal_errors(false)
                .init();
            match farprobe_cart::run(&cli.run) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error),
            }
        }
    }
}

fn fail(error: &dyn Error) -> ExitCode {
    eprintln!("farprobe-cart: {error}");
    ExitCode::FAILURE
}

/// Whether what is logged may be coloured: on a terminal, unless its user wants none. In a file the codes are noise.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
