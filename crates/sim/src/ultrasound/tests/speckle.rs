//! Speckle: its statistics, its size, and that it stays with the tissue.

use farprobe_geom::Metre;

use super::*;
use crate::ultrasound::array::line_pitch;

/// Lines and samples at least a speckle cell apart around the focus of a uniform phantom: a speckle there is 1.6 mm wide and
/// 0.7 mm long; these are 2.5 mm and 1.5 mm apart.
fn independent_samples(scanner: &BMode) -> Vec<f64> {
    let settings = scanner.prepared.settings;
    let samples = sample_at(&settings, 0.05)..sample_at(&settings, 0.11);
    (10..LINES - 10)
        .step_by(5)
        .flat_map(|line| samples.clone().step_by(5).map(move |sample| (line, sample)))
        .map(|(line, sample)| flat_envelope(scanner, line, sample))
        .collect()
}

/// Probability that a Rayleigh distribution of the list's own scale gives a Kolmogorov–Smirnov distance as large as its.
fn rayleigh_p(mut values: Vec<f64>) -> f64 {
    let count = values.len() as f64;
    let scale = values.iter().map(|value| value * value).sum::<f64>() / count;
    values.sort_by(f64::total_cmp);
    let distance = values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let expected = 1.0 - (-value * value / scale).exp();
            (expected - i as f64 / count).abs().max(((i + 1) as f64 / count - expected).abs())
        })
        .fold(0.0, f64::max);
    let reach = distance * (count.sqrt() + 0.12 + 0.11 / count.sqrt());
    let series = |k: i32| (-1.0_f64).powi(k - 1) * (-2.0 * f64::from(k * k) * reach * reach).exp();
    (2.0 * (1..=100).map(series).sum::<f64>()).clamp(0.0, 1.0)
}

fn thousand(scanner: &BMode) -> Vec<f64> {
    let mut values = independent_samples(scanner);
    assert!(values.len() >= 1000);
    values.truncate(1000);
    values
}

#[test]
fn the_envelope_of_uniform_tissue_is_fully_developed_speckle() {
    let mut rayleigh = 0;
    for seed in 0..20 {
        let mut scanner = phantom(Vec::new(), seed);
        shoot(&mut scanner, &pressed_at(0.0), &Settings::default());
        let values = independent_samples(&scanner);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
        let ratio = mean / variance.sqrt();
        assert!((ratio - 1.91).abs() <= 0.1, "seed {seed}: {ratio}");
        rayleigh += usize::from(rayleigh_p(thousand(&scanner)) > 0.01);
    }
    assert!(rayleigh >= 18, "{rayleigh} of 20");
}

#[test]
fn the_test_for_rayleigh_sees_what_is_not() {
    let mut scanner = phantom(Vec::new(), 3);
    shoot(&mut scanner, &pressed_at(0.0), &Settings::default());
    let bent: Vec<f64> = thousand(&scanner).into_iter().map(|value| value.powf(1.2)).collect();
    assert!(rayleigh_p(bent) < 0.01);
}

/// Lag (m) at which the correlation of the envelope's power across lines falls to a half, in a band of depth.
fn lateral_size(scanner: &BMode, from: f64, to: f64) -> f32 {
    let settings = scanner.prepared.settings;
    let samples = sample_at(&settings, from)..sample_at(&settings, to);
    let row = |shift: usize| -> Vec<f32> {
        let lines = shift..LINES - 16 + shift;
        lines
            .flat_map(|line| samples.clone().map(move |sample| (line, sample)))
            .map(|(line, sample)| flat_envelope(scanner, line, sample).powi(2) as f32)
            .collect()
    };
    let still = row(0);
    let mut before = 1.0;
    for lag in 1..16 {
        let now = correlate(&still, &row(lag));
        if now < 0.5 {
            let lines = lag as f32 - (0.5 - now) / (before - now);
            return lines * line_pitch(f64::midpoint(from, to) as f32);
        }
        before = now;
    }
    panic!("speckle as wide as the picture");
}

#[test]
fn speckle_widens_with_depth_away_from_the_focus() {
    let settings = Settings { focus: Metre::literal(0.05), ..Settings::default() };
    let mut scanner = phantom(Vec::new(), 5);
    shoot(&mut scanner, &pressed_at(0.0), &settings);
    let sizes = [(0.045, 0.055), (0.075, 0.085), (0.105, 0.115), (0.135, 0.145)]
        .map(|(from, to)| lateral_size(&scanner, from, to));
    assert!(sizes.windows(2).all(|pair| pair[1] > pair[0] * 1.1), "{sizes:?}");
}

#[test]
fn speckle_stays_with_the_tissue_when_the_probe_moves() {
    let settings = Settings::default();
    let mut scanner = phantom(Vec::new(), 7);
    let still = shoot(&mut scanner, &pressed_at(0.0), &settings);
    let moved = shoot(&mut scanner, &pressed_at(0.002), &settings);
    for depth in [0.03, 0.06, 0.10] {
        let before = still.patch(0.002, depth, 0.01);
        // What was 2 mm to the right of the axis is on the axis now.
        let after = moved.patch(0.0, depth, 0.01);
        let followed = correlate(&before, &after);
        let unfollowed = correlate(&before, &moved.patch(0.002, depth, 0.01));
        assert!(followed > 0.7 && unfollowed < followed - 0.4, "{depth}: {followed} {unfollowed}");
    }
}

#[test]
fn speckle_slides_with_the_organs_when_the_patient_breathes() {
    let breathing = Breathing { amplitude: Metre::literal(0.004), period: Duration::from_secs(4) };
    let body = Body::new(BodyCard { breathing, heart_period: Duration::ZERO, ..BodyCard::default() });
    let mut scanner = BMode::of(body.clone(), Anatomy::uniform(), 9);
    let settings = Settings::default();
    let mut at = |time: Time| {
        let lift = body.motion(time).lift().get();
        // The probe rides on the skin.
        let view = ProbeView { tip: probe_at(0.0, lift - 0.001), force: PRESSED };
        let mut grey = Vec::new();
        let geometry = scanner.render(&view, time, &settings, &mut grey);
        Shot { grey, geometry, settings }
    };
    let (rest, inspired) = (at(Time::ZERO), at(Time::from_millis(1000)));
    let before = rest.patch(0.0, 0.07, 0.008);
    let candidates = (-20..=20).flat_map(|across| (-6..=6).map(move |down| (across, down)));
    let matches = candidates.map(|(across, down)| {
        let place = (across as f32 * 0.0005, 0.07 + down as f32 * 0.0004);
        (correlate(&before, &inspired.patch(place.0, place.1, 0.008)), place)
    });
    let (best, (across, down)) = matches.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    // A rise of 4 mm takes the organs 6 mm towards the feet, which is to the left, and stretches the belly under the probe.
    let stretched = 0.004 * 0.07 / 0.22;
    assert!(best > 0.5, "{best}");
    assert!((across + 0.006).abs() < 0.0012 && (down - 0.07 - stretched).abs() < 0.0008, "{across} {down}");
}

#[test]
fn speckle_is_another_when_the_plane_moves_by_more_than_the_beam_is_thick() {
    let mut scanner = phantom(Vec::new(), 7);
    let here = pressed_at(0.0);
    let aside = |shift: f64| {
        let shift = Translation3::new(0.0, shift, 0.0);
        ProbeView { tip: Pose::new(shift * here.tip.isometry()), force: PRESSED }
    };
    let mut patch = |shift| shoot(&mut scanner, &aside(shift), &Settings::default()).patch(0.0, 0.06, 0.02);
    let still = patch(0.0);
    let [near, far] = [0.0003, 0.004].map(|shift| correlate(&still, &patch(shift)));
    assert!(near > 0.7 && far.abs() < 0.25, "{near} {far}");
}

#[test]
fn the_same_seed_gives_the_same_picture_whatever_was_drawn_before() {
    let settings = Settings::default();
    let first = shoot(&mut phantom(Vec::new(), 11), &pressed_at(0.01), &settings);
    let mut used = phantom(Vec::new(), 11);
    let shallow = Settings { depth: Metre::literal(0.08), gain_db: 9.0, ..settings };
    shoot(&mut used, &pressed_at(-0.05), &shallow);
    assert!(shoot(&mut used, &pressed_at(0.01), &settings).grey == first.grey);
    let other = shoot(&mut phantom(Vec::new(), 12), &pressed_at(0.01), &settings);
    assert!(correlate(&first.patch(0.0, 0.06, 0.02), &other.patch(0.0, 0.06, 0.02)).abs() < 0.2);
}
