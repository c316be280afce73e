//! The ultrasound picture and whether it may be believed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::PictureStamp;
use farprobe_session::console::{Culprit, PictureFault, PictureVerdict};

/// From this age a picture is flagged as old. The gate stops driving at 500 ms; the eye is told before that.
pub const STALE_AGE: Duration = Duration::from_millis(300);

/// The pixels of a decoded picture, shared with the decoder.
#[derive(Clone, PartialEq, Eq)]
pub enum Pixels {
    /// One byte a pixel, full range.
    Grey {
        /// Pixels across and down.
        size: [usize; 2],
        /// Rows from top to bottom without padding.
        data: Arc<[u8]>,
    },
    /// Three bytes a pixel: red, green, blue.
    Rgb {
        /// Pixels across and down.
        size: [usize; 2],
        /// Rows from top to bottom without padding.
        data: Arc<[u8]>,
    },
}

impl Pixels {
    /// Pixels across and down, or `None` if the data are not as long as the size says.
    pub fn size(&self) -> Option<[usize; 2]> {
        let (size, bytes, data) = match self {
            Self::Grey { size, data } => (size, 1, data),
            Self::Rgb { size, data } => (size, 3, data),
        };
        let expected = size[0].checked_mul(size[1])?.checked_mul(bytes)?;
        (expected > 0 && expected == data.len()).then_some(*size)
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grey { size, .. } => write!(f, "Grey({} × {})", size[0], size[1]),
            Self::Rgb { size, .. } => write!(f, "Rgb({} × {})", size[0], size[1]),
        }
    }
}

/// Whether a decoded picture is all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Every part of it arrived.
    Complete,
    /// Parts were lost and are guessed by the decoder.
    Concealed,
}

/// A decoded picture on its way to the screen.
#[derive(Debug, Clone)]
pub struct ShownPicture {
    /// What is to be seen.
    pub pixels: Pixels,
    /// What the cart knew at capture.
    pub stamp: PictureStamp,
    /// The capture time by the console's clock, as well as the clock estimate knows it; `None` before there is one.
    pub captured_at: Option<Time>,
    /// When it was decoded, console clock.
    pub decoded_at: Time,
    /// Whether it is all there.
    pub completeness: Completeness,
}

/// The picture in front of the specialist.
#[derive(Debug, Clone, Default)]
pub struct PictureState {
    /// The newest picture.
    pub newest: Option<ShownPicture>,
    /// Pictures taken from the decoder since the connection.
    pub taken: u64,
    /// What the picture watch says of the stream.
    fault: Option<PictureFault>,
    rate: RateMeter,
}

/// Whether the picture may be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureCondition {
    /// None has arrived yet.
    Absent,
    /// Fresh and whole.
    Good,
    /// Fresh; parts are guessed.
    Concealed,
    /// Older than [`STALE_AGE`], or no new one has come for long; with who is to blame, once the picture watch knows.
    Stale(Option<Culprit>),
    /// It is old because the cart is not heard at all: nothing is known of scanner and video.
    LinkLost,
    /// Pictures come and none of them is new.
    Frozen,
    /// The operator froze the scanner.
    FrozenByOperator,
}

impl PictureState {
    pub(super) fn decoded(&mut self, now: Time, picture: ShownPicture) {
        if picture.pixels.size().is_none() {
            return;
        }
        self.taken += 1;
        self.rate.tick(now);
        self.newest = Some(picture);
    }

    pub(super) fn judged(&mut self, verdict: PictureVerdict) {
        self.fault = verdict.flag();
    }

    /// How old the picture is: since its capture, or since it was decoded as long as the clocks are not compared.
    pub fn age(&self, now: Time) -> Option<Duration> {
        let picture = self.newest.as_ref()?;
        Some(now.saturating_since(picture.captured_at.unwrap_or(picture.decoded_at)))
    }

    /// Pictures a second, over the last second or so; `None` until there were enough, 0 when they stopped coming.
    pub fn per_second(&self, now: Time) -> Option<f64> {
        self.rate.per_second(now)
    }

    /// Whether the picture may be believed at `now`; `frozen` is what the scanner echoes. That the source repeats itself is
    /// known for certain, whatever the age; then age counts, before what the picture says of itself.
    pub fn condition(&self, now: Time, frozen: bool) -> PictureCondition {
        let (Some(age), Some(picture)) = (self.age(now), self.newest.as_ref()) else {
            return PictureCondition::Absent;
        };
        match self.fault {
            Some(PictureFault::Frozen) => PictureCondition::Frozen,
            Some(PictureFault::Late(culprit)) => PictureCondition::Stale(Some(culprit)),
            Some(PictureFault::Undated) => PictureCondition::Stale(None),
            _ if age > STALE_AGE => PictureCondition::Stale(None),
            Some(PictureFault::FrozenByOperator) => PictureCondition::FrozenByOperator,
            Some(PictureFault::Absent) | None if frozen => PictureCondition::FrozenByOperator,
            Some(PictureFault::Absent) | None => match picture.completeness {
                Completeness::Complete => PictureCondition::Good,
                Completeness::Concealed => PictureCondition::Concealed,
            },
        }
    }
}

/// Counts pictures over windows of a second.
#[derive(Debug, Clone, Default)]
struct RateMeter {
    begun: Option<Time>,
    count: u32,
    per_second: Option<f64>,
}

impl RateMeter {
    /// A window that has not ended for so long had no picture to end it.
    const SILENCE: Duration = Duration::from_secs(2);

    fn per_second(&self, now: Time) -> Option<f64> {
        let silent = self.begun.is_some_and(|begun| now.saturating_since(begun) > Self::SILENCE);
        self.per_second.map(|rate| if silent { 0.0 } else { rate })
    }

    fn tick(&mut self, now: Time) {
        let Some(begun) = self.begun else {
            self.begun = Some(now);
            return;
        };
        self.count += 1;
        let seconds = now.saturating_since(begun).as_secs_f64();
        if seconds >= 1.0 {
            self.per_second = Some(f64::from(self.count) / seconds);
            *self = Self { begun: Some(now), count: 0, per_second: self.per_second };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::{Newton, Pose};

    fn picture(number: u64, bytes: usize, completeness: Completeness) -> ShownPicture {
        let stamp = PictureStamp {
            number,
            captured_at: Time::ZERO,
            encoded_at: Time::ZERO,
            epoch: None,
            applied_sequence: 0,
            tip: Pose::identity(),
            force: Newton::ZERO,
        };
        let pixels = Pixels::Grey { size: [4, 3], data: Arc::from(vec![0; bytes]) };
        let decoded_at = Time::from_millis(1_000);
        ShownPicture { pixels, stamp, captured_at: Some(Time::from_millis(960)), decoded_at, completeness }
    }

    #[test]
    fn a_picture_whose_data_do_not_fit_its_size_is_not_taken() {
        let mut state = PictureState::default();
        state.decoded(Time::ZERO, picture(1, 11, Completeness::Complete));
        assert_eq!((state.taken, state.condition(Time::ZERO, false)), (0, PictureCondition::Absent));
        let pixels = Pixels::Rgb { size: [usize::MAX, 2], data: Arc::from(Vec::new()) };
        assert_eq!(pixels.size(), None);
    }

    #[test]
    fn age_is_from_capture_and_counts_before_what_the_picture_says_of_itself() {
        let mut state = PictureState::default();
        state.decoded(Time::from_millis(1_000), picture(1, 12, Completeness::Concealed));
        assert_eq!(state.age(Time::from_millis(1_010)), Some(Duration::from_millis(50)));
        assert_eq!(state.condition(Time::from_millis(1_260), true), PictureCondition::FrozenByOperator);
        assert_eq!(state.condition(Time::from_millis(1_260), false), PictureCondition::Concealed);
        assert_eq!(state.condition(Time::from_millis(1_261), true), PictureCondition::Stale(None));
    }

    #[test]
    fn what_the_picture_watch_says_is_shown_with_who_is_to_blame() {
        let now = Time::from_millis(1_000);
        let mut state = PictureState::default();
        state.decoded(now, picture(1, 12, Completeness::Complete));
        let late = PictureFault::Late(Culprit::Link);
        for (verdict, condition) in [
            (PictureVerdict::Good, PictureCondition::Good),
            (PictureVerdict::Flagged(late), PictureCondition::Stale(Some(Culprit::Link))),
            (PictureVerdict::Lost(late), PictureCondition::Stale(Some(Culprit::Link))),
            (PictureVerdict::Lost(PictureFault::Undated), PictureCondition::Stale(None)),
            (PictureVerdict::Lost(PictureFault::Frozen), PictureCondition::Frozen),
            (PictureVerdict::Lost(PictureFault::FrozenByOperator), PictureCondition::FrozenByOperator),
            (PictureVerdict::Lost(PictureFault::Absent), PictureCondition::Good),
        ] {
            state.judged(verdict);
            assert_eq!(state.condition(now, false), condition, "{verdict:?}");
        }
    }

    #[test]
    fn thirty_pictures_a_second_are_counted_as_thirty() {
        let mut state = PictureState::default();
        for number in 0..90_u64 {
            state.decoded(Time::from_nanos(number * 33_333_334), picture(number, 12, Completeness::Complete));
        }
        assert!((state.per_second(Time::from_millis(3_000)).unwrap() - 30.0).abs() < 0.1);
        assert_eq!(state.per_second(Time::from_millis(6_000)), Some(0.0));
    }
}
