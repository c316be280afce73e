use super::*;

const MS: usize = 4;

fn sensor(seed: u64) -> ForceSensor {
    ForceSensor::new(&SensorCard::PLANT, seed)
}

/// A sensor without noise and bias, to look at its dynamics.
fn clean() -> ForceSensor {
    let card = SensorCard {
        force_noise: Newton::ZERO,
        torque_noise: farprobe_geom::NewtonMetre::ZERO,
        force_bias: Newton::ZERO,
        torque_bias: farprobe_geom::NewtonMetre::ZERO,
        ..SensorCard::PLANT
    };
    ForceSensor::new(&card, 1)
}

fn pressing(force: f64) -> Wrench<Tip> {
    Wrench::new(Vector3::new(0.0, 0.0, force), Vector3::zeros())
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64;
    (mean, variance.sqrt())
}

/// z forces of `count` readings under a constant force.
fn readings(sensor: &mut ForceSensor, force: f64, count: usize) -> Vec<f64> {
    (0..count)
        .map(|_| {
            (0..MS).for_each(|_| sensor.step(&pressing(force)));
            sensor.reading().force.z
        })
        .collect()
}

#[test]
fn noise_is_white_and_as_large_as_the_card_says() {
    let values = readings(&mut sensor(5), 0.0, 20_000);
    let (mean, deviation) = mean_and_deviation(&values);
    // Six standard errors of a standard deviation from 20,000 samples are 3 %.
    assert!((deviation / 0.1 - 1.0).abs() < 0.03, "{deviation}");
    let lagged: f64 = values.windows(2).map(|p| (p[0] - mean) * (p[1] - mean)).sum::<f64>() / 20_000.0;
    assert!((lagged / 0.01).abs() < 0.045, "{lagged}");
    let beyond_two = values.iter().filter(|v| (*v - mean).abs() > 0.2).count() as f64 / 20_000.0;
    assert!((beyond_two - 0.0455).abs() < 0.009, "{beyond_two} beyond 2 σ, normal is 0.0455");
}

#[test]
fn bias_is_constant_within_the_card_and_differs_from_seed_to_seed() {
    let biases: Vec<f64> = (0..200).map(|seed| sensor(seed).bias.0.z).collect();
    assert!(biases.iter().all(|bias| bias.abs() <= 0.5));
    let (mean, deviation) = mean_and_deviation(&biases);
    assert!(mean.abs() < 0.12 && (deviation - 0.2887).abs() < 0.06, "{mean} {deviation}");
    let mut one = sensor(9);
    let values = readings(&mut one, 3.0, 5_000);
    let settled = mean_and_deviation(&values[100..]).0;
    assert!((settled - 3.0 - one.bias.0.z).abs() < 0.01);
}

#[test]
fn a_step_comes_after_the_delay_and_through_the_low_pass() {
    let mut sensor = clean();
    readings(&mut sensor, 0.0, 10);
    for (i, value) in readings(&mut sensor, 1.0, 12).iter().enumerate() {
        // Each reading is made in the first of its four substeps.
        let t = (i * MS + 1) as f64 * SUBSTEP_S - 0.001;
        let expected = if t <= 0.0 { 0.0 } else { 1.0 - (-t / 0.001_591_549).exp() };
        assert!((value - expected).abs() < 1e-4, "{i}: {value} {expected}");
    }
}

#[test]
fn a_hundred_hertz_come_through_with_three_decibels_less() {
    let mut sensor = clean();
    let mut largest = 0.0f64;
    for i in 0..8_000 {
        let t = i as f64 * SUBSTEP_S;
        sensor.step(&pressing((std::f64::consts::TAU * 100.0 * t).sin()));
        if i > 800 {
            largest = largest.max(sensor.filtered.0.z);
        }
    }
    assert!((largest - std::f64::consts::FRAC_1_SQRT_2).abs() < 0.01, "{largest}");
}

#[test]
fn each_fault_shows_as_it_says() {
    let broken = |fault| {
        let mut sensor = sensor(3);
        let before = readings(&mut sensor, -5.0, 200);
        sensor.set_fault(Some(fault));
        (before, readings(&mut sensor, -5.0, 1_000))
    };
    let (before, after) = broken(SensorFault::Stuck);
    assert!(after.iter().all(|value| *value == before[199]));
    assert!(broken(SensorFault::NotANumber).1.iter().all(|value| value.is_nan()));
    assert!(broken(SensorFault::Dropout).1.iter().all(|value| *value == 0.0));
    let (before, after) = broken(SensorFault::SignFlip);
    let whole = mean_and_deviation(&before[50..]).0;
    assert!((mean_and_deviation(&after).0 + whole).abs() < 0.05);
    assert!(broken(SensorFault::Saturated(Newton::literal(3.0))).1.iter().all(|value| *value == -3.0));
    let stepped = mean_and_deviation(&broken(SensorFault::BiasStep(Newton::literal(3.0))).1).0;
    assert!((stepped - whole - 3.0).abs() < 0.05);
    let drifted = broken(SensorFault::BiasDrift { per_second: Newton::literal(2.0) }).1;
    assert!((drifted[999] - whole - 2.0).abs() < 0.5 && (drifted[0] - whole).abs() < 0.5);
    let loud = mean_and_deviation(&broken(SensorFault::Noisy { factor: 10.0 }).1).1;
    assert!((loud - 1.0).abs() < 0.1, "{loud}");
}

#[test]
fn a_mended_sensor_reads_as_if_it_had_never_been_broken() {
    let (mut whole, mut broken) = (sensor(4), sensor(4));
    readings(&mut whole, 1.0, 50);
    broken.set_fault(Some(SensorFault::NotANumber));
    readings(&mut broken, 1.0, 50);
    broken.set_fault(None);
    assert_eq!(readings(&mut whole, 1.0, 20), readings(&mut broken, 1.0, 20));
}

#[test]
fn no_force_is_read_beyond_the_range() {
    assert!(readings(&mut sensor(1), -500.0, 100)[50..].iter().all(|value| *value == -100.0));
}
