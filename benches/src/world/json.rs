//! The campaign as a file for programs.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use farprobe_sim::arm::PlantCard;
use farprobe_world::campaign::{Bar, Class, Tally};
use farprobe_world::meter::Figure;
use serde::Serialize;

use super::Options;
use super::table::name;

/// The whole file. A figure that was not measured is `null`.
#[derive(Debug, Serialize)]
struct Results {
    seed: u64,
    seeds: u64,
    seconds: u64,
    plant: &'static str,
    commit: &'static str,
    times_real_time_per_core: f64,
    invariant_breaks: usize,
    detect_ms_max: Option<f64>,
    stop_ms_max: Option<f64>,
    force_rise_n_max: Option<f64>,
    force_after_500ms_n_max: Option<f64>,
    overshoot_n_max_soft_tissue: Option<f64>,
    overshoot_percent_max: Option<f64>,
    breathing_rms_n: Option<f64>,
    breathing_peak_n: Option<f64>,
    breathing_firm_rms_n: Option<f64>,
    breathing_firm_peak_n: Option<f64>,
    cough_peak_n: Option<f64>,
    spurious_soften_per_hour: Option<f64>,
    ticks_two_drivers: u64,
    classes: BTreeMap<&'static str, OfClass>,
}

#[derive(Debug, Serialize)]
struct OfClass {
    exams: u64,
    hours: f64,
    invariant_breaks: usize,
    /// Of the ticks in which the rows of the tip's acceleration and jerk matter, how many did not count, %.
    excused_percent: Option<f64>,
    figures: BTreeMap<&'static str, OfFigure>,
}

#[derive(Debug, Serialize)]
struct OfFigure {
    count: usize,
    p50: f64,
    p99: f64,
    worst: f64,
    worst_seed: u64,
    mean: f64,
}

/// Writes the file.
pub(super) fn write(path: &Path, options: &Options, tally: &Tally, speed: f64) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&results(options, tally, speed))?;
    std::fs::write(path, text + "\n")
}

fn results(options: &Options, tally: &Tally, speed: f64) -> Results {
    // Where nothing is promised the worst is reported with its class, not at the top.
    let promised = |class: Class| class.bar(&PlantCard::A) != Bar::Reported;
    let in_class = |figure, wanted: Class| tally.worst(figure, |class| class == wanted);
    Results {
        seed: options.seed,
        seeds: options.seeds,
        seconds: options.seconds,
        plant: options.plant.card().name,
        commit: farprobe_record::commit(),
        times_real_time_per_core: speed,
        invariant_breaks: tally.breaks().count(),
        detect_ms_max: tally.worst(Figure::DetectMs, promised),
        stop_ms_max: tally.worst(Figure::StopMs, promised),
        force_rise_n_max: in_class(Figure::ForceRise, Class::LinkLost),
        force_after_500ms_n_max: in_class(Figure::ForceLater, Class::LinkLost),
        overshoot_n_max_soft_tissue: tally.worst(Figure::OvershootSoft, promised),
        overshoot_percent_max: tally.worst(Figure::OvershootStiff, promised),
        breathing_rms_n: in_class(Figure::ForceErrorRms, Class::BreathingSoft),
        breathing_peak_n: in_class(Figure::ForceErrorPeak, Class::BreathingSoft),
        breathing_firm_rms_n: in_class(Figure::ForceErrorRms, Class::BreathingFirm),
        breathing_firm_peak_n: in_class(Figure::ForceErrorPeak, Class::BreathingFirm),
        cough_peak_n: in_class(Figure::Peak, Class::Cough),
        spurious_soften_per_hour: tally
            .classes
            .get(&Class::Loss5Burst2)
            .and_then(|class| class.spread(Figure::SoftenPerHour))
            .map(|spread| spread.mean),
        ticks_two_drivers: tally.classes.values().map(|class| class.ticks_two_drivers).sum(),
        classes: tally.classes.keys().map(|class| (class.name(), of_class(tally, *class))).collect(),
    }
}

fn of_class(tally: &Tally, class: Class) -> OfClass {
    let of = tally.classes.get(&class).cloned().unwrap_or_default();
    let figure = |figure| {
        of.spread(figure).map(|spread| {
            let (count, p50, p99) = (spread.count, spread.p50, spread.p99);
            let (worst, worst_seed, mean) = (spread.worst, spread.worst_seed, spread.mean);
            (name(figure), OfFigure { count, p50, p99, worst, worst_seed, mean })
        })
    };
    OfClass {
        exams: of.exams,
        hours: of.lasted.as_secs_f64() / 3_600.0,
        invariant_breaks: of.breaks.len(),
        excused_percent: of.excuses.percent(),
        figures: of.figures().filter_map(figure).collect(),
    }
}
