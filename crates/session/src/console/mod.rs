//! The console's end of the conversation.

mod clock;
mod latch;
mod outbox;
mod picture_course;
mod picture_watch;
mod state_watch;

pub use clock::{ClockEstimate, MAX_DRIFT_PPM, Translated};
pub use latch::{ClutchLatch, Driving};
pub use outbox::{CommandOutbox, Intent};
pub use picture_course::Culprit;
pub use picture_watch::{Integrity, PictureFault, PictureVerdict, PictureWatch, ScannerFreeze};
pub use state_watch::{Downlink, STATE_TIMEOUT, StateWatch};
