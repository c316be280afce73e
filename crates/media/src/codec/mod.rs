//! H.264: pictures to access units and back, each with its stamp inside.

mod colour;
mod decoder;
mod encoder;
mod image;
pub(crate) mod nal;
mod raw;
mod stamp;
#[cfg(test)]
mod tests;

pub use decoder::{Decoded, Decoder, Integrity};
pub use encoder::{AccessUnit, AccessUnitKind, Encoder, EncoderConfig};
pub use image::{Chroma, DecodedPicture, Image, check_size};
pub use stamp::stamp_of;
