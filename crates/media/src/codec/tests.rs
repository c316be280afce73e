//! The codec as a whole: what goes in against what comes out.

use proptest::prelude::*;

use super::*;
use crate::CodecError;
use crate::testing::{Speckle, psnr, real_clock, stamp};

const CONFIG: EncoderConfig = EncoderConfig { width: 320, height: 240, frame_rate: 30.0, bitrate: 2_000_000 };

fn encoder() -> Encoder {
    Encoder::new(CONFIG, real_clock()).unwrap()
}

fn grey(data: &[u8]) -> Image<'_> {
    Image::Grey { width: CONFIG.width, height: CONFIG.height, data }
}

#[test]
fn every_picture_comes_out_with_its_own_access_unit_and_its_own_stamp() {
    let (mut encoder, mut decoder) = (encoder(), Decoder::new().unwrap());
    let speckle = Speckle::new(CONFIG.width, CONFIG.height, 1);
    for number in 1..=30 {
        let source = speckle.grey(number);
        let unit = encoder.encode(&grey(&source), &stamp(number)).unwrap();
        assert_eq!(unit.kind == AccessUnitKind::Key, number == 1);
        let decoded = decoder.decode(&unit.data);
        assert_eq!(decoded.integrity, Integrity::Complete);
        assert_eq!(decoded.stamp.map(|stamp| stamp.number), Some(number));
        let picture = decoded.picture.expect("a picture is held back");
        // A decoder one picture late would still be near the source; against the right one speckle of this rate is above.
        assert!(psnr(&picture.luma, &source) > 28.0, "picture {number}: {:.1} dB", psnr(&picture.luma, &source));
        assert_eq!(picture.chroma, None);
    }
}

#[test]
fn grey_is_exact_in_range_and_without_bias() {
    let config = EncoderConfig { bitrate: 50_000_000, ..CONFIG };
    let (mut encoder, mut decoder) = (Encoder::new(config, real_clock()).unwrap(), Decoder::new().unwrap());
    // Steps of one level from black to white, 40 columns of 8 pixels: limited range would move them by up to 16.
    let source: Vec<u8> = (0..CONFIG.width * CONFIG.height)
        .map(|at| ((at / CONFIG.width) / 8 * 8 + (at % CONFIG.width) / 40).min(255) as u8)
        .collect();
    let mut picture = None;
    for number in 1..=10 {
        let unit = encoder.encode(&grey(&source), &stamp(number)).unwrap();
        picture = decoder.decode(&unit.data).picture;
    }
    let luma = picture.unwrap().luma;
    let differences: Vec<i32> = luma.iter().zip(&source).map(|(a, b)| i32::from(*a) - i32::from(*b)).collect();
    let worst = differences.iter().map(|d| d.abs()).max().unwrap();
    let bias = f64::from(differences.iter().sum::<i32>()) / differences.len() as f64;
    assert!(worst <= 4, "worst {worst}");
    assert!(bias.abs() < 0.1, "bias {bias}");
}

#[test]
fn colour_is_kept() {
    let (mut encoder, mut decoder) = (encoder(), Decoder::new().unwrap());
    // A Doppler box: red above, blue below, grey beside.
    let mut source = Vec::new();
    for y in 0..CONFIG.height {
        for x in 0..CONFIG.width {
            source.extend_from_slice(match (x < CONFIG.width / 2, y < CONFIG.height / 2) {
                (true, true) => &[220, 30, 20],
                (true, false) => &[20, 40, 210],
                (false, _) => &[90, 90, 90],
            });
        }
    }
    let image = Image::Rgb { width: CONFIG.width, height: CONFIG.height, data: &source };
    let unit = encoder.encode(&image, &stamp(1)).unwrap();
    let picture = decoder.decode(&unit.data).picture.unwrap();
    assert!(picture.chroma.is_some());
    let rgb = picture.to_rgb();
    for (x, y) in [(60, 60), (60, 180), (250, 120)] {
        let at = (y * CONFIG.width as usize + x) * 3;
        for channel in at..at + 3 {
            assert!((i32::from(rgb[channel]) - i32::from(source[channel])).abs() <= 6, "{:?}", &rgb[at..at + 3]);
        }
    }
}

#[test]
fn a_key_picture_comes_when_asked_for_and_starts_a_fresh_decoder() {
    let mut encoder = encoder();
    let source = Speckle::new(CONFIG.width, CONFIG.height, 2).grey(0);
    for number in 1..=5 {
        encoder.encode(&grey(&source), &stamp(number)).unwrap();
    }
    let delta = encoder.encode(&grey(&source), &stamp(6)).unwrap();
    assert_eq!(delta.kind, AccessUnitKind::Delta);
    assert_eq!(Decoder::new().unwrap().decode(&delta.data).picture, None);
    encoder.request_key_picture();
    let key = encoder.encode(&grey(&source), &stamp(7)).unwrap();
    assert_eq!(key.kind, AccessUnitKind::Key);
    let decoded = Decoder::new().unwrap().decode(&key.data);
    assert_eq!(decoded.integrity, Integrity::Complete);
    assert!(decoded.picture.is_some());
    assert_eq!(encoder.encode(&grey(&source), &stamp(8)).unwrap().kind, AccessUnitKind::Delta);
}

#[test]
fn a_new_size_starts_a_new_stream_the_same_decoder_follows() {
    let (mut encoder, mut decoder) = (encoder(), Decoder::new().unwrap());
    for (number, (width, height)) in [(320, 240), (160, 128), (161, 129), (320, 240)].into_iter().enumerate() {
        let source = Speckle::new(width, height, 3).grey(0);
        let unit = encoder.encode(&Image::Grey { width, height, data: &source }, &stamp(number as u64)).unwrap();
        assert_eq!(unit.kind, AccessUnitKind::Key);
        let picture = decoder.decode(&unit.data).picture.unwrap();
        assert_eq!((picture.width, picture.height), (width.next_multiple_of(2), height.next_multiple_of(2)));
    }
}

#[test]
fn the_bit_rate_follows_a_change() {
    let mut encoder = Encoder::new(EncoderConfig { bitrate: 600_000, ..CONFIG }, real_clock()).unwrap();
    let speckle = Speckle::new(CONFIG.width, CONFIG.height, 4);
    let bytes_of = |encoder: &mut Encoder, from: u64| -> usize {
        (from..from + 60).map(|n| encoder.encode(&grey(&speckle.grey(n)), &stamp(n)).unwrap().data.len()).sum()
    };
    let before = bytes_of(&mut encoder, 1);
    encoder.set_bitrate(150_000).unwrap();
    let after = bytes_of(&mut encoder, 61);
    assert!(after * 2 < before, "{before} then {after}");
    assert!(matches!(encoder.set_bitrate(1), Err(CodecError::Configuration(_))));
}

#[test]
fn a_lost_picture_is_concealed_until_the_next_key_picture() {
    let (mut encoder, mut decoder) = (encoder(), Decoder::new().unwrap());
    let speckle = Speckle::new(CONFIG.width, CONFIG.height, 5);
    let mut worst: f64 = f64::MAX;
    for number in 1..=12_u64 {
        if number == 10 {
            encoder.request_key_picture();
        }
        let source = speckle.grey(number);
        let unit = encoder.encode(&grey(&source), &stamp(number)).unwrap();
        if number == 6 {
            continue; // Lost on the way.
        }
        let decoded = decoder.decode(&unit.data);
        let picture = decoded.picture.expect("a picture after a loss, concealed");
        if (7..10).contains(&number) {
            worst = worst.min(psnr(&picture.luma, &source));
        }
        if number == 7 {
            assert_eq!(decoded.integrity, Integrity::Concealed);
        }
        if number >= 10 {
            assert_eq!(decoded.integrity, Integrity::Complete);
            assert!(psnr(&picture.luma, &source) > 28.0);
        }
    }
    assert!(worst > 12.0, "concealment shows something else altogether: {worst:.1} dB");
}

#[test]
fn the_codec_was_built_with_its_assembler() {
    assert!(raw::has_assembler(), "{}", CodecError::NoAssembler);
}

#[test]
fn senseless_configurations_are_refused() {
    for config in [
        EncoderConfig { width: 0, ..CONFIG },
        EncoderConfig { height: 5000, ..CONFIG },
        EncoderConfig { frame_rate: 0.0, ..CONFIG },
        EncoderConfig { frame_rate: f32::NAN, ..CONFIG },
        EncoderConfig { bitrate: 0, ..CONFIG },
        EncoderConfig { bitrate: u32::MAX, ..CONFIG },
    ] {
        assert!(Encoder::new(config, real_clock()).is_err(), "{config:?}");
    }
}

/// Feeds `garbage`, a key picture with one byte changed, and the garbage in a frame; whether the next key picture is shown.
fn heals(garbage: &[u8], at: usize, with: u8) -> bool {
    let (mut encoder, mut decoder) = (encoder(), Decoder::new().unwrap());
    let source = Speckle::new(CONFIG.width, CONFIG.height, 6).grey(0);
    let mut unit = encoder.encode(&grey(&source), &stamp(1)).unwrap().data.to_vec();
    decoder.decode(garbage);
    let place = at % unit.len();
    unit[place] = with;
    decoder.decode(&unit);
    let mut framed = nal::START_CODE.to_vec();
    framed.extend_from_slice(garbage);
    decoder.decode(&framed);
    encoder.request_key_picture();
    let key = encoder.encode(&grey(&source), &stamp(2)).unwrap();
    decoder.decode(&key.data).picture.is_some()
}

#[test]
fn garbage_that_once_kept_key_pictures_from_showing_does_no_longer() {
    let garbage = [
        110, 82, 16, 44, 40, 17, 16, 101, 217, 42, 66, 14, 76, 66, 242, 192, 163, 248, 82, 126, 73, 27, 142, 203, 165,
        77, 68, 239, 45, 218, 27, 51, 5, 50, 216, 22, 203, 81, 121, 206, 197, 132, 106, 18, 65, 25, 11, 67, 154, 78,
        87, 161, 51, 72, 219, 87, 149, 83, 86, 131, 239, 160, 187, 122, 204, 85, 25, 175, 175, 203, 41, 131, 142, 58,
        34, 238, 244, 69, 238, 204, 255, 165, 106, 251, 40, 113, 89, 5, 26, 186, 104, 41, 174, 159, 233, 158, 127, 39,
        242, 227, 121, 157, 188,
    ];
    assert!(heals(&garbage, 2_571, 243));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_gives_no_harm_and_the_next_key_picture_heals(
        garbage in proptest::collection::vec(any::<u8>(), 0..400),
        at in 0_usize..4000,
        with: u8,
    ) {
        prop_assert!(heals(&garbage, at, with));
    }
}
