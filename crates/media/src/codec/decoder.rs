//! H.264 access units to pictures.

use farprobe_proto::PictureStamp;

use super::colour::NEUTRAL;
use super::image::{Chroma, DecodedPicture};
use super::nal;
use super::raw::{self, ConcealingDecoder, RawPlanes};
use super::stamp;
use crate::CodecError;

/// An H.264 decoder for one stream of pictures.
pub struct Decoder(ConcealingDecoder);

/// What one access unit gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The picture; `None` if there is nothing to show, as before the first key picture.
    pub picture: Option<DecodedPicture>,
    /// Whether any of it is guessed.
    pub integrity: Integrity,
    /// The picture's own data, if the access unit carries it.
    pub stamp: Option<PictureStamp>,
}

/// Whether a picture shows what was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    /// It does.
    Complete,
    /// Parts are guessed, from this picture's own loss or from one before it.
    Concealed,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Result<Self, CodecError> {
        if !raw::has_assembler() {
            return Err(CodecError::NoAssembler);
        }
        Ok(Self(ConcealingDecoder::new()?))
    }

    /// Decodes one access unit (annex B) and hands its picture out at once. Any bytes may be given: what is no picture gives
    /// none.
    pub fn decode(&mut self, access_unit: &[u8]) -> Decoded {
        let decoded = attempt(&mut self.0, access_unit);
        if decoded.picture.is_some() || !nal::has_key_picture(access_unit) {
            return decoded;
        }
        // A key picture needs nothing of what came before, but nonsense that came before can keep it from showing. Where a new
        // decoder shows it, the new one goes on.
        let Ok(mut fresh) = ConcealingDecoder::new() else { return decoded };
        let again = attempt(&mut fresh, access_unit);
        if again.picture.is_none() {
            return decoded;
        }
        self.0 = fresh;
        again
    }
}

fn attempt(decoder: &mut ConcealingDecoder, access_unit: &[u8]) -> Decoded {
    let stamp = stamp::stamp_of(access_unit);
    let raw = decoder.decode(access_unit);
    let integrity = if raw.error_free { Integrity::Complete } else { Integrity::Concealed };
    Decoded { picture: raw.planes.map(|planes| copy(&planes)), integrity, stamp }
}

/// The picture in memory of its own, without the decoder's padding.
fn copy(planes: &RawPlanes<'_>) -> DecodedPicture {
    let (half_width, half_height) = (planes.width / 2, planes.height / 2);
    let luma = rows(planes.luma, planes.luma_stride, planes.width, planes.height);
    let has_colour = [planes.blue, planes.red].iter().any(|plane| {
        plane.chunks(planes.chroma_stride).any(|row| row.iter().take(half_width).any(|&value| value != NEUTRAL))
    });
    let chroma = has_colour.then(|| Chroma {
        blue: rows(planes.blue, planes.chroma_stride, half_width, half_height),
        red: rows(planes.red, planes.chroma_stride, half_width, half_height),
    });
    DecodedPicture { width: planes.width as u32, height: planes.height as u32, luma, chroma }
}

/// The rows of a plane, one behind the other.
fn rows(plane: &[u8], stride: usize, width: usize, height: usize) -> Vec<u8> {
    if stride == width {
        return plane[..width * height].to_vec();
    }
    let mut packed = Vec::with_capacity(width * height);
    for row in plane.chunks(stride).take(height) {
        packed.extend_from_slice(&row[..width]);
    }
    packed
}
