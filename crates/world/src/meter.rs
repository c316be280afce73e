//! What is measured of an exam, by the truth: how soon, how far, how hard.

use std::collections::BTreeMap;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Cause, Ladder};

use crate::observation::Observation;

/// The operator's motion counts as over below these, m/s and rad/s: what is left is the noise of the arm's own control.
const STILL: f64 = 0.001;
const STILL_TURN: f64 = 0.01;

/// An arm that lifts may stray to the side by this share of it; that is not the operator's motion. The gate takes as much for what it
/// permitted (a joint at the end of its range bends the way: adversary, seed 181).
const STRAYING: f64 = 0.1;

/// The arm at which straying turns the probe, m: from a wrist to a probe's tip.
const WRIST: f64 = 0.3;

/// The force is looked at from here on after a loss was noticed (DESIGN §6: ≤ 2 N within 500 ms) …
const LET_GO_WITHIN: Duration = Duration::from_millis(500);

/// … and until here: Parked is reached by then.
const LET_GO_UNTIL: Duration = Duration::from_secs(5);

/// A probe presses with this force (N), for so long, before it counts as pressing: by then its touch is over.
const TOUCHED: f64 = 0.5;
const TOUCH: Duration = Duration::from_millis(100);

/// After engaging in contact the force law is given this long before its error counts as a steady one.
const SETTLING: Duration = Duration::from_millis(1_500);

/// Tissue up to this stiffness counts as soft, N/m (DESIGN §6).
pub(crate) const SOFT: f64 = 10_000.0;

/// A figure of an exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// From the last fresh command to the loss being noticed, ms.
    DetectMs,
    /// From the end of driving to the end of the operator's motion, ms.
    StopMs,
    /// By how much the force rose above what it was when the last fresh command came, N; of a probe that pressed by then.
    ForceRise,
    /// The same of a probe that had only just come to touch, or did so later: what a touch presses with, N.
    TouchRise,
    /// The greatest force later than 500 ms after a loss was noticed, N.
    ForceLater,
    /// The mean force from then on until the probe lifts, N.
    ForceLaterMean,
    /// The greatest force later than 500 ms after a stop, a fault or a disarm, N.
    StoppedForce,
    /// By how much the greatest force exceeds the hard limit on tissue up to 10 N/mm, N; 0 if it does not.
    OvershootSoft,
    /// The same on stiffer tissue, % of the hard limit.
    OvershootStiff,
    /// The greatest force, N.
    Peak,
    /// Root of the mean square of the force's error while the force asked for stands, N.
    ForceErrorRms,
    /// The greatest of that error, N.
    ForceErrorPeak,
    /// From the breaking of the force sensor to the end of driving, ms.
    SensorNoticedMs,
    /// From the operator's asking, when all is well again, to driving, ms.
    ReengageMs,
    /// Times an hour that driving ended in Soften. Spurious, where nothing but the line's usual loss and jitter has happened.
    SoftenPerHour,
}

/// The figures of one exam; those that can occur several times with every value.
pub type Figures = BTreeMap<Figure, Vec<f64>>;

/// A loss being followed.
#[derive(Debug, Clone, Copy)]
struct Loss {
    noticed: Time,
    force_before: f64,
    greatest: f64,
    later: f64,
    sum: f64,
    ticks: u64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Lost { rise: Figure },
    Stopped,
}

/// How it was when a fresh command came.
#[derive(Debug, Clone, Copy)]
struct Fresh {
    at: Time,
    force: f64,
    /// The figure a rise of the force from here on is one of.
    rise: Figure,
}

/// Measures one exam, tick by tick.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    figures: Figures,
    /// The last fresh command.
    fresh: Option<Fresh>,
    /// Since when the probe has touched.
    touching: Option<Time>,
    loss: Option<Loss>,
    /// Since when driving is over while the operator's motion goes on.
    stopping: Option<Time>,
    /// When the force asked for last changed, or driving in contact began.
    steady_since: Option<(Time, f64)>,
    squares: (f64, u64),
    error_peak: f64,
    sensor_broke: Option<Time>,
    peak: f64,
    softened: u64,
}

impl Meter {
    /// The force sensor breaks now.
    pub fn sensor_breaks(&mut self, now: Time) {
        self.sensor_broke = Some(now);
    }

    /// Everything is mended now.
    pub fn heals(&mut self) {
        self.sensor_broke = None;
        self.finish_loss();
    }

    /// Notes a value of a figure.
    pub fn note(&mut self, figure: Figure, value: f64) {
        self.figures.entry(figure).or_default().push(value);
    }

    /// Takes in one tick.
    pub fn tick(&mut self, seen: &Observation<'_>) {
        let force = seen.plant.contact.force.norm();
        self.peak = self.peak.max(force);
        self.follow_loss(seen.now, force);
        self.touching = if force < TOUCHED { None } else { self.touching.or(Some(seen.now)) };
        if !seen.ran {
            return;
        }
        if seen.outcome.applied.is_some() {
            let pressing = self.touching.is_some_and(|since| seen.now.saturating_since(since) >= TOUCH);
            let rise = if pressing { Figure::ForceRise } else { Figure::TouchRise };
            self.fresh = Some(Fresh { at: seen.now, force, rise });
        }
        if let Some(step) = seen.outcome.transition {
            self.step(seen, step.from, step.to, step.cause, force);
        }
        self.follow_stop(seen);
        self.follow_force(seen);
    }

    fn step(&mut self, seen: &Observation<'_>, from: Ladder, to: Ladder, cause: Cause, force: f64) {
        if from == Ladder::Engaged {
            self.stopping = Some(seen.now);
            self.softened += u64::from(to == Ladder::Soften);
            if let Some(broke) = self.sensor_broke.take() {
                self.note(Figure::SensorNoticedMs, millis(seen.now.saturating_since(broke)));
            }
        }
        if to == Ladder::Engaged {
            self.finish_loss();
            (self.stopping, self.steady_since) = (None, None);
        }
        let stopped =
            matches!(to, Ladder::EStop | Ladder::Fault) || (to == Ladder::Release && matches!(cause, Cause::Disarmed));
        if cause == Cause::LinkLost && to == Ladder::Soften {
            let Fresh { at, force: before, rise } =
                self.fresh.unwrap_or(Fresh { at: seen.now, force, rise: Figure::ForceRise });
            self.note(Figure::DetectMs, millis(seen.now.saturating_since(at)));
            self.begin_loss(seen.now, before, Kind::Lost { rise });
        } else if stopped && self.loss.is_none_or(|loss| loss.kind != Kind::Stopped) {
            self.finish_loss();
            self.begin_loss(seen.now, force, Kind::Stopped);
        }
    }

    fn begin_loss(&mut self, noticed: Time, force_before: f64, kind: Kind) {
        self.loss = Some(Loss { noticed, force_before, greatest: force_before, later: 0.0, sum: 0.0, ticks: 0, kind });
    }

    fn follow_loss(&mut self, now: Time, force: f64) {
        let Some(loss) = &mut self.loss else { return };
        loss.greatest = loss.greatest.max(force);
        let since = now.saturating_since(loss.noticed);
        if since > LET_GO_WITHIN {
            loss.later = loss.later.max(force);
            loss.sum += force;
            loss.ticks += 1;
        }
        if since > LET_GO_UNTIL {
            self.finish_loss();
        }
    }

    fn finish_loss(&mut self) {
        let Some(loss) = self.loss.take() else { return };
        let mean = if loss.ticks > 0 { loss.sum / loss.ticks as f64 } else { 0.0 };
        match loss.kind {
            Kind::Lost { rise } => {
                self.note(rise, loss.greatest - loss.force_before);
                self.note(Figure::ForceLater, loss.later);
                self.note(Figure::ForceLaterMean, mean);
            }
            Kind::Stopped => self.note(Figure::StoppedForce, loss.later),
        }
    }

    fn follow_stop(&mut self, seen: &Observation<'_>) {
        let Some(since) = self.stopping else { return };
        let straying = STRAYING * (-seen.sent.linear.z).max(0.0);
        let still =
            seen.sent.linear.xy().norm() < STILL + straying && seen.sent.angular.norm() < STILL_TURN + straying / WRIST;
        if still {
            self.note(Figure::StopMs, millis(seen.now.saturating_since(since)));
            self.stopping = None;
        }
    }

    fn follow_force(&mut self, seen: &Observation<'_>) {
        let state = &seen.outcome.state;
        let target = state.force_target.get();
        if state.ladder != Ladder::Engaged || target <= 0.0 {
            self.steady_since = None;
            return;
        }
        match self.steady_since {
            Some((since, at)) if (at - target).abs() < 1e-3 => {
                if seen.now.saturating_since(since) > SETTLING {
                    let error = -seen.plant.contact.force.z - target;
                    self.squares = (self.squares.0 + error * error, self.squares.1 + 1);
                    self.error_peak = self.error_peak.max(error.abs());
                }
            }
            Some(_) | None => self.steady_since = Some((seen.now, target)),
        }
    }

    /// The figures of the exam, which lasted so long: for a hard limit (N) and tissue of this stiffness (N/m).
    pub fn finish(mut self, hard_force: f64, stiffness: f64, lasted: Duration) -> Figures {
        self.finish_loss();
        let (peak, over) = (self.peak, (self.peak - hard_force).max(0.0));
        self.note(Figure::Peak, peak);
        if stiffness <= SOFT {
            self.note(Figure::OvershootSoft, over);
        } else {
            self.note(Figure::OvershootStiff, over / hard_force * 100.0);
        }
        let (sum, count) = self.squares;
        if count > 0 {
            let peak = self.error_peak;
            self.note(Figure::ForceErrorRms, (sum / count as f64).sqrt());
            self.note(Figure::ForceErrorPeak, peak);
        }
        let softened = self.softened as f64;
        self.note(Figure::SoftenPerHour, softened / (lasted.as_secs_f64() / 3_600.0));
        self.figures
    }
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
