//! `farprobe-cart`: the controller daemon on the hospital cart.

mod bedside;
mod cli;
mod config;
mod consoles;
mod pictures;
mod recorder;
mod rt;
mod run;
mod simulation;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Identity(command)) => match command.run(SystemTime::now()) {
            Ok(words) => {
                println!("{words}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        },
        None => {
            let filter =
                EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rtc=warn,webrtc=warn"));
            tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
            match run::run(&cli.run) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(error.as_ref()),
            }
        }
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("farprobe-cart: {error}");
    ExitCode::FAILURE
}
