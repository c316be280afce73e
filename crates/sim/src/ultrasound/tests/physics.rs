//! Attenuation, shadow, enhancement, contact, compression, and the operator's controls.

use farprobe_geom::Metre;
use proptest::prelude::*;

use super::*;
use crate::ultrasound::contact::Contact;
use crate::ultrasound::speckle::Speckle;

/// Ratio of two amplitudes, dB.
fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

const MIDDLE: usize = LINES / 2;

#[test]
fn echoes_fade_as_the_tissue_attenuates() {
    let settings = Settings::default();
    for tissue in [Tissue::Phantom, Tissue::Cortex, Tissue::Spleen] {
        let mut scanner = phantom(vec![ball(0.11, 0.5, tissue)], 1);
        shoot(&mut scanner, &pressed_at(0.0), &settings);
        let [near, far] = [0.05, 0.10].map(|depth| {
            let first = sample_at(&settings, depth);
            level(&scanner, 20..LINES - 20, first..first + 60)
        });
        let excess = echo_loss_db_per_m(tissue.acoustics().attenuation - COMPENSATED_ATTENUATION) * 0.05;
        assert!((db(near / far) - f64::from(excess)).abs() < 1.0, "{tissue:?}: {} {excess}", db(near / far));
    }
}

#[test]
fn fluid_is_black_and_what_lies_behind_is_brighter() {
    let settings = Settings::default();
    let mut scanner = phantom(vec![ball(0.06, 0.010, Tissue::Bile)], 2);
    shoot(&mut scanner, &pressed_at(0.0), &settings);
    let inside = sample_at(&settings, 0.059)..sample_at(&settings, 0.062);
    let behind = sample_at(&settings, 0.080)..sample_at(&settings, 0.100);
    let (lines, beside) = (MIDDLE - 5..MIDDLE + 6, MIDDLE - 70..MIDDLE - 30);
    let black = db(level(&scanner, lines.clone(), inside.clone()) / level(&scanner, beside.clone(), inside));
    assert!(black < -25.0, "{black}");
    let gain = db(level(&scanner, lines, behind.clone()) / level(&scanner, beside, behind));
    let expected = f64::from(echo_loss_db_per_m(COMPENSATED_ATTENUATION - Tissue::Bile.acoustics().attenuation) * 0.02);
    assert!((gain - expected).abs() < 1.5, "{gain} {expected}");
}

#[test]
fn stone_bone_and_gas_cast_a_shadow() {
    let settings = Settings::default();
    // Gas has a dirty shadow: its haze, lifted by the gain for depth, has not quite gone, and it comes back at twice its depth, 88 mm, which is left out.
    for (tissue, dark_db) in [(Tissue::Stone, -30.0), (Tissue::Bone, -30.0), (Tissue::Gas, -15.0)] {
        let mut scanner = phantom(vec![ball(0.05, 0.006, tissue)], 3);
        shoot(&mut scanner, &pressed_at(0.0), &settings);
        let behind = sample_at(&settings, 0.095)..sample_at(&settings, 0.115);
        let dark = level(&scanner, MIDDLE - 3..MIDDLE + 4, behind.clone());
        let bright = level(&scanner, MIDDLE - 70..MIDDLE - 30, behind);
        assert!(db(dark / bright) < dark_db, "{tissue:?}: {}", db(dark / bright));
    }
}

#[test]
fn a_smooth_border_is_brightest_where_it_is_met_at_right_angles() {
    let settings = Settings::default();
    let border = Organ { border: 10.0, ..ball(0.08, 0.025, Tissue::Phantom) };
    let mut scanner = phantom(vec![border], 4);
    shoot(&mut scanner, &pressed_at(0.0), &settings);
    // The loudest sample of each line near the front of the ball.
    let loudest = |line: usize| {
        let samples = sample_at(&settings, 0.045)..sample_at(&settings, 0.080);
        samples.map(|sample| flat_envelope(&scanner, line, sample)).fold(0.0, f64::max)
    };
    let mean = |lines: std::ops::Range<usize>| {
        let count = lines.len() as f64;
        lines.map(loudest).sum::<f64>() / count
    };
    // 20 lines beside the axis the ball's front is tilted by about 30° to the line.
    let (straight, oblique) = (mean(MIDDLE - 3..MIDDLE + 4), mean(MIDDLE + 17..MIDDLE + 24));
    assert!(straight > 1.5 * oblique, "{straight} {oblique}");
}

#[test]
fn in_the_air_the_picture_is_bright_at_the_face_and_dark_below() {
    let settings = Settings::default();
    let mut scanner = BMode::new(still_body(), 5);
    let air = ProbeView { tip: probe_at(0.05, 0.05), force: Newton::ZERO };
    let shot = shoot(&mut scanner, &air, &settings);
    assert!(shot.mean(0.0, 0.006, 0.003) > 80.0);
    for depth in [0.05, 0.08, 0.12] {
        assert!(shot.mean(0.0, depth, 0.01) < 8.0, "{depth}");
    }
}

#[test]
fn a_light_touch_couples_the_middle_of_the_face_and_a_firm_one_all_of_it() {
    let mut scanner = phantom(Vec::new(), 6);
    let mut bright = |force: f64| {
        let view = ProbeView { tip: probe_at(0.0, -force * 1e-4), force: Newton::literal(force) };
        let shot = shoot(&mut scanner, &view, &Settings::default());
        [0.0, 0.065].map(|x| shot.mean(x, 0.07, 0.006) > 60.0)
    };
    assert_eq!(bright(1.0), [true, false]);
    assert_eq!(bright(10.0), [true, true]);
}

#[test]
fn pressing_thins_the_layers_under_the_face() {
    let (body, speckle) = (still_body(), Speckle::new(0));
    let thickness = |force: f64| {
        let mut contact = Contact::new();
        contact.update(&body, &BodyMotion::REST, &probe_at(0.0, -force * 1e-4), force, 0.064, &speckle);
        let line = contact.line(MIDDLE);
        // Nodes are 2 mm apart; where the skin's depth passes 20 mm, between nodes.
        let deep = line.nodes.iter().position(|node| node.skin > 0.020).unwrap_or(0);
        let (above, below) = (line.nodes[deep - 1].skin, line.nodes[deep].skin);
        0.002 * (deep as f32 - (below - 0.020) / (below - above))
    };
    let thick = [1.0, 5.0, 10.0].map(thickness);
    assert!(thick[0] > thick[1] + 0.0005 && thick[1] > thick[2] + 0.0005, "{thick:?}");
    assert!((thickness(0.0) - 0.020).abs() < 2e-4);
}

#[test]
fn gain_and_its_bands_move_grey_by_their_decibels() {
    let mut scanner = phantom(Vec::new(), 8);
    let plain = Settings { dynamic_range_db: 80.0, ..Settings::default() };
    let view = pressed_at(0.0);
    let before = shoot(&mut scanner, &view, &plain);
    let louder = shoot(&mut scanner, &view, &Settings { gain_db: 6.0, ..plain });
    let mut deep_only = plain;
    deep_only.tgc_db[7] = 9.0;
    let deep = shoot(&mut scanner, &view, &deep_only);
    let change = |shot: &Shot, depth: f32| shot.db(shot.mean(0.0, depth, 0.004) - before.mean(0.0, depth, 0.004));
    for depth in [0.02, 0.07, 0.13] {
        assert!((change(&louder, depth) - 6.0).abs() < 0.5);
        assert!((change(&deep, depth) - if depth > 0.12 { 9.0 * (0.13 / 0.15 * 8.0 - 6.5) } else { 0.0 }).abs() < 1.0);
    }
}

#[test]
fn half_the_dynamic_range_is_twice_the_contrast() {
    let mut scanner = phantom(vec![ball(0.07, 0.02, Tissue::Cortex)], 9);
    let mut contrast = |range: f32, gain_db: f32| {
        let settings = Settings { dynamic_range_db: range, gain_db, ..Settings::default() };
        let shot = shoot(&mut scanner, &pressed_at(0.0), &settings);
        shot.mean(0.035, 0.07, 0.006) - shot.mean(0.0, 0.07, 0.006)
    };
    // Enough gain that nothing is black at the smaller range.
    let ratio = contrast(50.0, 6.0) / contrast(100.0, 6.0);
    assert!((ratio - 2.0).abs() < 0.15, "{ratio}");
}

#[test]
fn a_thing_is_drawn_where_it_is_at_every_depth_setting() {
    let mut scanner = phantom(vec![ball(0.05, 0.006, Tissue::Bile)], 10);
    for depth in [0.08, 0.15, 0.25] {
        let settings = Settings { depth: Metre::literal(depth), ..Settings::default() };
        // Pressed by nothing but touching, so that nothing is compressed; the ball is 10 mm to the left of the axis.
        let view = ProbeView { tip: probe_at(0.010, 0.0), force: Newton::ZERO };
        let shot = shoot(&mut scanner, &view, &settings);
        let (inside, above, below) =
            (shot.mean(-0.010, 0.05, 0.002), shot.mean(-0.010, 0.038, 0.002), shot.mean(-0.010, 0.062, 0.002));
        assert!(inside < 20.0 && above > 60.0 && below > 60.0, "{depth}: {inside} {above} {below}");
    }
}

#[test]
fn the_focus_is_where_the_beam_is_loudest() {
    let mut scanner = phantom(Vec::new(), 13);
    let view = pressed_at(0.0);
    let mut loudness = |focus: f64, depth: f32| {
        let settings = Settings { focus: Metre::literal(focus), ..Settings::default() };
        shoot(&mut scanner, &view, &settings).mean(0.0, depth, 0.006)
    };
    assert!(loudness(0.05, 0.05) > loudness(0.12, 0.05) + 5.0);
    assert!(loudness(0.12, 0.12) > loudness(0.05, 0.12) + 5.0);
}

#[test]
fn the_pulse_rises_once_a_beat() {
    let heights: Vec<f32> = (0..=100).map(|i| crate::ultrasound::pulse(f64::from(i) / 100.0)).collect();
    assert!(heights[0] == 0.0 && heights[100] < 1e-3);
    assert!((heights.iter().copied().fold(0.0, f32::max) - 1.0).abs() < 0.01);
    assert!(heights.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.15));
}

#[test]
fn gas_is_a_bright_line_with_a_dirty_shadow() {
    let settings = Settings::default();
    let mut scanner = phantom(vec![Organ { border: 10.0, ..ball(0.15, 0.100, Tissue::Gas) }], 14);
    shoot(&mut scanner, &pressed_at(0.0), &settings);
    let lines = MIDDLE - 10..MIDDLE + 11;
    let band =
        |from: f64, to: f64| level(&scanner, lines.clone(), sample_at(&settings, from)..sample_at(&settings, to));
    let (tissue, surface, haze, deep) =
        (band(0.030, 0.045), band(0.0485, 0.0515), band(0.055, 0.065), band(0.130, 0.145));
    assert!(surface > 2.0 * tissue, "{surface} {tissue}");
    assert!(haze > 0.05 * tissue && haze < 0.8 * tissue, "{haze} {tissue}");
    assert!(deep < 0.6 * haze, "{deep} {haze}");
}

#[test]
fn the_aorta_widens_with_every_beat() {
    let card = BodyCard { breathing: Breathing::HELD, heart_period: Duration::from_secs(1), ..BodyCard::default() };
    let mut scanner = BMode::new(Body::new(card), 1);
    // Along the aorta, which runs a little to the left of the midline and 114 mm below the skin.
    let left = Translation3::new(0.0, 0.012, 0.0);
    let view = ProbeView { tip: Pose::new(left * pressed_at(0.06).tip.isometry()), force: PRESSED };
    // Height of what is dark in the middle of the picture, mean over 20 mm of its length, in mm.
    let mut width = |time: Time| {
        let mut grey = Vec::new();
        let geometry = scanner.render(&view, time, &Settings::default(), &mut grey);
        let dark = Shot { grey, geometry, settings: Settings::default() }
            .patch(0.0, 0.114, 0.010)
            .iter()
            .map(|grey| if *grey < 30.0 { 20.0 } else { 0.0 })
            .sum::<f32>();
        let side = 2.0 * (0.010 / geometry.pixel.get() as f32).round() + 1.0;
        dark / (side * side)
    };
    // Diastole, the height of the pulse, and the next diastole.
    let widths = [0, 140, 1000].map(|ms| width(Time::from_millis(ms)));
    assert!(widths[0] > 12.0 && widths[0] < 20.0, "{widths:?}");
    assert!((widths[1] - widths[0] - 1.2).abs() < 0.5, "{widths:?}");
    assert!((widths[2] - widths[0]).abs() < 0.1, "{widths:?}");
}

#[test]
fn the_torso_shows_its_organs() {
    let mut scanner = BMode::new(still_body(), 1);
    // Over the gallbladder's bottom, looking down: wall, liver or bowel, bile, and something behind.
    let (x, y) = (0.040, -0.043);
    let down = pressed_at(x).tip.rotation();
    let skin = still_body().skin(&BodyMotion::REST, &Point3::new(x, y, 0.22));
    let top = 0.22 + skin.depth / skin.normal.z;
    let view =
        ProbeView { tip: Pose::new(Isometry3::from_parts(Translation3::new(x, y, top - 0.001), down)), force: PRESSED };
    let shot = shoot(&mut scanner, &view, &Settings::default());
    let middle = (top - 0.164) as f32;
    assert!(shot.mean(0.0, middle, 0.003) < 15.0, "bile");
    assert!(shot.mean(0.0, middle + 0.030, 0.006) > 70.0, "behind it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_pose_and_no_setting_keeps_a_picture_from_being_drawn(
        position in prop::array::uniform3(prop_oneof![4 => -0.5..0.7_f64, 1 => -1e12..1e12_f64, 1 => Just(f64::NAN)]),
        turn in prop::array::uniform3(-10.0..10.0_f64),
        force in prop_oneof![0.0..30.0_f64, Just(-1e9), Just(1e9)],
        numbers in prop::array::uniform3(prop_oneof![-100.0..100.0_f32, Just(f32::NAN), Just(f32::INFINITY)]),
        depth in 0.0..1.0_f64,
    ) {
        let rotation = UnitQuaternion::from_euler_angles(turn[0], turn[1], turn[2]);
        let tip = Pose::new(Isometry3::from_parts(Translation3::from(position), rotation));
        let settings = Settings {
            depth: Metre::literal(depth),
            gain_db: numbers[0],
            tgc_db: [numbers[1]; crate::ultrasound::TGC_BANDS],
            focus: Metre::literal(depth * 2.0),
            dynamic_range_db: numbers[2],
        };
        let view = ProbeView { tip, force: Newton::literal(force) };
        let shot = shoot(&mut BMode::new(still_body(), 1), &view, &settings);
        prop_assert_eq!(shot.grey.len(), shot.geometry.width * shot.geometry.height);
    }
}
