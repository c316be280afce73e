//! RGB to full-range BT.709 planes and back (ITU-R BT.709-6, items 3.2 and 3.3; full range as H.264 table E-5 has it).
//!
//! openh264's own converters squeeze to the limited range 16–235; a grey of 69 came back as 62. These do not.

use super::image::DecodedPicture;

/// One, as the fixed-point numbers below write it. 16 bits keep the error below a third of a grey level.
const SHIFT: i32 = 16;
/// Half of one, for rounding.
const HALF: i32 = 1 << (SHIFT - 1);
/// Kr, Kg, Kb of BT.709: 0.2126, 0.7152, 0.0722. Their sum is exactly one, so grey stays grey.
const LUMA: [i32; 3] = [13_933, 46_871, 4_732];
/// (B − Y) / 1.8556. The sum is exactly zero, so grey has no colour.
const BLUE: [i32; 3] = [-7_509, -25_259, 32_768];
/// (R − Y) / 1.5748. The sum is exactly zero.
const RED: [i32; 3] = [32_768, -29_763, -3_005];
/// 1.5748, the share of the red difference in red.
const RED_OF_RED: i32 = 103_206;
/// 0.1873 and 0.4681, the shares of the two differences taken from green.
const GREEN_OF_BLUE: i32 = 12_277;
/// See [`GREEN_OF_BLUE`].
const GREEN_OF_RED: i32 = 30_679;
/// 1.8556, the share of the blue difference in blue.
const BLUE_OF_BLUE: i32 = 121_609;

/// Planes of 4:2:0 with even sides.
#[derive(Debug, Default)]
pub(crate) struct Planes {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma: Vec<u8>,
    pub(crate) blue: Vec<u8>,
    pub(crate) red: Vec<u8>,
}

impl Planes {
    /// Makes room for a picture of this size, rounded up to even sides, and fills the colour planes with `neutral`.
    fn resize(&mut self, width: usize, height: usize) {
        self.width = width.next_multiple_of(2);
        self.height = height.next_multiple_of(2);
        self.luma.resize(self.width * self.height, 0);
        let quarter = self.width * self.height / 4;
        self.blue.resize(quarter, NEUTRAL);
        self.red.resize(quarter, NEUTRAL);
    }

    /// Fills the planes from a grey picture; an odd side gets its last column or row twice.
    pub(crate) fn fill_grey(&mut self, width: usize, height: usize, data: &[u8]) {
        self.resize(width, height);
        self.blue.fill(NEUTRAL);
        self.red.fill(NEUTRAL);
        for (y, row) in self.luma.chunks_exact_mut(self.width).enumerate() {
            let source = &data[y.min(height - 1) * width..][..width];
            row[..width].copy_from_slice(source);
            row[width..].fill(source[width - 1]);
        }
    }

    /// Fills the planes from an RGB picture; an odd side gets its last column or row twice. Colour is the mean of four
    /// pixels.
    pub(crate) fn fill_rgb(&mut self, width: usize, height: usize, data: &[u8]) {
        self.resize(width, height);
        let pixel = |x: usize, y: usize| {
            let at = (y.min(height - 1) * width + x.min(width - 1)) * 3;
            [i32::from(data[at]), i32::from(data[at + 1]), i32::from(data[at + 2])]
        };
        let half_width = self.width / 2;
        for cy in 0..self.height / 2 {
            for cx in 0..half_width {
                let mut sum = [0; 3];
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let (x, y) = (2 * cx + dx, 2 * cy + dy);
                    let rgb = pixel(x, y);
                    self.luma[y * self.width + x] = byte(weigh(LUMA, rgb) + HALF, SHIFT);
                    for (total, part) in sum.iter_mut().zip(rgb) {
                        *total += part;
                    }
                }
                // The sum of four pixels carries two bits more.
                let centre = (i32::from(NEUTRAL) << (SHIFT + 2)) + 2 * (HALF << 1);
                self.blue[cy * half_width + cx] = byte(weigh(BLUE, sum) + centre, SHIFT + 2);
                self.red[cy * half_width + cx] = byte(weigh(RED, sum) + centre, SHIFT + 2);
            }
        }
    }
}

/// The colour difference that is none.
pub(crate) const NEUTRAL: u8 = 128;

/// The weighted sum of three parts.
fn weigh(weights: [i32; 3], parts: [i32; 3]) -> i32 {
    weights[0] * parts[0] + weights[1] * parts[1] + weights[2] * parts[2]
}

/// A fixed-point number as a byte, clamped.
fn byte(value: i32, shift: i32) -> u8 {
    (value >> shift).clamp(0, 255) as u8
}

/// Red, green and blue bytes for each pixel of a decoded picture.
pub(crate) fn to_rgb(picture: &DecodedPicture) -> Vec<u8> {
    let Some(chroma) = &picture.chroma else {
        return picture.luma.iter().flat_map(|&grey| [grey, grey, grey]).collect();
    };
    let width = picture.width as usize;
    let half_width = width / 2;
    let mut rgb = Vec::with_capacity(picture.luma.len() * 3);
    for (y, row) in picture.luma.chunks_exact(width.max(1)).enumerate() {
        for (x, &luma) in row.iter().enumerate() {
            let at = (y / 2) * half_width + x / 2;
            let difference = |plane: &[u8]| plane.get(at).map_or(0, |&value| i32::from(value) - i32::from(NEUTRAL));
            let (blue, red) = (difference(&chroma.blue), difference(&chroma.red));
            let luma = (i32::from(luma) << SHIFT) + HALF;
            rgb.push(byte(luma + RED_OF_RED * red, SHIFT));
            rgb.push(byte(luma - GREEN_OF_BLUE * blue - GREEN_OF_RED * red, SHIFT));
            rgb.push(byte(luma + BLUE_OF_BLUE * blue, SHIFT));
        }
    }
    rgb
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::image::Chroma;

    fn decoded(planes: Planes) -> DecodedPicture {
        DecodedPicture {
            width: planes.width as u32,
            height: planes.height as u32,
            luma: planes.luma,
            chroma: Some(Chroma { blue: planes.blue, red: planes.red }),
        }
    }

    #[test]
    fn weights_sum_exactly() {
        assert_eq!(LUMA.iter().sum::<i32>(), 1 << SHIFT);
        assert_eq!(BLUE.iter().sum::<i32>(), 0);
        assert_eq!(RED.iter().sum::<i32>(), 0);
    }

    #[test]
    fn every_grey_of_rgb_is_that_grey_without_colour() {
        for grey in 0..=255_u8 {
            let mut planes = Planes::default();
            planes.fill_rgb(2, 2, &[grey; 12]);
            assert_eq!(planes.luma, [grey; 4]);
            assert_eq!((planes.blue[0], planes.red[0]), (NEUTRAL, NEUTRAL));
        }
    }

    #[test]
    fn an_odd_side_gets_its_last_row_and_column_twice() {
        let mut planes = Planes::default();
        planes.fill_grey(3, 3, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(planes.luma, [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 7, 8, 9, 9]);
        let rgb: Vec<u8> = (1..=9).flat_map(|v| [v, v, v]).collect();
        planes.fill_rgb(3, 3, &rgb);
        assert_eq!(planes.luma, [1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9, 7, 8, 9, 9]);
    }

    #[test]
    fn a_grey_picture_after_a_colour_one_has_no_colour_left() {
        let mut planes = Planes::default();
        planes.fill_rgb(2, 2, &[255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0]);
        assert_ne!(planes.red[0], NEUTRAL);
        planes.fill_grey(2, 2, &[9; 4]);
        assert_eq!((planes.blue[0], planes.red[0]), (NEUTRAL, NEUTRAL));
    }

    proptest! {
        /// Rounding of luma by 1/2 and of each difference by 1/2 shifts a channel by at most 0.5 + 0.5 × 1.8556 + 0.5, which
        /// is below 2; colours outside the cube after rounding are clamped, which only brings them nearer.
        #[test]
        fn a_flat_colour_comes_back_within_two_levels(red: u8, green: u8, blue: u8) {
            let mut planes = Planes::default();
            planes.fill_rgb(2, 2, &[red, green, blue].repeat(4));
            let rgb = to_rgb(&decoded(planes));
            for (got, want) in rgb.iter().zip([red, green, blue].repeat(4)) {
                prop_assert!((i32::from(*got) - i32::from(want)).abs() <= 2, "{rgb:?}");
            }
        }
    }
}
