//! `farprobe-cart`: the controller daemon on the hospital cart.

use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use farprobe_cart::cli::{Cli, Command};
use farprobe_record::log_to_standard_error;
use farprobe_transport::identity::cli::print;

/// What is logged unless `RUST_LOG` says otherwise: the WebRTC crates tell of every candidate pair, and warn at every
/// start of what is no fault: `rtc_dtls` that it was given no server name (peers are known by their fingerprint, which the
/// trusted connection carries), `rtc_ice` that it has no pair of candidates yet (they come a moment later), `rtc` that a console
/// which left early has told it no password. When a link breaks, webrtc's driver tells of each packet that comes to nothing, by the
/// hundred. What breaks the video is told by the video's own state.
const SHIPPED_FILTER: &str =
    "info,webrtc=warn,webrtc::peer_connection::driver=off,rtc=error,rtc_dtls=error,rtc_ice=error";

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Identity(command)) => match command.run(SystemTime::now()) {
            Ok(summary) => print(&summary).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS),
            Err(error) => fail(&error),
        },
        None => {
            log_to_standard_error(SHIPPED_FILTER);
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
