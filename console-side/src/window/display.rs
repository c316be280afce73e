//! The border to the system's display: there may be none, and it may go.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

/// Why there is no window, or no longer.
#[derive(Debug, Error)]
pub enum WindowError {
    /// This machine has no display.
    #[error(
        "this machine has no display: neither DISPLAY nor WAYLAND_DISPLAY is set. Run with --headless and --script FILE, or \
         under xvfb-run"
    )]
    NoDisplay,
    /// There is said to be one, and it shows no window.
    #[error("the display {0} does not answer or can't show a window: check it, run with --headless, or under xvfb-run")]
    Unusable(String),
    /// What was to begin with the window did not.
    #[error("{0}")]
    Begin(String),
    /// The window was open and failed.
    #[error(
        "the window was lost with its display, and the exam with it ({0}): see how the patient is, then start anew"
    )]
    Lost(String),
}

/// Whether this machine has a display at all, by what its environment says.
pub fn check_display() -> Result<(), WindowError> {
    match display() {
        None if cfg!(all(unix, not(target_os = "macos"))) => Err(WindowError::NoDisplay),
        _ => Ok(()),
    }
}

/// How the environment names the display.
fn display() -> Option<String> {
    let named = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    ["WAYLAND_DISPLAY", "WAYLAND_SOCKET", "DISPLAY"].into_iter().find_map(named)
}

/// Runs the event loop. When the display goes, the library under the window panics in this thread; caught here, at the one
/// border to it, the exam behind the window can still open its clutch, say goodbye and save its summary.
pub(super) fn guarded(
    run: impl FnOnce() -> Result<(), eframe::Error>,
    was_open: impl Fn() -> bool,
) -> Result<(), WindowError> {
    let here = std::thread::current().id();
    let before = std::sync::Arc::new(std::panic::take_hook());
    let others = std::sync::Arc::clone(&before);
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().id() == here {
            // It becomes the program's error; the place is for whoever looks for a fault in the window itself.
            tracing::debug!("the window failed: {panic}");
        } else {
            others(panic);
        }
    }));
    let ended = catch_unwind(AssertUnwindSafe(run));
    std::panic::set_hook(Box::new(move |panic| before(panic)));
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(eframe::Error::AppCreation(error))) => Err(WindowError::Begin(error.to_string())),
        // The libraries' own words name places in their source, which help nobody here.
        Ok(Err(error)) if was_open() => {
            tracing::debug!("the window failed: {error}");
            Err(WindowError::Lost("its event loop ended".to_owned()))
        }
        Ok(Err(error)) => {
            tracing::debug!("the window can't be opened: {error}");
            Err(WindowError::Unusable(display().unwrap_or_default()))
        }
        Err(panic) if was_open() => Err(WindowError::Lost(words(panic.as_ref()))),
        Err(panic) => {
            tracing::debug!("the window can't be opened: {}", words(panic.as_ref()));
            Err(WindowError::Unusable(display().unwrap_or_default()))
        }
    }
}

/// What a panic said, in its first line.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("for no known reason").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_panics_is_an_error_of_one_line() {
        let lost = guarded(|| panic!("the server has gone\nat some place"), || true).unwrap_err().to_string();
        assert!(lost.contains("lost with its display") && lost.contains("(the server has gone)"), "{lost}");
        let never = guarded(|| panic!("no server"), || false).unwrap_err();
        assert!(matches!(never, WindowError::Unusable(_)));
    }

    #[test]
    fn what_did_not_begin_says_why_itself() {
        let creation = || Err(eframe::Error::AppCreation("the log can't be written".into()));
        assert_eq!(guarded(creation, || true).unwrap_err().to_string(), "the log can't be written");
    }
}
