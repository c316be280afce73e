//! Pictures to H.264 access units.

use bytes::Bytes;
use farprobe_proto::PictureStamp;
use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, Encoder as H264Encoder, EncoderConfig as H264Config, FrameRate, FrameType, Profile,
    RateControlMode, UsageType, VuiConfig,
};
use openh264::formats::YUVSource;

use super::colour::{NEUTRAL, Planes};
use super::image::{Image, check_size};
use super::{raw, stamp};
use crate::{Clock, CodecError};

/// The lowest bit rate taken, bit/s. Below it a picture of speckle is no longer one.
const MIN_BITRATE: u32 = 100_000;
/// The highest bit rate taken, bit/s: that of H.264 level 5.2, about.
const MAX_BITRATE: u32 = 200_000_000;
/// The highest frame rate taken, 1/s: scanners show up to about 100 pictures a second; above 120 is a mistake.
const MAX_FRAME_RATE: f32 = 120.0;

/// How pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderConfig {
    /// Pixels across of the pictures to come.
    pub width: u32,
    /// Pixels down of the pictures to come.
    pub height: u32,
    /// Pictures a second, above 0 and at most 120.
    pub frame_rate: f32,
    /// The mean rate wanted, bit/s, 100 000 to 200 000 000.
    pub bitrate: u32,
}

/// One encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUnit {
    /// The H.264 byte stream (annex B) of this picture, its stamp inside.
    pub data: Bytes,
    /// Whether it can be decoded without any other.
    pub kind: AccessUnitKind,
    /// When the picture was captured, cart clock: its time on the RTP clock follows from it.
    pub captured_at: farprobe_geom::Time,
}

/// Whether an access unit can be decoded without any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessUnitKind {
    /// It can (IDR).
    Key,
    /// It needs the one before it.
    Delta,
}

/// An H.264 encoder for one stream of pictures.
///
/// Constrained Baseline (High would make the decoder hold back one picture), full range, one slice a picture, no picture
/// ever skipped, no key picture but the first and those asked for.
pub struct Encoder {
    config: EncoderConfig,
    h264: H264Encoder,
    clock: Clock,
    planes: Planes,
    neutral: Vec<u8>,
    key_wanted: bool,
}

impl Encoder {
    /// An encoder. `clock` is the cart's clock; it tells when a picture was finished.
    pub fn new(config: EncoderConfig, clock: Clock) -> Result<Self, CodecError> {
        if !raw::has_assembler() {
            return Err(CodecError::NoAssembler);
        }
        check_size(config.width, config.height)?;
        if !(config.frame_rate > 0.0 && config.frame_rate <= MAX_FRAME_RATE) {
            return Err(CodecError::Configuration(
                "a frame rate that is not above 0 and at most 120 pictures a second",
            ));
        }
        check_bitrate(config.bitrate)?;
        let h264 = make(&config)?;
        Ok(Self { config, h264, clock, planes: Planes::default(), neutral: Vec::new(), key_wanted: false })
    }

    /// The configuration in force.
    pub const fn config(&self) -> EncoderConfig {
        self.config
    }

    /// Makes the next picture one that needs no other.
    pub const fn request_key_picture(&mut self) {
        self.key_wanted = true;
    }

    /// Changes the mean bit rate, bit/s, from the next picture on.
    pub fn set_bitrate(&mut self, bitrate: u32) -> Result<(), CodecError> {
        check_bitrate(bitrate)?;
        let rate = i32::try_from(bitrate).map_err(|_| BITRATE_ERROR)?;
        raw::set_bitrate(&mut self.h264, rate)?;
        self.config.bitrate = bitrate;
        Ok(())
    }

    /// Encodes one picture and puts its stamp inside; `encoded_at` of the stamp is filled in. A picture of another size than
    /// the ones before starts a new stream with a key picture.
    pub fn encode(&mut self, image: &Image<'_>, stamp: &PictureStamp) -> Result<AccessUnit, CodecError> {
        image.check()?;
        let (width, height) = image.size();
        if (width, height) != (self.config.width, self.config.height) {
            let config = EncoderConfig { width, height, ..self.config };
            self.h264 = make(&config)?;
            self.config = config;
        }
        let source = planes_of(image, &mut self.planes, &mut self.neutral);
        if self.key_wanted {
            self.h264.force_intra_frame();
        }
        let encoded = self.h264.encode(&source).map_err(|error| CodecError::library(&error))?;
        let kind = match encoded.frame_type() {
            FrameType::IDR => AccessUnitKind::Key,
            FrameType::I | FrameType::P | FrameType::IPMixed => AccessUnitKind::Delta,
            FrameType::Skip | FrameType::Invalid => {
                return Err(CodecError::Library("a picture was skipped against the configuration".to_owned()));
            }
        };
        let bytes = encoded.to_vec();
        if kind == AccessUnitKind::Key {
            self.key_wanted = false;
        }
        let stamp = PictureStamp { encoded_at: (self.clock)(), ..*stamp };
        let data = Bytes::from(stamp::with_stamp(&bytes, &stamp));
        Ok(AccessUnit { data, kind, captured_at: stamp.captured_at })
    }
}

/// What a bit rate out of range is answered with.
const BITRATE_ERROR: CodecError = CodecError::Configuration("a bit rate outside 100 kbit/s to 200 Mbit/s");

fn check_bitrate(bitrate: u32) -> Result<(), CodecError> {
    if (MIN_BITRATE..=MAX_BITRATE).contains(&bitrate) { Ok(()) } else { Err(BITRATE_ERROR) }
}

fn make(config: &EncoderConfig) -> Result<H264Encoder, CodecError> {
    let settings = H264Config::new()
        .bitrate(BitRate::from_bps(config.bitrate))
        .max_frame_rate(FrameRate::from_hz(config.frame_rate))
        .rate_control_mode(RateControlMode::Bitrate)
        .usage_type(UsageType::CameraVideoRealTime)
        .profile(Profile::Baseline)
        // Medium and high cost 0.9 ms more a picture for 0.03 dB (measured on a speckle fan).
        .complexity(Complexity::Low)
        .skip_frames(false)
        // These three gave nothing on ultrasound and cost up to 0.3 ms; scene changes also made unasked key pictures.
        .scene_change_detect(false)
        .adaptive_quantization(false)
        .background_detection(false)
        // The picture path shares the machine with the real-time thread: one thread, and it does not wait for others.
        .num_threads(1)
        .vui(VuiConfig::bt709().full_range(true));
    let mut encoder = H264Encoder::with_api_config(OpenH264API::from_source(), settings)
        .map_err(|error| CodecError::library(&error))?;
    raw::silence(&mut encoder);
    Ok(encoder)
}

/// What the encoder reads.
struct Source<'a> {
    width: usize,
    height: usize,
    luma: &'a [u8],
    blue: &'a [u8],
    red: &'a [u8],
}

/// The picture's planes: a grey picture with even sides is read where it stands.
fn planes_of<'a>(image: &Image<'a>, planes: &'a mut Planes, neutral: &'a mut Vec<u8>) -> Source<'a> {
    match *image {
        Image::Grey { width, height, data } if width % 2 == 0 && height % 2 == 0 => {
            let (width, height) = (width as usize, height as usize);
            neutral.resize(width * height / 4, NEUTRAL);
            Source { width, height, luma: data, blue: neutral, red: neutral }
        }
        Image::Grey { width, height, data } => {
            planes.fill_grey(width as usize, height as usize, data);
            Source::from(&*planes)
        }
        Image::Rgb { width, height, data } => {
            planes.fill_rgb(width as usize, height as usize, data);
            Source::from(&*planes)
        }
    }
}

impl<'a> From<&'a Planes> for Source<'a> {
    fn from(planes: &'a Planes) -> Self {
        Self { width: planes.width, height: planes.height, luma: &planes.luma, blue: &planes.blue, red: &planes.red }
    }
}

impl YUVSource for Source<'_> {
    fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.width, self.width / 2, self.width / 2)
    }

    fn y(&self) -> &[u8] {
        self.luma
    }

    fn u(&self) -> &[u8] {
        self.blue
    }

    fn v(&self) -> &[u8] {
        self.red
    }
}
