//! A recording that is a folder of pictures.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::time::Duration;

use farprobe_geom::Metre;
use image::{DynamicImage, ImageError, ImageReader, Limits};
use serde::Deserialize;

use super::recording::{LARGEST_SIDE, MOST_BYTES, Pixels, Recording, Scale, USUAL_FRAME_TIME};
use crate::{DeviceError, be_ordinary, read_text};

/// The file beside the pictures that says how fast they follow each other and how large they are.
const SIDECAR: &str = "cine.toml";

/// What `cine.toml` may say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sidecar {
    /// Time of a picture, ms.
    frame_time_ms: Option<f64>,
    /// Size of a pixel, mm.
    mm_per_pixel: Option<f64>,
}

/// Reads all PNG, JPEG and BMP files of `folder` in the order of their names, hidden ones left out.
pub(super) fn load(folder: &Path, name: String) -> Result<Recording, DeviceError> {
    let fail = |path: &Path, what: String| DeviceError::File { path: path.display().to_string(), what };
    let sidecar = sidecar(folder)?;
    let mut size = None;
    let mut bytes = 0;
    let mut frames = Vec::new();
    for path in pictures(folder)? {
        let (this, pixels) = decode(&path).map_err(|what| fail(&path, what))?;
        let (width, height) = *size.get_or_insert(this);
        if this != (width, height) {
            let what = format!(
                "it is of {} x {} pixels and the pictures before it of {width} x {height}: put pictures of one size into \
                 the folder",
                this.0, this.1
            );
            return Err(fail(&path, what));
        }
        bytes += match &pixels {
            Pixels::Grey(data) | Pixels::Rgb(data) => data.len(),
        };
        if bytes > MOST_BYTES {
            return Err(fail(folder, "the pictures fill more than 512 MiB: leave some out".into()));
        }
        frames.push(pixels);
    }
    let Some((width, height)) = size else {
        return Err(fail(folder, "there is no PNG, JPEG or BMP picture in this folder".into()));
    };
    let scale = Scale { pixel: sidecar.1, axis_column: width as f32 / 2.0, face_row: 0.0 };
    Recording::assemble(name, (width, height), frames, &[sidecar.0], scale).map_err(|what| fail(folder, what))
}

/// The time of a picture and the size of a pixel.
fn sidecar(folder: &Path) -> Result<(Duration, Option<Metre>), DeviceError> {
    let path = folder.join(SIDECAR);
    let fail = |what: String| DeviceError::File { path: path.display().to_string(), what };
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) if error.is_not_found() => return Ok((USUAL_FRAME_TIME, None)),
        Err(error) => return Err(fail(error.to_string())),
    };
    let sidecar: Sidecar = toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        fail(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
    })?;
    let time = match sidecar.frame_time_ms {
        None => USUAL_FRAME_TIME,
        Some(ms) => Duration::try_from_secs_f64(ms / 1000.0)
            .map_err(|_| fail(format!("frame_time_ms is {ms}; choose milliseconds from 5 to 2000")))?,
    };
    let pixel = match sidecar.mm_per_pixel {
        None => None,
        Some(mm) if mm > 0.0 && mm < 10.0 => Metre::new(mm / 1000.0).ok(),
        Some(mm) => return Err(fail(format!("mm_per_pixel is {mm}; choose a number above 0 and below 10"))),
    };
    Ok((time, pixel))
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>, DeviceError> {
    let fail = |error: std::io::Error| DeviceError::File {
        path: folder.display().to_string(),
        what: format!("{error}: name a folder that you may read"),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        // A Mac leaves `._a.png` beside `a.png` on foreign disks, with the file's attributes in it and no picture.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
        if matches!(extension.as_deref(), Some("png" | "jpg" | "jpeg" | "bmp")) {
            paths.push(path);
        }
    }
    paths.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
    Ok(paths)
}

/// The order in which people number files: `frame2` is before `frame10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (run_a, run_b) = (run(a), run(b));
        if run_a.is_empty() || run_b.is_empty() {
            return run_a.len().cmp(&run_b.len());
        }
        let order = if is_number(run_a) && is_number(run_b) {
            let (x, y) = (run_a.trim_start_matches('0'), run_b.trim_start_matches('0'));
            x.len().cmp(&y.len()).then_with(|| x.cmp(y)).then_with(|| run_a.len().cmp(&run_b.len()))
        } else {
            run_a.cmp(run_b)
        };
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (&a[run_a.len()..], &b[run_b.len()..]);
    }
}

/// The digits at the beginning, or all that is before the next digit.
fn run(text: &str) -> &str {
    let digits = is_number(text);
    let end = text.find(|letter: char| letter.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
}

fn is_number(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit())
}

fn decode(path: &Path) -> Result<((usize, usize), Pixels), String> {
    be_ordinary(path).map_err(|error| error.to_string())?;
    let mut reader = ImageReader::open(path).map_err(|error| error.to_string())?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE as u32);
    limits.max_image_height = Some(LARGEST_SIDE as u32);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => format!("it is more than {LARGEST_SIDE} pixels wide or high: make it smaller"),
        error => format!("{error}: save it again as PNG, JPEG or BMP, or take it out of the folder"),
    })?;
    let size = (picture.width() as usize, picture.height() as usize);
    let pixels = match picture {
        DynamicImage::ImageLuma8(grey) => Pixels::Grey(grey.into_raw()),
        DynamicImage::ImageLuma16(_) | DynamicImage::ImageRgb16(_) | DynamicImage::ImageRgba16(_) => {
            return Err("its pixels have 16 bits: save it with 8".into());
        }
        other => Pixels::from_rgb(other.into_rgb8().into_raw()),
    };
    Ok((size, pixels))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{GrayImage, RgbImage};

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["f10.png", "f9.png", "f1b.png", "f01.png", "a.png", "f1.png", ""];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["", "a.png", "f1.png", "f1b.png", "f01.png", "f9.png", "f10.png"]);
    }

    #[test]
    fn grey_pictures_stay_exact_and_the_sidecar_gives_their_scale() {
        let folder = tempfile::tempdir().unwrap();
        for (name, level) in [("p10.png", 200), ("p9.png", 100)] {
            GrayImage::from_pixel(5, 4, image::Luma([level])).save(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join(SIDECAR), "frame_time_ms = 40\nmm_per_pixel = 0.5\n").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "no picture").unwrap();
        let made = load(folder.path(), "liver".into()).unwrap();
        assert_eq!((made.geometry.width, made.geometry.height), (6, 4));
        assert_eq!(made.frames[0][..6], [100, 100, 100, 100, 100, 0]);
        assert_eq!(made.frames[1][0], 200);
        assert_eq!(made.times, [Duration::from_millis(40); 2]);
        assert_eq!(made.geometry.pixel, Some(Metre::literal(0.0005)));
    }

    #[test]
    fn a_folder_that_can_not_be_played_says_which_file_and_why() {
        let folder = tempfile::tempdir().unwrap();
        let complaint = |folder: &Path| load(folder, "x".into()).unwrap_err().to_string();
        assert!(complaint(folder.path()).contains("no PNG"));
        RgbImage::new(4, 4).save(folder.path().join("a.png")).unwrap();
        RgbImage::new(4, 6).save(folder.path().join("b.png")).unwrap();
        let text = complaint(folder.path());
        assert!(text.contains("b.png") && text.contains("one size"), "{text}");
        std::fs::write(folder.path().join(SIDECAR), "mm_per_pixel = 1\nfps = 40").unwrap();
        let text = complaint(folder.path());
        assert!(text.contains("cine.toml: line 2: unknown field `fps`") && !text.contains('\n'), "{text}");
        std::fs::write(folder.path().join(SIDECAR), "frame_time_ms = -1").unwrap();
        assert!(complaint(folder.path()).contains("frame_time_ms"));
        std::fs::write(folder.path().join(SIDECAR), "").unwrap();
        std::fs::write(folder.path().join("._a.png"), "what a Mac leaves").unwrap();
        std::fs::write(folder.path().join("b.png"), "not a picture").unwrap();
        let text = complaint(folder.path());
        assert!(text.contains("b.png") && text.contains("or take it out of the folder"), "{text}");
        GrayImage::new(LARGEST_SIDE as u32 + 1, 1).save(folder.path().join("b.png")).unwrap();
        let text = complaint(folder.path());
        assert!(text.contains("b.png: it is more than 4096 pixels wide or high: make it smaller"), "{text}");
        // Pipes and devices are refused in the same way.
        std::fs::remove_file(folder.path().join("b.png")).unwrap();
        std::fs::create_dir(folder.path().join("b.png")).unwrap();
        let text = complaint(folder.path());
        assert!(text.contains("b.png: it is a folder"), "{text}");
        std::fs::remove_file(folder.path().join(SIDECAR)).unwrap();
        std::fs::create_dir(folder.path().join(SIDECAR)).unwrap();
        let text = complaint(folder.path());
        assert!(text.contains("cine.toml: it is a folder"), "{text}");
    }
}
