//! Single pictures as PNG files.

use std::io;
use std::path::Path;

use png::{BitDepth, ColorType, Encoder};

use crate::RecordError;
use crate::file::save;

/// Saves a grey picture: one byte a pixel, full range, rows from top to bottom.
pub fn save_grey(path: &Path, width: u32, height: u32, pixels: &[u8]) -> Result<(), RecordError> {
    save_png(path, (width, height), ColorType::Grayscale, pixels)
}

/// Saves a colour picture: red, green and blue, one byte each, rows from top to bottom.
pub fn save_rgb(path: &Path, width: u32, height: u32, pixels: &[u8]) -> Result<(), RecordError> {
    save_png(path, (width, height), ColorType::Rgb, pixels)
}

fn save_png(path: &Path, (width, height): (u32, u32), color: ColorType, pixels: &[u8]) -> Result<(), RecordError> {
    let wanted = (u64::from(width) * u64::from(height)).saturating_mul(color.samples() as u64);
    if wanted != pixels.len() as u64 {
        return Err(RecordError::Size { width, height, wanted, given: pixels.len() });
    }
    let bytes = encode((width, height), color, pixels).map_err(|error| RecordError::file(path, error))?;
    save(path, &bytes)
}

fn encode((width, height): (u32, u32), color: ColorType, pixels: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(path: &Path) -> (png::OutputInfo, Vec<u8>) {
        let decoder = png::Decoder::new(io::BufReader::new(std::fs::File::open(path).unwrap()));
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info, pixels)
    }

    #[test]
    fn grey_and_colour_come_back_exactly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("still.png");
        let grey: Vec<u8> = (0..=255).collect();
        save_grey(&path, 32, 8, &grey).unwrap();
        let (info, pixels) = load(&path);
        assert_eq!((info.width, info.height, info.color_type, pixels), (32, 8, ColorType::Grayscale, grey));
        let colour: Vec<u8> = (0..48).map(|n| n * 5).collect();
        save_rgb(&path, 4, 4, &colour).unwrap();
        let (info, pixels) = load(&path);
        assert_eq!((info.width, info.height, info.color_type, pixels), (4, 4, ColorType::Rgb, colour));
    }

    #[test]
    fn a_wrong_size_is_an_error_and_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("still.png");
        let error = save_grey(&path, 4, 4, &[0; 15]).unwrap_err();
        assert_eq!(error.to_string(), "a picture of 4 × 4 has 16 bytes, not 15");
        assert!(save_rgb(&path, u32::MAX, u32::MAX, &[]).is_err());
        assert!(save_grey(&path, 0, 0, &[]).is_err(), "a picture of nothing is none");
        assert!(!path.exists());
    }
}
