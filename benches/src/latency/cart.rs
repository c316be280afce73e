//! The programs themselves, as somebody who bought them would start them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ends::crew::{Crew, EndError};
use super::ends::place::Between;

/// Bit rate of the pictures: what other programs' video was measured at for the same size.
pub(crate) const BITRATE_KBIT: u32 = 6_000;

/// The demo's patience: on a machine that plays desk, cart and line at once, and stalls as a cart should not.
const PATIENCE: &str = "[safety]\nlink_timeout_ms = 200\ntick_gap_ms = 20\n";

/// What a cart may take to read its pictures and to listen.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// Where the programs are: beside this one.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) cart: PathBuf,
    pub(crate) console: PathBuf,
}

impl Programs {
    /// Finds both.
    pub(crate) fn find() -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|error| format!("this program can't be found: {error}"))?;
        let beside = |name: &str| {
            let path = own.with_file_name(name);
            if path.is_file() { Ok(path) } else { Err(missing(name, &path)) }
        };
        Ok(Self { cart: beside("farprobe-cart")?, console: beside("farprobe-console")? })
    }
}

fn missing(name: &str, path: &Path) -> String {
    let release = if super::build() == "release" { "--release " } else { "" };
    format!("{} is missing: build it with the same profile, cargo build {release}-p {name}", path.display())
}

/// What a cart is started with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CartPlan<'a> {
    pub(crate) programs: &'a Programs,
    /// Where demo identities are; a folder of the turn's own, for the configuration is written there.
    pub(crate) folder: &'a Path,
    pub(crate) identities: &'a Path,
    /// The recording that it plays.
    pub(crate) recording: &'a Path,
}

/// Starts a cart with the simulated arm and a nurse who arms it, and gives where it listens.
pub(crate) async fn start(crew: &mut Crew, between: &Between, plan: &CartPlan<'_>) -> Result<SocketAddr, EndError> {
    let who = "cart";
    let config = plan.folder.join("cart.toml");
    let text = configuration(&between.cart_address());
    std::fs::write(&config, text).map_err(|source| EndError::Start { who, source })?;
    let mut command = between.cart().command(&plan.programs.cart);
    command.args(["--demo", "--child", "--config"]).arg(&config);
    command.arg("--identity").arg(plan.identities.join("cart"));
    let mut source = std::ffi::OsString::from("cine:");
    source.push(plan.recording);
    command.arg("--source").arg(source);
    let member = crew.start_program(who, command)?;
    loop {
        let (_, line) = crew.line(member, STARTS_WITHIN).await?;
        if let Some(address) = line.trim().strip_prefix("listening ").and_then(|address| address.parse().ok()) {
            return Ok(address);
        }
    }
}

fn configuration(listen: &str) -> String {
    format!(
        "[cart]\nlisten = \"{listen}\"\nidentity = \"cart\"\n{PATIENCE}[bedside]\nterminal = false\nsimulated_nurse = true\n\
         [video]\nbitrate_kbit = {BITRATE_KBIT}\n"
    )
}
