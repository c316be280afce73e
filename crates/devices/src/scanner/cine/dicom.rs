//! A recording that is a DICOM ultrasound file.

mod cut;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use dicom_object::mem::InMemElement;
use dicom_object::{DefaultDicomObject, InMemDicomObject, Tag};
use dicom_pixeldata::{PhotometricInterpretation, PixelDecoder};
use farprobe_geom::Metre;

use super::colour::{Channel, interleave, look_up, ybr_to_rgb};
use super::recording::{MOST_BYTES, Pixels, Recording, Scale, USUAL_FRAME_TIME};
use crate::{DeviceError, FileError, be_ordinary};

// Names and numbers of the attributes are those of DICOM PS3.6.
const FRAME_TIME: Tag = Tag(0x0018, 0x1063);
const FRAME_TIME_VECTOR: Tag = Tag(0x0018, 0x1065);
const CINE_RATE: Tag = Tag(0x0018, 0x0040);
const NUMBER_OF_FRAMES: Tag = Tag(0x0028, 0x0008);
const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
const PHOTOMETRIC_INTERPRETATION: Tag = Tag(0x0028, 0x0004);
const PLANAR_CONFIGURATION: Tag = Tag(0x0028, 0x0006);
const ROWS: Tag = Tag(0x0028, 0x0010);
const COLUMNS: Tag = Tag(0x0028, 0x0011);
const BITS_ALLOCATED: Tag = Tag(0x0028, 0x0100);
const PIXEL_DATA: Tag = Tag(0x7FE0, 0x0010);
const PALETTE_DESCRIPTORS: [Tag; 3] = [Tag(0x0028, 0x1101), Tag(0x0028, 0x1102), Tag(0x0028, 0x1103)];
const PALETTE_TABLES: [Tag; 3] = [Tag(0x0028, 0x1201), Tag(0x0028, 0x1202), Tag(0x0028, 0x1203)];
const SEQUENCE_OF_ULTRASOUND_REGIONS: Tag = Tag(0x0018, 0x6011);
const REGION_SPATIAL_FORMAT: Tag = Tag(0x0018, 0x6012);
const REGION_LOCATION: [Tag; 4] = [Tag(0x0018, 0x6018), Tag(0x0018, 0x601A), Tag(0x0018, 0x601C), Tag(0x0018, 0x601E)];
const PHYSICAL_UNITS: [Tag; 2] = [Tag(0x0018, 0x6024), Tag(0x0018, 0x6026)];
const PHYSICAL_DELTAS: [Tag; 2] = [Tag(0x0018, 0x602C), Tag(0x0018, 0x602E)];

/// The region format of a B-mode picture (PS3.3 C.8.5.5.1.1).
const FORMAT_2D: u16 = 1;
/// The physical unit "cm" (PS3.3 C.8.5.5.1.15).
const UNIT_CM: u16 = 3;
const RLE_LOSSLESS: &str = "1.2.840.10008.1.2.5";

/// Two scales are the same if they differ by less than this share: scanners round.
const SAME_SCALE: f64 = 0.01;

/// Reads and decodes `path`.
pub(super) fn load(path: &Path, name: String) -> Result<Recording, DeviceError> {
    let fail = |what: String| DeviceError::File { path: path.display().to_string(), what };
    // The readers below are others' and meet files of any maker: a panic of theirs is a file we can't play, and not our end.
    let read = || read(path, name);
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err("the file is damaged: its decoder gave up".into()))
        .map_err(fail)
}

fn read(path: &Path, name: String) -> Result<Recording, String> {
    let unreadable = |error: FileError| {
        format!("{error}: name a DICOM file or a folder of pictures that is there and that you may read")
    };
    be_ordinary(path).map_err(unreadable)?;
    let file = dicom_object::open_file(path).map_err(|error| match error {
        dicom_object::ReadError::OpenFile { source, .. } => unreadable(source.into()),
        error if says_it_is_dicom(path) => cut::complaint(path).unwrap_or_else(|| {
            format!("it is a DICOM file that is damaged or was cut short ({error}): copy or export it again")
        }),
        error => format!("it is neither a DICOM file nor a folder of pictures ({error})"),
    })?;
    let size = (number(&file, COLUMNS, "Columns")?, number(&file, ROWS, "Rows")?);
    let frames = decode(&file, path, size)?;
    Recording::assemble(name, size, frames, &times(&file)?, scale(&file, size))
}

/// Whether the file begins as DICOM files do: 128 bytes of anything, then `DICM` (DICOM PS3.10, 7.1).
fn says_it_is_dicom(path: &Path) -> bool {
    let mut start = [0; 132];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.ends_with(b"DICM")
}

fn number(object: &InMemDicomObject, tag: Tag, name: &str) -> Result<usize, String> {
    let value = object.get(tag).and_then(|element| element.to_int::<u16>().ok());
    value.map(usize::from).ok_or_else(|| format!("it has no pictures: {name} is missing"))
}

/// How many pictures the file says that it has.
fn frame_count(file: &InMemDicomObject) -> Result<u32, String> {
    let count = file.get(NUMBER_OF_FRAMES).map_or(Ok(1), InMemElement::to_int::<u32>);
    count.map_err(|_| "its NumberOfFrames is not a number".into())
}

/// Decodes all frames of the `file` at `path`.
fn decode(file: &DefaultDicomObject, path: &Path, (width, height): (usize, usize)) -> Result<Vec<Pixels>, String> {
    if number(file, BITS_ALLOCATED, "BitsAllocated")? != 8 {
        return Err("its pixels do not have 8 bits, as ultrasound pictures have".into());
    }
    let samples = number(file, SAMPLES_PER_PIXEL, "SamplesPerPixel")?;
    let count = frame_count(file)?;
    let bytes = width * height * samples;
    if usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(width * height) > MOST_BYTES {
        return Err(format!("{count} pictures of {width} x {height} pixels are too many: cut the recording"));
    }
    let colours = Colours::of(file, samples)?;
    let mut filled = 0;
    let mut frames = Vec::new();
    for index in 0..count {
        let unless_cut = |what: String| cut::complaint(path).unwrap_or(what);
        let decoded = file.decode_pixel_data_frame(index).map_err(|error| {
            let mut text = format!("picture {} of {count} can't be decoded: {error}", index + 1);
            if let Some(source) = std::error::Error::source(&error) {
                text = format!("{text}: {source}");
            }
            unless_cut(text)
        })?;
        if decoded.data().len() < bytes {
            return Err(unless_cut(format!("picture {} of {count} is cut short", index + 1)));
        }
        let pixels = colours.apply(&decoded.data()[..bytes]);
        filled += match &pixels {
            Pixels::Grey(data) | Pixels::Rgb(data) => data.len(),
        };
        if filled > MOST_BYTES {
            return Err("decoded it fills more than 512 MiB: cut the recording".into());
        }
        frames.push(pixels);
    }
    Ok(frames)
}

/// What a decoded pixel means.
#[derive(Debug)]
enum Colours {
    Grey,
    InvertedGrey,
    Palette(Box<[Channel; 3]>),
    Rgb,
    RgbPlanes,
    Ybr,
    YbrPlanes,
}

impl Colours {
    fn of(file: &DefaultDicomObject, samples: usize) -> Result<Self, String> {
        let text = file.get(PHOTOMETRIC_INTERPRETATION).and_then(|element| element.to_str().ok());
        let text = text.ok_or("it has no pictures: PhotometricInterpretation is missing")?;
        let planes = file.get(PLANAR_CONFIGURATION).and_then(|element| element.to_int::<u16>().ok()) == Some(1);
        let syntax = file.meta().transfer_syntax();
        let native = file.get(PIXEL_DATA).is_none_or(|element| element.value().fragments().is_none());
        match (PhotometricInterpretation::from(text.trim_end()), samples) {
            (PhotometricInterpretation::Monochrome1, 1) => Ok(Self::InvertedGrey),
            (PhotometricInterpretation::Monochrome2, 1) => Ok(Self::Grey),
            (PhotometricInterpretation::PaletteColor, 1) => Ok(Self::Palette(Box::new(palette(file)?))),
            // The JPEG decoder turns luminance and chrominance into RGB; nobody does so in the other cases.
            (PhotometricInterpretation::Rgb, 3) => Ok(if native && planes { Self::RgbPlanes } else { Self::Rgb }),
            (PhotometricInterpretation::YbrFull, 3) if native && planes => Ok(Self::YbrPlanes),
            (PhotometricInterpretation::YbrFull, 3) if native || syntax.trim_end_matches('\0') == RLE_LOSSLESS => {
                Ok(Self::Ybr)
            }
            (PhotometricInterpretation::YbrFull | PhotometricInterpretation::YbrFull422, 3) if !native => Ok(Self::Rgb),
            _ => Err(format!("its pixels are of a kind that is not played: {text} with {samples} samples")),
        }
    }

    fn apply(&self, data: &[u8]) -> Pixels {
        match self {
            Self::Grey => Pixels::Grey(data.to_vec()),
            Self::InvertedGrey => Pixels::Grey(data.iter().map(|level| !level).collect()),
            Self::Palette(palette) => Pixels::from_rgb(look_up(palette, data)),
            Self::Rgb => Pixels::from_rgb(data.to_vec()),
            Self::RgbPlanes => Pixels::from_rgb(interleave(data)),
            Self::Ybr | Self::YbrPlanes => {
                let mut data = if matches!(self, Self::Ybr) { data.to_vec() } else { interleave(data) };
                ybr_to_rgb(&mut data);
                Pixels::from_rgb(data)
            }
        }
    }
}

fn palette(file: &InMemDicomObject) -> Result<[Channel; 3], String> {
    let channel = |descriptor: Tag, table: Tag| {
        let numbers = file.get(descriptor).and_then(|element| element.to_multi_int::<i32>().ok());
        let numbers = numbers.and_then(|numbers| <[i32; 3]>::try_from(numbers).ok()).ok_or("its palette is missing")?;
        let bytes = file.get(table).and_then(|element| element.to_bytes().ok()).ok_or("its palette is missing")?;
        Channel::new(numbers.map(|number| number as u16), &bytes)
    };
    let [red, green, blue] = [0, 1, 2].map(|index| channel(PALETTE_DESCRIPTORS[index], PALETTE_TABLES[index]));
    Ok([red?, green?, blue?])
}

/// How long each frame is shown. The vector's first entry is 0 by the standard: each is the time since the frame before.
fn times(file: &InMemDicomObject) -> Result<Vec<Duration>, String> {
    let milliseconds = |value: f64| {
        Duration::try_from_secs_f64(value / 1000.0).map_err(|_| format!("a frame time of {value} ms is not believed"))
    };
    if let Some(vector) = file.get(FRAME_TIME_VECTOR).and_then(|element| element.to_multi_float64().ok())
        && vector.len() > 1
    {
        return vector.into_iter().skip(1).map(milliseconds).collect();
    }
    let value = |tag| file.get(tag).and_then(|element| element.to_float64().ok()).filter(|value| *value > 0.0);
    match (value(FRAME_TIME), value(CINE_RATE)) {
        (Some(time), _) => Ok(vec![milliseconds(time)?]),
        (None, Some(rate)) => Ok(vec![milliseconds(1000.0 / rate)?]),
        (None, None) => Ok(vec![USUAL_FRAME_TIME]),
    }
}

/// A B-mode region that knows its scale in cm.
#[derive(Debug, Clone, Copy)]
struct Region {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    /// Centimetres per pixel, across and down.
    delta: [f64; 2],
}

impl Region {
    fn of(item: &InMemDicomObject) -> Option<Self> {
        let int = |tag| item.get(tag)?.to_int::<u32>().ok();
        let is = |tag, value: u16| int(tag) == Some(u32::from(value));
        if !is(REGION_SPATIAL_FORMAT, FORMAT_2D) || !PHYSICAL_UNITS.iter().all(|tag| is(*tag, UNIT_CM)) {
            return None;
        }
        let [left, top, right, bottom] = REGION_LOCATION.map(int);
        let delta = PHYSICAL_DELTAS.map(|tag| item.get(tag).and_then(|element| element.to_float64().ok()));
        let [left, top, right, bottom] = [left?, top?, right?, bottom?].map(|edge| edge as f32);
        Some(Self { left, top, right, bottom, delta: [delta[0]?.abs(), delta[1]?.abs()] })
    }

    fn area(&self) -> f32 {
        (self.right - self.left).max(0.0) * (self.bottom - self.top).max(0.0)
    }
}

/// The scale of the largest B-mode region. The size of a pixel is told only if it is the same in both directions and in all
/// such regions: a ruler that is wrong in a part of the picture is worse than none.
///
/// A region that leaves the picture to the right and below belongs to a larger picture, of which this is a reduced copy with
/// the old numbers (such files exist): nothing in it is believed. One that leaves it on one side only was cut off.
fn scale(file: &InMemDicomObject, (width, height): (usize, usize)) -> Scale {
    let (width, height) = (width as f32, height as f32);
    let items = file.get(SEQUENCE_OF_ULTRASOUND_REGIONS).and_then(|element| element.items()).unwrap_or_default();
    let regions: Vec<Region> = items.iter().filter_map(Region::of).collect();
    let largest = regions.iter().max_by(|a, b| a.area().total_cmp(&b.area()));
    let Some(largest) = largest.filter(|region| region.right <= width || region.bottom <= height) else {
        return Scale { pixel: None, axis_column: width / 2.0, face_row: 0.0 };
    };
    let one = largest.delta[1];
    let same = |delta: f64| (delta - one).abs() <= SAME_SCALE * one;
    let agreed = one > 0.0 && regions.iter().flat_map(|region| region.delta).all(same);
    Scale {
        pixel: Metre::new(one / 100.0).ok().filter(|_| agreed),
        axis_column: f32::midpoint(largest.left, largest.right).min(width),
        face_row: largest.top.min(height),
    }
}

#[cfg(test)]
mod tests;
