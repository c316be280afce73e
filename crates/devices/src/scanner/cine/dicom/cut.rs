//! How much of its pictures is in a DICOM file that ends before they do.
//!
//! The readers only say that something can't be read. Here the file's bytes are looked at once more, by the book (PS3.5 7.1.2 and
//! A.4) and only as far as it takes to say what has become of the file.

use std::path::Path;

use dicom_object::OpenFileOptions;

use super::{BITS_ALLOCATED, COLUMNS, PIXEL_DATA, ROWS, SAMPLES_PER_PIXEL, frame_count, number};

/// The tag of the pixel data; behind it stands what it is made of, in two letters, and two zeros.
const PIXELS: [[u8; 8]; 2] = [[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0], [0xE0, 0x7F, 0x10, 0, b'O', b'W', 0, 0]];
/// The tag of an item of compressed pixel data.
const ITEM: [u8; 4] = [0xFE, 0xFF, 0x00, 0xE0];
/// The length of what has an end mark instead.
const UNTIL_ITS_END: u32 = u32::MAX;

/// The complaint about the file at `path` if it ends in the middle of its pictures; `None` if it does not, or if that can't be
/// said.
pub(super) fn complaint(path: &Path) -> Option<String> {
    let header = OpenFileOptions::new().read_until(PIXEL_DATA).open_file(path).ok()?;
    let of = |tag| number(&header, tag, "").ok();
    let picture = of(COLUMNS)? * of(ROWS)? * of(SAMPLES_PER_PIXEL)? * of(BITS_ALLOCATED)?.div_ceil(8);
    let count = frame_count(&header).ok()?;
    let whole = whole(&std::fs::read(path).ok()?, picture)?;
    Some(format!(
        "the file ends in the middle of its pictures: {} of {count} are whole. Copy or export it again",
        whole.min(usize::try_from(count).unwrap_or(usize::MAX))
    ))
}

/// How many pictures, of `picture` bytes if they are not compressed, there are in a `file` that ends in the middle of them; `None`
/// if it does not.
fn whole(file: &[u8], picture: usize) -> Option<usize> {
    // The last: small pictures for lists may stand before.
    let tag = file.windows(8).rposition(|bytes| PIXELS.iter().any(|pixels| bytes == pixels))?;
    let (length, mut rest) = length(&file[tag + 8..])?;
    if length != UNTIL_ITS_END {
        return if rest.len() < length as usize { rest.len().checked_div(picture) } else { None };
    }
    // The first item is a list of where pictures begin; each of the others is a picture, as nearly all makers have it.
    let mut items: usize = 0;
    while let Some(item) = rest.strip_prefix(&ITEM) {
        let next = self::length(item).and_then(|(length, after)| after.get(length as usize..));
        let Some(next) = next else { return Some(items.saturating_sub(1)) };
        (items, rest) = (items + 1, next);
    }
    // Here stands the mark of their end, or something else that is not the end of the file, or what is left of either.
    (rest.len() < 8).then(|| items.saturating_sub(1))
}

/// A length of four bytes, and what comes after it.
fn length(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*length), rest))
}
