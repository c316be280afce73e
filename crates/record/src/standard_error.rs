//! What a program says on its standard error while it runs.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Sends what is logged to the standard error: what `RUST_LOG` says or, without it, what `shipped` says.
///
/// What can't be written is lost and costs nobody more: a full disk behind it must not end the thread that had something to say.
///
/// # Panics
///
/// If it, or another like it, was called before.
pub fn log_to_standard_error(shipped: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(shipped));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours())
        .log_internal_errors(false)
        .init();
}

/// Whether what is logged may be coloured: on a terminal, unless its user wants none. In a file the codes are noise.
fn colours() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
