//! Pictures before encoding and after decoding.

use super::colour;
use crate::CodecError;

/// The smallest side openh264 takes, pixels: one macroblock.
const MIN_SIDE: u32 = 16;
/// The longest side and the longest shorter side openh264 takes, pixels (H.264 level 5.2).
const MAX_LONG_SIDE: u32 = 3840;
/// See [`MAX_LONG_SIDE`].
const MAX_SHORT_SIDE: u32 = 2160;

/// A picture as its source gives it: rows from top to bottom, without padding, full range 0–255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image<'a> {
    /// One byte a pixel. Travels as it is, untouched by any colour conversion.
    Grey {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// `width × height` bytes.
        data: &'a [u8],
    },
    /// Red, green and blue bytes for each pixel.
    Rgb {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// `width × height × 3` bytes.
        data: &'a [u8],
    },
}

impl Image<'_> {
    /// Pixels across and down.
    pub const fn size(&self) -> (u32, u32) {
        match *self {
            Self::Grey { width, height, .. } | Self::Rgb { width, height, .. } => (width, height),
        }
    }

    /// Whether the bytes fit the size, and the size is one the codec takes.
    pub(crate) fn check(&self) -> Result<(), CodecError> {
        let (width, height) = self.size();
        check_size(width, height)?;
        let (bytes_per_pixel, given) = match self {
            Self::Grey { data, .. } => (1, data.len()),
            Self::Rgb { data, .. } => (3, data.len()),
        };
        let needed = width as usize * height as usize * bytes_per_pixel;
        if given == needed { Ok(()) } else { Err(CodecError::WrongLength { width, height, needed, given }) }
    }
}

/// Whether the codec takes pictures of this size, in pixels: for whoever has a source and no picture of it yet.
pub fn check_size(width: u32, height: u32) -> Result<(), CodecError> {
    let (short, long) = (width.min(height), width.max(height));
    if short >= MIN_SIDE && long <= MAX_LONG_SIDE && short <= MAX_SHORT_SIDE {
        Ok(())
    } else {
        Err(CodecError::Size { width, height })
    }
}

/// A picture as the decoder gives it: planes without padding, full range 0–255.
///
/// H.264 has no odd sides in 4:2:0, so a picture with an odd side arrives one pixel larger, its last column or row twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedPicture {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Brightness, `width × height` bytes. Of a grey picture: the picture itself.
    pub luma: Vec<u8>,
    /// Colour; `None` if the picture is grey.
    pub chroma: Option<Chroma>,
}

/// Colour differences by ITU-R BT.709, at half the resolution both ways; 128 is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chroma {
    /// Blue difference, `width/2 × height/2` bytes.
    pub blue: Vec<u8>,
    /// Red difference, `width/2 × height/2` bytes.
    pub red: Vec<u8>,
}

impl DecodedPicture {
    /// The picture as red, green and blue bytes for each pixel.
    pub fn to_rgb(&self) -> Vec<u8> {
        colour::to_rgb(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_do_not_fit_the_size_are_refused() {
        let data = vec![0; 32 * 32 * 3];
        assert!(Image::Rgb { width: 32, height: 32, data: &data }.check().is_ok());
        let grey = Image::Grey { width: 32, height: 32, data: &data };
        assert_eq!(grey.check(), Err(CodecError::WrongLength { width: 32, height: 32, needed: 1024, given: 3072 }));
    }

    #[test]
    fn sizes_the_codec_does_not_take_are_refused() {
        for (width, height) in [(0, 0), (15, 64), (64, 15), (3841, 64), (2161, 2161), (u32::MAX, u32::MAX)] {
            assert_eq!(check_size(width, height), Err(CodecError::Size { width, height }));
        }
        assert_eq!(check_size(2160, 3840), Ok(()));
    }
}
