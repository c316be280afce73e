//! The calls of openh264 that its Rust wrapper does not offer in the way Farprobe needs them.
//!
//! The only module of this crate with `unsafe` code.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_uint};
use std::ptr;
use std::slice;

use openh264::OpenH264API;
use openh264::decoder::{Decoder, DecoderConfig};
use openh264::encoder::Encoder;
use openh264_sys2::{
    DECODER_OPTION_ERROR_CON_IDC, ENCODER_OPTION_BITRATE, ENCODER_OPTION_TRACE_LEVEL, SBitrateInfo, SBufferInfo,
    SPATIAL_LAYER_ALL, WELS_LOG_QUIET, dsErrorFree,
};

use crate::CodecError;

/// `ERROR_CON_SLICE_COPY` of `codec_app_def.h`: what is missing of a picture is copied from the picture before it.
const CONCEAL_BY_COPY: c_int = 2;

unsafe extern "C" {
    /// `WelsCPUFeatureDetect` of openh264's `cpu.h`: the processor's features that this build can use, 0 for a build without
    /// assembler.
    #[link_name = "WelsCPUFeatureDetect"]
    fn cpu_features(logical_processors: *mut c_int) -> c_uint;
}

/// Whether openh264 was built with its assembler code.
pub(crate) fn has_assembler() -> bool {
    let mut logical_processors = 0;
    // SAFETY: the function writes one int through the pointer, which is valid for the call, and keeps nothing.
    unsafe { cpu_features(&raw mut logical_processors) != 0 }
}

/// Keeps a new encoder from writing warnings to the standard error output; the wrapper does so only after the first picture.
pub(crate) fn silence(encoder: &mut Encoder) {
    let mut level: c_int = WELS_LOG_QUIET;
    // SAFETY: `ENCODER_OPTION_TRACE_LEVEL` reads one int through the pointer, which is valid for the call, and keeps nothing;
    // it may be set before the encoder is initialised. A refusal leaves only the warnings.
    unsafe { encoder.raw_api().set_option(ENCODER_OPTION_TRACE_LEVEL, (&raw mut level).cast()) };
}

/// Sets the bit rate of a running encoder, bit/s, from the next picture on.
pub(crate) fn set_bitrate(encoder: &mut Encoder, bits_per_second: c_int) -> Result<(), CodecError> {
    let mut info = SBitrateInfo { iLayer: SPATIAL_LAYER_ALL, iBitrate: bits_per_second };
    // SAFETY: `ENCODER_OPTION_BITRATE` reads one `SBitrateInfo` through the pointer, which is valid for the call, and keeps
    // nothing. The bit rate is a value the wrapper sets itself and relies on nowhere.
    let code = unsafe { encoder.raw_api().set_option(ENCODER_OPTION_BITRATE, (&raw mut info).cast()) };
    if code == 0 { Ok(()) } else { Err(CodecError::Library(format!("bit rate refused, code {code}"))) }
}

/// A decoder that conceals what is missing and hands out each picture with the access unit that completes it.
pub(crate) struct ConcealingDecoder(Decoder);

/// What came out for one access unit.
pub(crate) struct RawPicture<'a> {
    /// Whether the decoder saw nothing wrong.
    pub(crate) error_free: bool,
    /// The picture, if there is one.
    pub(crate) planes: Option<RawPlanes<'a>>,
}

/// Planes inside the decoder's own memory, valid until its next call.
pub(crate) struct RawPlanes<'a> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma_stride: usize,
    pub(crate) chroma_stride: usize,
    pub(crate) luma: &'a [u8],
    pub(crate) blue: &'a [u8],
    pub(crate) red: &'a [u8],
}

impl ConcealingDecoder {
    pub(crate) fn new() -> Result<Self, CodecError> {
        let mut decoder = Decoder::with_api_config(OpenH264API::from_source(), DecoderConfig::new())
            .map_err(|error| CodecError::library(&error))?;
        let mut concealment = CONCEAL_BY_COPY;
        // SAFETY: `DECODER_OPTION_ERROR_CON_IDC` reads one int through the pointer, which is valid for the call, and keeps
        // nothing. The wrapper sets this option once, at construction, and relies on it nowhere.
        let code = unsafe { decoder.raw_api().set_option(DECODER_OPTION_ERROR_CON_IDC, (&raw mut concealment).cast()) };
        if code == 0 {
            Ok(Self(decoder))
        } else {
            Err(CodecError::Library(format!("error concealment refused, code {code}")))
        }
    }

    /// Decodes one access unit (annex B).
    pub(crate) fn decode(&mut self, access_unit: &[u8]) -> RawPicture<'_> {
        let Ok(length) = c_int::try_from(access_unit.len()) else {
            return RawPicture { error_free: false, planes: None };
        };
        let mut planes = [ptr::null_mut::<u8>(); 3];
        let mut info = SBufferInfo::default();
        // SAFETY: the source pointer is valid for `length` bytes and only read; the decoder writes three plane pointers and
        // one `SBufferInfo`, both valid for the call, and keeps none of the pointers.
        let code = unsafe {
            self.0.raw_api().decode_frame_no_delay(access_unit.as_ptr(), length, planes.as_mut_ptr(), &raw mut info)
        };
        let error_free = code == dsErrorFree;
        if info.iBufferStatus != 1 || planes.iter().any(|plane| plane.is_null()) {
            return RawPicture { error_free, planes: None };
        }
        // SAFETY: with `iBufferStatus == 1` the union holds the system buffer's description.
        let buffer = unsafe { info.UsrData.sSystemBuffer };
        let [Ok(width), Ok(height), Ok(luma_stride), Ok(chroma_stride)] =
            [buffer.iWidth, buffer.iHeight, buffer.iStride[0], buffer.iStride[1]].map(usize::try_from)
        else {
            return RawPicture { error_free: false, planes: None };
        };
        let (half_width, half_height) = (width / 2, height / 2);
        if width < 2 || height < 2 || luma_stride < width || chroma_stride < half_width {
            return RawPicture { error_free: false, planes: None };
        }
        // The last row is read to its width only: what lies behind it may not be the decoder's.
        let luma_length = (height - 1) * luma_stride + width;
        let chroma_length = (half_height - 1) * chroma_stride + half_width;
        // SAFETY: with `iBufferStatus == 1` the pointers are not null (checked above) and lead to planes of 4:2:0 with the
        // size and strides just read; they stay valid until the decoder's next call, which the borrow of `self` prevents.
        let (luma, blue, red) = unsafe {
            (
                slice::from_raw_parts(planes[0], luma_length),
                slice::from_raw_parts(planes[1], chroma_length),
                slice::from_raw_parts(planes[2], chroma_length),
            )
        };
        let planes = RawPlanes { width, height, luma_stride, chroma_stride, luma, blue, red };
        RawPicture { error_free, planes: Some(planes) }
    }
}
