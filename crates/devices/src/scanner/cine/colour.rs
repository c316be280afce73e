//! From the ways DICOM stores colour to red, green and blue.

/// Full-range YCbCr to RGB, in place (DICOM PS3.3 C.7.6.3.1.2, which is ITU-R BT.601).
pub(super) fn ybr_to_rgb(pixels: &mut [u8]) {
    for [y, cb, cr] in pixels.as_chunks_mut::<3>().0 {
        let (luma, blue, red) = (f32::from(*y), f32::from(*cb) - 128.0, f32::from(*cr) - 128.0);
        // `as` saturates, so that what leaves the range of colours ends at its border.
        *y = (luma + 1.402 * red).round() as u8;
        *cb = (luma - 0.344_136 * blue - 0.714_136 * red).round() as u8;
        *cr = (luma + 1.772 * blue).round() as u8;
    }
}

/// One plane after the other to pixel by pixel.
pub(super) fn interleave(planes: &[u8]) -> Vec<u8> {
    let plane = planes.len() / 3;
    (0..plane).flat_map(|pixel| [planes[pixel], planes[plane + pixel], planes[2 * plane + pixel]]).collect()
}

/// One channel of a palette.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Channel {
    /// The pixel value that has the first entry.
    first: u16,
    /// At least one.
    entries: Vec<u8>,
}

impl Channel {
    /// From the three numbers of a lookup table descriptor (entries, first value mapped, bits) and the table's bytes, little
    /// endian (DICOM PS3.3 C.7.6.3.1.5).
    pub(super) fn new(descriptor: [u16; 3], table: &[u8]) -> Result<Self, &'static str> {
        let [count, first, bits] = descriptor;
        // 65536 does not fit the number and is written as 0.
        let count = if count == 0 { 1 << 16 } else { usize::from(count) };
        let words = table.as_chunks::<2>().0;
        let entries: Vec<u8> = match bits {
            8 if table.len() < 2 * count => table.iter().copied().take(count).collect(),
            8 => words.iter().take(count).map(|word| word[0]).collect(),
            // The high byte: what the table can tell apart beyond it, no screen shows.
            16 => words.iter().take(count).map(|word| word[1]).collect(),
            _ => return Err("its palette has entries of neither 8 nor 16 bits"),
        };
        if entries.len() == count { Ok(Self { first, entries }) } else { Err("its palette is cut short") }
    }

    /// The entry of a pixel; values outside the table have its first or last entry.
    fn level(&self, pixel: u8) -> u8 {
        let index = usize::from(u16::from(pixel).saturating_sub(self.first));
        self.entries[index.min(self.entries.len() - 1)]
    }
}

/// Looks each pixel up.
pub(super) fn look_up(palette: &[Channel; 3], pixels: &[u8]) -> Vec<u8> {
    pixels.iter().flat_map(|pixel| palette.each_ref().map(|channel| channel.level(*pixel))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_of_the_standard() {
        let mut pixels = [76, 85, 255, 255, 128, 128, 0, 128, 128, 29, 255, 107];
        ybr_to_rgb(&mut pixels);
        assert_eq!(pixels, [254, 0, 0, 255, 255, 255, 0, 0, 0, 0, 0, 254]);
        let mut grey: Vec<u8> = (0..=255).flat_map(|level| [level, 128, 128]).collect();
        ybr_to_rgb(&mut grey);
        assert!(grey.as_chunks::<3>().0.iter().enumerate().all(|(level, pixel)| *pixel == [level as u8; 3]));
    }

    #[test]
    fn planes_are_interleaved() {
        assert_eq!(interleave(&[1, 2, 3, 4, 5, 6]), [1, 3, 5, 2, 4, 6]);
    }

    #[test]
    fn a_palette_ends_at_its_borders() {
        let channel = Channel::new([2, 10, 16], &[0xFF, 7, 0, 9]).unwrap();
        assert_eq!([0, 10, 11, 200].map(|pixel| channel.level(pixel)), [7, 7, 9, 9]);
        assert_eq!(Channel::new([2, 0, 8], &[7, 9]), Channel::new([2, 0, 8], &[7, 0, 9, 0]));
        assert!(Channel::new([3, 0, 16], &[0, 0, 0, 0]).is_err());
        assert!(Channel::new([0, 0, 16], &[]).is_err());
        assert!(Channel::new([1, 0, 12], &[0, 0]).is_err());
    }
}
