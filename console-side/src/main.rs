//! `farprobe-console`: the specialist's console.

mod cli;
mod run;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use farprobe_record::log_to_standard_error;

/// What is logged unless `RUST_LOG` says otherwise. Three crates warn at every start of what is no fault: `rtc_dtls` that it was
/// given no server name (peers are known by their fingerprint, which the trusted connection carries), `rtc_ice` that it has no
/// pair of candidates yet (they come a moment later), `winit` that a virtual display has no size in millimetres. When a link
/// breaks, webrtc's driver and `rtc` tell of each packet that comes to nothing or twice, with the patient's picture in it. What
/// breaks the video is told by the video's own state.
const SHIPPED_FILTER: &str =
    "warn,webrtc::peer_connection::driver=off,rtc=error,rtc_dtls=error,rtc_ice=error,winit=error";

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    log_to_standard_error(SHIPPED_FILTER);
    match run::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody reads it, it is lost, and nothing else with it.
            let _ = writeln!(std::io::stderr(), "farprobe-console: {error}");
            ExitCode::FAILURE
        }
    }
}
