//! Who opened this console's clutch. The cart sees it open and can't know.

use farprobe_devices::HandsAway;
use farprobe_session::console::PictureFault;

/// How this console's clutch came to be open the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opening {
    /// Nobody has pressed it yet.
    #[default]
    NeverPressed,
    /// The hand let it go, or the script that stands for one.
    ByHand,
    /// The console opened it by itself.
    ByConsole(Override),
}

/// Why the console opened a clutch that was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Override {
    /// The exam left its script.
    ScriptGivenUp,
    /// The handle can't be read.
    HandleLost,
    /// The hands are out of the handle's sight.
    HandsAway(HandsAway),
    /// The cart is not heard.
    CartSilent,
    /// The picture is not to be steered by.
    Picture(PictureFault),
    /// A stop was pressed.
    Stopped,
}
