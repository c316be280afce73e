//! A recording as it is played: all of it decoded, in one format and size.

use std::time::Duration;

use farprobe_geom::Metre;
use farprobe_proto::ImageGeometry;

use crate::PixelFormat;

/// The most that a decoded recording may fill, bytes: 30 s of grey pictures of 1024 × 768 at 20 a second. A recording is
/// decoded before it is played, so that no picture is late because it was hard to decode.
pub(super) const MOST_BYTES: usize = 512 << 20;

/// The largest side of a picture, pixels: more than any scanner draws. What the encoder takes is less, and its own to say.
pub(super) const LARGEST_SIDE: usize = 4096;

/// The time of a picture where the recording does not say: 30 a second, as most scanners record.
pub(super) const USUAL_FRAME_TIME: Duration = Duration::from_nanos(33_333_333);

/// The frame times that are believed. Shorter ones no link carries; longer ones are a slide show, or a wrong unit.
pub(super) const FRAME_TIMES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(2));

/// Where the tissue is in a picture, and how large it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Size of a pixel; `None` when unknown.
    pub(super) pixel: Option<Metre>,
    /// Column of the probe's axis, pixels.
    pub(super) axis_column: f32,
    /// Row of the probe's face, pixels.
    pub(super) face_row: f32,
}

/// One decoded picture: rows from top to bottom without padding.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pixels {
    Grey(Vec<u8>),
    Rgb(Vec<u8>),
}

impl Pixels {
    /// Colour pixels; a picture that has no colour in it becomes grey, exactly.
    pub(super) fn from_rgb(rgb: Vec<u8>) -> Self {
        if rgb.as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b) {
            return Self::Grey(rgb.as_chunks::<3>().0.iter().map(|pixel| pixel[0]).collect());
        }
        Self::Rgb(rgb)
    }

    fn into_rgb(self) -> Vec<u8> {
        match self {
            Self::Grey(grey) => grey.into_iter().flat_map(|level| [level; 3]).collect(),
            Self::Rgb(rgb) => rgb,
        }
    }
}

/// A recording, ready to be played.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recording {
    /// What it is called: the file's stem.
    pub(super) name: String,
    pub(super) format: PixelFormat,
    pub(super) geometry: ImageGeometry,
    /// All of the same length, of even width and height.
    pub(super) frames: Vec<Vec<u8>>,
    /// How long each is shown; as many as there are frames.
    pub(super) times: Vec<Duration>,
}

impl Recording {
    /// Puts decoded pictures of `width` × `height` together. `times` is how long each is shown; where it is short, the last
    /// goes for the rest. The complaint says what is wrong with the recording.
    pub(super) fn assemble(
        name: String,
        (width, height): (usize, usize),
        frames: Vec<Pixels>,
        times: &[Duration],
        scale: Scale,
    ) -> Result<Self, String> {
        let side = 1..=LARGEST_SIDE;
        if frames.is_empty() {
            return Err("there is no picture in it".into());
        }
        if !side.contains(&width) || !side.contains(&height) {
            return Err(format!(
                "its pictures are of {width} x {height} pixels, and at most {LARGEST_SIDE} x {LARGEST_SIDE} are played: make \
                 them smaller"
            ));
        }
        let colour = frames.iter().any(|frame| matches!(frame, Pixels::Rgb(_)));
        let (format, channels) = if colour { (PixelFormat::Rgb, 3) } else { (PixelFormat::Grey, 1) };
        let times = times.iter().copied().chain(std::iter::repeat(*times.last().unwrap_or(&USUAL_FRAME_TIME)));
        let times: Vec<Duration> = times.take(frames.len()).collect();
        if let Some(time) = times.iter().find(|time| !(FRAME_TIMES.0..=FRAME_TIMES.1).contains(time)) {
            return Err(format!(
                "a frame time of {time:?} is not believed; 5 ms to 2 s are: mend frame_time_ms in cine.toml, or the file"
            ));
        }
        let mut padded = Vec::with_capacity(frames.len());
        for (index, frame) in frames.into_iter().enumerate() {
            let data = match frame {
                Pixels::Grey(grey) if !colour => grey,
                frame => frame.into_rgb(),
            };
            if data.len() != width * height * channels {
                return Err(format!("picture {} is not of {width} x {height} pixels", index + 1));
            }
            padded.push(pad_to_even(data, width * channels, channels, height));
        }
        let even = |side: usize| u16::try_from(side.next_multiple_of(2)).unwrap_or(u16::MAX);
        let geometry = ImageGeometry {
            width: even(width),
            height: even(height),
            pixel: scale.pixel,
            axis_column: scale.axis_column,
            face_row: scale.face_row,
        };
        Ok(Self { name, format, geometry, frames: padded, times })
    }

    /// How long the whole of it runs.
    pub(super) fn duration(&self) -> Duration {
        self.times.iter().sum()
    }

    /// The picture shown `played` after the beginning, the recording repeated for ever.
    ///
    /// It is looked up half a picture later than asked for, so that a capture that comes a little early or late by the
    /// thread's own jitter still gets the picture it is the turn of.
    pub(super) fn frame_at(&self, played: Duration) -> usize {
        let whole = self.duration().as_nanos().max(1);
        let mut left = played.as_nanos() % whole;
        for (index, time) in self.times.iter().enumerate() {
            let time = time.as_nanos();
            if left < time {
                let late = left + time / 2 >= time;
                return (index + usize::from(late)) % self.frames.len();
            }
            left -= time;
        }
        0
    }
}

/// H.264 halves its colour planes: an odd side gets one more row or column of black.
fn pad_to_even(data: Vec<u8>, row: usize, channels: usize, height: usize) -> Vec<u8> {
    let columns = row / channels;
    if columns.is_multiple_of(2) && height.is_multiple_of(2) {
        return data;
    }
    let padded_row = columns.next_multiple_of(2) * channels;
    let mut padded = Vec::with_capacity(padded_row * height.next_multiple_of(2));
    for line in data.chunks_exact(row) {
        padded.extend_from_slice(line);
        padded.resize(padded.len() + padded_row - row, 0);
    }
    padded.resize(padded_row * height.next_multiple_of(2), 0);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale { pixel: None, axis_column: 0.0, face_row: 0.0 };

    fn recording(frames: Vec<Pixels>, size: (usize, usize), times: &[u64]) -> Result<Recording, String> {
        let times: Vec<Duration> = times.iter().copied().map(Duration::from_millis).collect();
        Recording::assemble("test".into(), size, frames, &times, SCALE)
    }

    #[test]
    fn odd_sides_are_padded_with_black() {
        let made = recording(vec![Pixels::Grey(vec![1, 2, 3])], (3, 1), &[]).unwrap();
        assert_eq!((made.geometry.width, made.geometry.height), (4, 2));
        assert_eq!(made.frames, [vec![1, 2, 3, 0, 0, 0, 0, 0]]);
        let made = recording(vec![Pixels::from_rgb(vec![1, 2, 3])], (1, 1), &[]).unwrap();
        assert_eq!(made.frames, [vec![1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]]);
    }

    #[test]
    fn one_colour_picture_makes_the_recording_colour_and_grey_stays_what_it_was() {
        let frames = vec![Pixels::from_rgb(vec![7, 7, 7, 9, 9, 9]), Pixels::from_rgb(vec![1, 2, 3, 4, 4, 4])];
        assert_eq!(frames[0], Pixels::Grey(vec![7, 9]));
        let made = recording(frames, (2, 1), &[]).unwrap();
        assert_eq!(made.format, PixelFormat::Rgb);
        assert_eq!(made.frames[0][..6], [7, 7, 7, 9, 9, 9]);
    }

    #[test]
    fn each_picture_has_its_own_time_and_jitter_does_not_skip_one() {
        let frames = (0..3).map(|level| Pixels::Grey(vec![level; 4])).collect();
        let made = recording(frames, (2, 2), &[10, 20, 40]).unwrap();
        let at = |ms: u64| made.frame_at(Duration::from_millis(ms));
        assert_eq!([at(0), at(10), at(30), at(70), at(80), at(100)], [0, 1, 2, 0, 1, 2]);
        assert_eq!([at(9), at(11), at(28), at(31)], [1, 1, 2, 2]);
    }

    #[test]
    fn what_can_not_be_played_is_refused() {
        assert!(recording(vec![], (2, 2), &[]).is_err());
        assert!(recording(vec![Pixels::Grey(vec![0; 4])], (2, 3), &[]).is_err());
        assert!(recording(vec![Pixels::Grey(vec![])], (0, 0), &[]).is_err());
        assert!(recording(vec![Pixels::Grey(vec![0; 4])], (2, 2), &[0]).unwrap_err().contains("frame time"));
    }
}
