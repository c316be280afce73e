//! Encodes and decodes, as a process of its own.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use farprobe_devices::scanner::CineScanner;
use farprobe_devices::{MonotonicClock, Picture, PictureContext, PixelFormat, Scanner as _};
use farprobe_geom::{Newton, Pose, Time};
use farprobe_media::{Decoder, Encoder, EncoderConfig, Image};
use farprobe_proto::PictureStamp;

use super::clip::{Size, clip};
use crate::latency::ends::tell;
use crate::latency::ends::usage::{Meter, Usage};
use crate::latency::ends::words::{CodePlan, Coded, Material};

/// Pictures a second of those that are drawn here.
const FRAME_RATE: u32 = 30;

/// Pictures before those that count: the first needs no other and is much larger, and rate and memory settle.
const WARM_UP: usize = 10;

/// Goes through the pictures, and tells what each took.
pub(crate) fn run(plan: &CodePlan) -> Result<(), Box<dyn Error>> {
    let clock = MonotonicClock;
    let mut feed = Feed::new(&plan.material)?;
    let (width, height) = feed.size();
    let config = EncoderConfig { width, height, frame_rate: feed.rate(), bitrate: plan.bitrate };
    let mut encoder = Encoder::new(config, Arc::new(move || clock.now()))?;
    let mut decoder = Decoder::new()?;
    let mut coded = Coded { acquire: Vec::new(), encode: Vec::new(), decode: Vec::new(), usage: Usage::default() };
    let mut meter = Meter::start(clock.now());
    let mut due = clock.now();
    for at in 0..WARM_UP + plan.pictures {
        if at == WARM_UP {
            meter = Meter::start(clock.now());
        }
        if let Some(period) = feed.period() {
            clock.sleep_until(due);
            due = (due + period).max(clock.now());
        }
        let began = clock.now();
        let picture = feed.next(began)?;
        let acquired = clock.now();
        let unit = encoder.encode(&image(&picture), &stamp(at, began))?;
        let encoded = clock.now();
        let decoded = decoder.decode(&unit.data);
        let done = clock.now();
        if decoded.picture.is_none() {
            return Err("the decoder gives no picture for what the encoder made".into());
        }
        if at >= WARM_UP {
            let between = |from: Time, to: Time| to.as_nanos().saturating_sub(from.as_nanos());
            coded.acquire.push(between(began, acquired));
            coded.encode.push(between(acquired, encoded));
            coded.decode.push(between(encoded, done));
        }
    }
    coded.usage = meter.usage(clock.now());
    tell(&coded)
}

fn image(picture: &Picture) -> Image<'_> {
    let (width, height, data) = (picture.width, picture.height, picture.data.as_slice());
    match picture.format {
        PixelFormat::Grey => Image::Grey { width, height, data },
        PixelFormat::Rgb => Image::Rgb { width, height, data },
    }
}

fn stamp(at: usize, now: Time) -> PictureStamp {
    PictureStamp {
        number: at as u64 + 1,
        captured_at: now,
        encoded_at: now,
        epoch: None,
        applied_sequence: 0,
        tip: Pose::identity(),
        force: Newton::ZERO,
    }
}

/// Where pictures come from.
enum Feed {
    Drawn { pictures: Vec<Arc<Picture>>, next: usize },
    Recording(Box<CineScanner>),
}

impl Feed {
    fn new(material: &Material) -> Result<Self, Box<dyn Error>> {
        Ok(match material {
            Material::Drawn(size) => Self::Drawn { pictures: drawn(*size)?, next: 0 },
            Material::Recording(path) => Self::Recording(Box::new(CineScanner::open(path)?)),
        })
    }

    fn size(&self) -> (u32, u32) {
        match self {
            Self::Drawn { pictures, .. } => pictures.first().map_or((0, 0), |picture| (picture.width, picture.height)),
            Self::Recording(scanner) => {
                let geometry = scanner.state().geometry;
                (geometry.width.into(), geometry.height.into())
            }
        }
    }

    /// Between two pictures; nothing where they come without a pause.
    fn period(&self) -> Option<Duration> {
        match self {
            Self::Drawn { .. } => None,
            Self::Recording(scanner) => Some(scanner.period()),
        }
    }

    fn rate(&self) -> f32 {
        self.period().map_or(FRAME_RATE as f32, |period| 1.0 / period.as_secs_f32())
    }

    fn next(&mut self, now: Time) -> Result<Arc<Picture>, Box<dyn Error>> {
        match self {
            Self::Drawn { pictures, next } => {
                let picture = pictures.get(*next % pictures.len().max(1)).ok_or("there are no pictures")?;
                *next += 1;
                Ok(Arc::clone(picture))
            }
            Self::Recording(scanner) => {
                let nothing =
                    PictureContext { epoch: None, applied_sequence: 0, tip: Pose::identity(), force: Newton::ZERO };
                Ok(scanner.capture(now, &nothing)?)
            }
        }
    }
}

fn drawn(size: Size) -> Result<Vec<Arc<Picture>>, Box<dyn Error>> {
    let (width, height) = size.pixels();
    let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
    let picture = |data| Picture { number: 0, captured_at: Time::ZERO, width, height, format: PixelFormat::Grey, data };
    Ok(clip(size, FRAME_RATE).into_iter().map(|data| Arc::new(picture(data))).collect())
}
