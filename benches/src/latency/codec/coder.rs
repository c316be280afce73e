//! Encodes and decodes, as a process of its own.

use std::error::Error;
use std::sync::Arc;

use farprobe_devices::MonotonicClock;
use farprobe_geom::{Newton, Pose};
use farprobe_media::{Decoder, Encoder, EncoderConfig, Image};
use farprobe_proto::PictureStamp;

use super::clip::clip;
use crate::latency::ends::tell;
use crate::latency::ends::usage::Meter;
use crate::latency::ends::words::{CodePlan, Coded};

/// As a cart does unless its configuration says otherwise.
const BITRATE: u32 = 5_000_000;
const FRAME_RATE: f32 = 30.0;

/// Pictures before those that count: the first needs no other and is much larger, and rate and memory settle.
const WARM_UP: usize = 10;

/// Goes through the pictures, and tells what each took.
pub(crate) fn run(plan: CodePlan) -> Result<(), Box<dyn Error>> {
    let clock = MonotonicClock;
    let pictures = clip(plan.size);
    let (width, height) = plan.size.pixels();
    let (width, height) = (u32::try_from(width)?, u32::try_from(height)?);
    let config = EncoderConfig { width, height, frame_rate: FRAME_RATE, bitrate: BITRATE };
    let mut encoder = Encoder::new(config, Arc::new(move || clock.now()))?;
    let mut decoder = Decoder::new()?;
    let (mut encode, mut decode) = (Vec::with_capacity(plan.pictures), Vec::with_capacity(plan.pictures));
    let mut meter = Meter::start(clock.now());
    for (at, picture) in pictures.iter().cycle().take(WARM_UP + plan.pictures).enumerate() {
        if at == WARM_UP {
            meter = Meter::start(clock.now());
        }
        let began = clock.now();
        let stamp = PictureStamp {
            number: at as u64 + 1,
            captured_at: began,
            encoded_at: began,
            epoch: None,
            applied_sequence: 0,
            tip: Pose::identity(),
            force: Newton::ZERO,
        };
        let unit = encoder.encode(&Image::Grey { width, height, data: picture }, &stamp)?;
        let encoded = clock.now();
        let decoded = decoder.decode(&unit.data);
        let done = clock.now();
        if decoded.picture.is_none() {
            return Err("the decoder gives no picture for what the encoder made".into());
        }
        if at >= WARM_UP {
            encode.push(encoded.as_nanos().saturating_sub(began.as_nanos()));
            decode.push(done.as_nanos().saturating_sub(encoded.as_nanos()));
        }
    }
    tell(&Coded { encode, decode, usage: meter.usage(clock.now()) })
}
