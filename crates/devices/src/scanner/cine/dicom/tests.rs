use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::PixelFormat;

const EXPLICIT_LE: &str = "1.2.840.10008.1.2.1";
const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";

/// Writes one element in explicit little endian, by the book (PS3.5 7.1.2) and not by the library under test.
fn element(out: &mut Vec<u8>, Tag(group, number): Tag, vr: &str, value: &[u8]) {
    out.extend(group.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend(vr.as_bytes());
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(if matches!(vr, "OB" | "UI") { 0 } else { b' ' });
    }
    if matches!(vr, "OB" | "OW" | "SQ") {
        out.extend([0, 0]);
        out.extend((value.len() as u32).to_le_bytes());
    } else {
        out.extend((value.len() as u16).to_le_bytes());
    }
    out.extend(value);
}

fn us(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A file in the making: elements by tag, so that they come out in order.
struct File {
    syntax: &'static str,
    elements: std::collections::BTreeMap<(u16, u16), (&'static str, Vec<u8>)>,
    fragments: Vec<Vec<u8>>,
}

impl File {
    fn new(syntax: &'static str, photometric: &str, samples: u16, (width, height): (u16, u16), frames: u32) -> Self {
        let file = Self { syntax, elements: std::collections::BTreeMap::new(), fragments: Vec::new() };
        file.with(PHOTOMETRIC_INTERPRETATION, "CS", photometric.as_bytes())
            .with(SAMPLES_PER_PIXEL, "US", &us(&[samples]))
            .with(ROWS, "US", &us(&[height]))
            .with(COLUMNS, "US", &us(&[width]))
            .with(BITS_ALLOCATED, "US", &us(&[8]))
            .with(Tag(0x0028, 0x0101), "US", &us(&[8]))
            .with(Tag(0x0028, 0x0102), "US", &us(&[7]))
            .with(Tag(0x0028, 0x0103), "US", &us(&[0]))
            .with(NUMBER_OF_FRAMES, "IS", frames.to_string().as_bytes())
    }

    fn with(mut self, tag: Tag, vr: &'static str, value: &[u8]) -> Self {
        self.elements.insert((tag.0, tag.1), (vr, value.to_vec()));
        self
    }

    fn native(self, pixels: &[u8]) -> Self {
        self.with(Tag(0x7FE0, 0x0010), "OB", pixels)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut meta = Vec::new();
        element(&mut meta, Tag(2, 1), "OB", &[0, 1]);
        element(&mut meta, Tag(2, 2), "UI", b"1.2.840.10008.5.1.4.1.1.3.1");
        element(&mut meta, Tag(2, 3), "UI", b"2.25.1");
        element(&mut meta, Tag(2, 0x10), "UI", self.syntax.as_bytes());
        element(&mut meta, Tag(2, 0x12), "UI", b"2.25.2");
        let mut out = vec![0; 128];
        out.extend(b"DICM");
        element(&mut out, Tag(2, 0), "UL", &(meta.len() as u32).to_le_bytes());
        out.extend(meta);
        for ((group, number), (vr, value)) in &self.elements {
            element(&mut out, Tag(*group, *number), vr, value);
        }
        if !self.fragments.is_empty() {
            out.extend([0xE0, 0x7F, 0x10, 0x00, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
            out.extend([0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0, 0]);
            for fragment in &self.fragments {
                let mut fragment = fragment.clone();
                fragment.resize(fragment.len().next_multiple_of(2), 0);
                out.extend([0xFE, 0xFF, 0x00, 0xE0]);
                out.extend((fragment.len() as u32).to_le_bytes());
                out.extend(fragment);
            }
            out.extend([0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
        }
        out
    }

    fn load(&self) -> Result<Recording, DeviceError> {
        load_bytes(&self.bytes())
    }

    fn complaint(&self) -> String {
        self.load().unwrap_err().to_string()
    }
}

fn load_bytes(bytes: &[u8]) -> Result<Recording, DeviceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heart.dcm");
    std::fs::write(&path, bytes).unwrap();
    load(&path, "heart".into())
}

fn region(kind: u16, delta: [f64; 2], location: [u32; 4]) -> Vec<u8> {
    let mut item = Vec::new();
    element(&mut item, REGION_SPATIAL_FORMAT, "US", &us(&[kind]));
    for (tag, value) in REGION_LOCATION.into_iter().zip(location) {
        element(&mut item, tag, "UL", &value.to_le_bytes());
    }
    for tag in PHYSICAL_UNITS {
        element(&mut item, tag, "US", &us(&[UNIT_CM]));
    }
    for (tag, value) in PHYSICAL_DELTAS.into_iter().zip(delta) {
        element(&mut item, tag, "FD", &value.to_le_bytes());
    }
    let mut out = vec![0xFE, 0xFF, 0x00, 0xE0];
    out.extend((item.len() as u32).to_le_bytes());
    out.extend(item);
    out
}

#[test]
fn uncompressed_grey_stays_exact_with_its_own_pace_and_scale() {
    let pixels: Vec<u8> = (0..32).collect();
    let file = File::new(EXPLICIT_LE, "MONOCHROME2", 1, (4, 4), 2)
        .with(FRAME_TIME, "DS", b"40.5")
        .with(SEQUENCE_OF_ULTRASOUND_REGIONS, "SQ", &region(1, [0.05, 0.05], [0, 1, 4, 3]))
        .native(&pixels);
    let made = file.load().unwrap();
    assert_eq!((made.format, made.name.as_str()), (PixelFormat::Grey, "heart"));
    assert_eq!(made.frames, [pixels[..16].to_vec(), pixels[16..].to_vec()]);
    assert_eq!(made.times, [Duration::from_micros(40_500); 2]);
    assert_eq!(made.geometry.pixel, Some(Metre::literal(0.0005)));
    assert_eq!((made.geometry.axis_column, made.geometry.face_row), (2.0, 1.0));
}

#[test]
fn regions_that_disagree_leave_the_scale_unknown() {
    let scale = |regions: &[Vec<u8>]| {
        let file = File::new(EXPLICIT_LE, "MONOCHROME2", 1, (4, 4), 1)
            .with(SEQUENCE_OF_ULTRASOUND_REGIONS, "SQ", &regions.concat())
            .native(&[0; 16]);
        file.load().unwrap().geometry.pixel
    };
    let (bmode, finer) = (region(1, [0.05, 0.05], [0, 0, 4, 4]), region(1, [0.02, 0.02], [0, 0, 1, 1]));
    let doppler = region(3, [0.01, 0.2], [0, 0, 4, 4]);
    assert_eq!(scale(&[bmode.clone(), bmode.clone(), doppler]), Some(Metre::literal(0.0005)));
    assert_eq!(scale(&[bmode, finer]), None);
    assert_eq!(scale(&[region(1, [0.05, 0.06], [0, 0, 4, 4])]), None, "pixels that are not square");
    assert_eq!(scale(&[region(1, [0.05, 0.05], [0, 0, 8, 8])]), None, "a reduced copy");
    assert_eq!(scale(&[region(1, [0.05, 0.05], [0, 0, 4, 8])]), Some(Metre::literal(0.0005)), "cut off below");
    assert_eq!(scale(&[region(1, [0.0, 0.0], [0, 0, 4, 4])]), None);
}

#[test]
fn frame_times_come_from_the_vector_or_the_rate() {
    let file = || File::new(EXPLICIT_LE, "MONOCHROME2", 1, (2, 2), 3).native(&[0; 12]);
    let times = |file: File| file.load().unwrap().times.iter().map(Duration::as_millis).collect::<Vec<_>>();
    assert_eq!(times(file().with(FRAME_TIME_VECTOR, "DS", b"0\\20\\30")), [20, 30, 30]);
    assert_eq!(times(file().with(CINE_RATE, "IS", b"25")), [40, 40, 40]);
    assert_eq!(times(file()), [33, 33, 33]);
    assert!(file().with(FRAME_TIME, "DS", b"90000").complaint().contains("not believed"));
}

#[test]
fn colour_keeps_its_colour_in_every_way_it_is_stored() {
    let size = (2, 1);
    let rgb = vec![255, 0, 0, 0, 0, 255];
    let planes = [255, 0, 0, 0, 0, 255];
    let pixels = |file: File| file.load().unwrap().frames[0][..6].to_vec();
    let new = |photometric| File::new(EXPLICIT_LE, photometric, 3, size, 1);
    assert_eq!(pixels(new("RGB").native(&rgb)), rgb);
    assert_eq!(pixels(new("RGB").with(PLANAR_CONFIGURATION, "US", &us(&[1])).native(&planes)), rgb);
    let ybr = pixels(new("YBR_FULL").native(&[76, 85, 255, 29, 255, 107]));
    assert!(ybr.iter().zip(&rgb).all(|(a, b)| a.abs_diff(*b) <= 1), "{ybr:?}");
    let palette = File::new(EXPLICIT_LE, "PALETTE COLOR", 1, size, 1);
    let palette = (0..3).fold(palette.native(&[1, 2]), |file, channel| {
        let mut table = [0_u8; 6];
        table[3] = rgb[channel];
        table[5] = rgb[3 + channel];
        file.with(PALETTE_DESCRIPTORS[channel], "US", &us(&[3, 0, 16])).with(PALETTE_TABLES[channel], "OW", &table)
    });
    assert_eq!(pixels(palette), rgb);
}

#[test]
fn inverted_grey_is_turned_round_and_grey_in_colour_becomes_grey() {
    let file = File::new(EXPLICIT_LE, "MONOCHROME1", 1, (2, 2), 1).native(&[0, 255, 1, 2]);
    assert_eq!(file.load().unwrap().frames[0], [255, 0, 254, 253]);
    let file = File::new(EXPLICIT_LE, "YBR_FULL", 3, (2, 2), 1).native(&[9, 128, 128].repeat(4));
    let made = file.load().unwrap();
    assert_eq!((made.format, &made.frames[0]), (PixelFormat::Grey, &vec![9; 4]));
}

fn jpeg(size: u32, colour: [u8; 3]) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(size, size, image::Rgb(colour)).write_to(&mut out, image::ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

#[test]
fn jpeg_frames_come_one_by_one_in_their_colours() {
    let mut file = File::new(JPEG_BASELINE, "YBR_FULL_422", 3, (16, 16), 2);
    file.fragments = vec![jpeg(16, [200, 40, 40]), jpeg(16, [40, 40, 200])];
    let made = file.load().unwrap();
    let close = |pixel: &[u8], colour: [u8; 3]| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 4);
    assert_eq!(made.format, PixelFormat::Rgb);
    assert!(close(&made.frames[0][..3], [200, 40, 40]), "{:?}", &made.frames[0][..3]);
    assert!(close(&made.frames[1][765..768], [40, 40, 200]), "{:?}", &made.frames[1][765..]);
}

#[test]
fn run_lengths_are_unpacked() {
    // Three segments, each of one run of four: the header says how many there are and where each begins.
    let mut fragment: Vec<u8> = [3_u32, 64, 66, 68].iter().flat_map(|value| value.to_le_bytes()).collect();
    fragment.resize(64, 0);
    fragment.extend([0xFD, 10, 0xFD, 20, 0xFD, 30]);
    let mut file = File::new(RLE_LOSSLESS, "RGB", 3, (2, 2), 1);
    file.fragments = vec![fragment];
    assert_eq!(file.load().unwrap().frames[0], [10, 20, 30].repeat(4));
}

#[test]
fn what_can_not_be_played_is_told_in_words() {
    let file = |photometric| File::new(EXPLICIT_LE, photometric, 1, (2, 2), 1);
    assert!(file("MONOCHROME2").complaint().contains("picture 1 of 1"));
    assert!(file("MONOCHROME2").native(&[0; 2]).complaint().contains("picture 1 of 1"));
    assert!(file("PALETTE COLOR").native(&[0; 4]).complaint().contains("palette"));
    assert!(file("HSV").native(&[0; 4]).complaint().contains("HSV"));
    assert!(file("MONOCHROME2").with(BITS_ALLOCATED, "US", &us(&[16])).native(&[0; 8]).complaint().contains("8 bits"));
    assert!(
        file("MONOCHROME2")
            .with(NUMBER_OF_FRAMES, "IS", b"2000000000")
            .native(&[0; 4])
            .complaint()
            .contains("too many")
    );
    let mut wavelets = File::new(JPEG_2000, "MONOCHROME2", 1, (2, 2), 1);
    wavelets.fragments = vec![vec![0; 8]];
    assert!(wavelets.complaint().contains(JPEG_2000), "{}", wavelets.complaint());
    assert!(load_bytes(b"not a recording").unwrap_err().to_string().contains("neither a DICOM file nor a folder"));
    let cut_short = [[0; 128].as_slice(), b"DICM\x02\x00"].concat();
    assert!(load_bytes(&cut_short).unwrap_err().to_string().contains("damaged or was cut short"));
    let nowhere = load(Path::new("no/such/file.dcm"), "nothing".into()).unwrap_err().to_string();
    assert!(nowhere.starts_with("no/such/file.dcm: ") && nowhere.contains("name a DICOM file"), "{nowhere}");
}

#[test]
fn a_file_that_ends_in_the_middle_of_its_pictures_says_how_many_are_whole() {
    let ends = |bytes: &[u8]| load_bytes(bytes).unwrap_err().to_string();
    let tells = |said: &str, whole: usize, all: usize| {
        let words = format!("heart.dcm: the file ends in the middle of its pictures: {whole} of {all} are whole. Copy");
        assert!(said.contains(&words), "{said}");
    };
    let grey = File::new(EXPLICIT_LE, "MONOCHROME2", 1, (4, 4), 3).native(&[7; 48]).bytes();
    tells(&ends(&grey[..grey.len() - 1]), 2, 3);
    tells(&ends(&grey[..grey.len() - 48]), 0, 3);
    let mut file = File::new(JPEG_BASELINE, "YBR_FULL_422", 3, (16, 16), 3);
    file.fragments = vec![jpeg(16, [200, 40, 40]), jpeg(16, [40, 40, 200]), jpeg(16, [40, 200, 40])];
    let jpegs = file.bytes();
    let item = |index: usize| 8 + file.fragments[index].len().next_multiple_of(2);
    let third = jpegs.len() - 8 - item(2);
    let second = third - item(1);
    // In the second, between the two, in the third's tag, and in the third.
    for (end, whole) in [(second + 20, 1), (third, 2), (third + 6, 2), (third + 20, 2)] {
        tells(&ends(&jpegs[..end]), whole, 3);
    }
    // Damaged in the middle, and whole to its end: another thing.
    let mut damaged = jpegs.clone();
    damaged[second + 8..second + 16].fill(0);
    let said = ends(&damaged);
    assert!(said.contains("picture 2 of 3 can't be decoded"), "{said}");
}

#[test]
fn a_jpeg_larger_than_the_file_says_is_refused() {
    let mut file = File::new(JPEG_BASELINE, "YBR_FULL_422", 3, (8, 8), 1);
    file.fragments = vec![jpeg(32, [1, 2, 3])];
    file.complaint();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_makes_us_panic(at in 132_usize..2000, byte: u8, cut in 0_usize..4000) {
        let mut file = File::new(JPEG_BASELINE, "YBR_FULL_422", 3, (16, 16), 1);
        file.fragments = vec![jpeg(16, [200, 40, 40])];
        let mut bytes = file.bytes();
        bytes.truncate(cut.max(140));
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        let _ = load_bytes(&bytes);
    }
}
