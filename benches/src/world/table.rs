//! The campaign as a table for people.

use std::fmt::Write as _;

use farprobe_world::campaign::Tally;
use farprobe_world::meter::Figure;

/// One row for each class and figure: how many, median, 99th percentile, worst, and the seed of the worst.
pub(super) fn table(tally: &Tally) -> String {
    let mut text = format!(
        "{:<20} {:>6} {:<22} {:>9} {:>9} {:>9} {:>9}  worst seed\n",
        "class", "exams", "figure", "count", "p50", "p99", "worst"
    );
    for (class, of_class) in &tally.classes {
        for figure in of_class.figures() {
            let Some(spread) = of_class.spread(figure) else { continue };
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "{:<20} {:>6} {:<22} {:>9} {:>9.2} {:>9.2} {:>9.2}  {}",
                class.name(),
                of_class.exams,
                name(figure),
                spread.count,
                spread.p50,
                spread.p99,
                spread.worst,
                spread.worst_seed
            );
        }
    }
    text
}

/// What a figure is called in tables and files.
pub(super) const fn name(figure: Figure) -> &'static str {
    match figure {
        Figure::DetectMs => "detect_ms",
        Figure::StopMs => "stop_ms",
        Figure::ForceRise => "force_rise_n",
        Figure::TouchRise => "touch_rise_n",
        Figure::ForceLater => "force_after_500ms_n",
        Figure::ForceLaterMean => "mean_after_500ms_n",
        Figure::StoppedForce => "stopped_force_n",
        Figure::OvershootSoft => "overshoot_soft_n",
        Figure::OvershootStiff => "overshoot_stiff_percent",
        Figure::Peak => "peak_n",
        Figure::ForceErrorRms => "force_error_rms_n",
        Figure::ForceErrorPeak => "force_error_peak_n",
        Figure::SensorNoticedMs => "sensor_noticed_ms",
        Figure::ReengageMs => "reengage_ms",
        Figure::ArmNoticedMs => "arm_noticed_ms",
        Figure::LeapNoticedMs => "leap_noticed_ms",
        Figure::RecoveredMs => "recovered_ms",
        Figure::SoftenPerHour => "soften_per_hour",
    }
}
