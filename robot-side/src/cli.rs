//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use farprobe_devices::scanner::Source;
use farprobe_transport::identity::cli::IdentityCommand;

/// The controller daemon on the hospital cart: it moves the arm under hard force limits and sends the picture back.
///
/// Research software, not a certified medical device.
#[derive(Debug, Parser)]
#[command(name = "farprobe-cart", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// Something other than running the cart.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run the cart.
    #[command(flatten)]
    pub run: Run,
}

/// How to run the cart.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "assets/cart-sim.toml")]
    pub config: PathBuf,
    /// Accept demo identities, and only those. Simulated arm only.
    #[arg(long)]
    pub demo: bool,
    /// Listen here instead of where the configuration says.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Use the identity in this folder instead of the configured one.
    #[arg(long, value_name = "DIR")]
    pub identity: Option<PathBuf>,
    /// Take pictures from here instead of from where the configuration says: `simulated` or `cine:FILE`.
    #[arg(long, value_name = "SOURCE")]
    pub source: Option<Source>,
    /// Bedside words through a local socket at this path, beside what the configuration says.
    #[arg(long, value_name = "PATH")]
    pub bedside_socket: Option<PathBuf>,
    /// Print one line "listening ADDRESS" on standard output when ready, and end when standard input ends: for a program that
    /// starts the cart as its child.
    #[arg(long)]
    pub child: bool,
}

/// Something other than running the cart.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make and show identities.
    #[command(subcommand)]
    Identity(IdentityCommand),
}
