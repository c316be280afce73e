//! What is measured of an exam, by the truth: how soon, how far, how hard.

use std::collections::BTreeMap;
use std::time::Duration;

use farprobe_geom::Time;
use farprobe_proto::{Cause, Ladder};

use crate::Meddling;
use crate::observation::Observation;
use crate::world::TICK;

/// The operator's motion counts as over below these, m/s and rad/s: what is left is the noise of the arm's own control.
const STILL: f64 = 0.001;
const STILL_TURN: f64 = 0.01;

/// An arm that lifts may stray to the side by this share of it; that is not the operator's motion. A joint at the end of
/// its range bends the way (adversary, seed 181), and so does a posture near a singular one: there a stop that was over in 80 ms seemed to
/// take 126, because the lift that came next strayed by 15 % (adversary, seed 719).
const STRAYING: f64 = 0.2;

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

/// A driver who was not heard for longer was lost, and nobody has noticed (DESIGN §6: 50 ms and a tick).
const UNNOTICED: Duration = Duration::from_millis(60);

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
    /// From the first setpoint that the arm was not told, or was told a little otherwise, to the fault or the end of driving, ms.
    ArmNoticedMs,
    /// From a setpoint that leapt on its way to the arm, ms.
    LeapNoticedMs,
    /// From the operator's asking, when all is well again, to driving, ms.
    ReengageMs,
    /// From everything being mended to driving, whoever has to do what for it, ms; 0 if driving goes on.
    RecoveredMs,
    /// Times an hour that driving ended in Soften; where a line turns bad, of the time it is. Spurious, where nothing but the line's usual
    /// loss and jitter has happened.
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
    arm_meddled: Option<(Time, Figure)>,
    peak: f64,
    softened: u64,
    line: BadLine,
    /// Where the ladder stood at the last tick, and when that was.
    last: Option<(Time, Ladder)>,
}

/// How long the line of an exam has been another one than at first.
#[derive(Debug, Clone, Copy, Default)]
struct BadLine {
    since: Option<Time>,
    before: Option<Duration>,
}

impl BadLine {
    /// Whether what happens now is counted: always, where the line never turns bad.
    const fn counts(self) -> bool {
        self.since.is_some() || self.before.is_none()
    }

    fn ends(&mut self, now: Time) {
        if let Some(since) = self.since.take() {
            self.before = Some(self.before.unwrap_or_default() + now.saturating_since(since));
        }
    }
}

impl Meter {
    /// The force sensor breaks now.
    pub fn sensor_breaks(&mut self, now: Time) {
        self.sensor_broke = Some(now);
    }

    /// The line turns bad now: what is counted by the hour is counted from here on.
    pub fn line_turns_bad(&mut self, now: Time) {
        if self.line.since.is_none() && self.line.before.is_none() {
            self.softened = 0;
        }
        self.line.since = self.line.since.or(Some(now));
    }

    /// Somebody between the program and the arm begins to meddle.
    pub fn arm_meddled(&mut self, now: Time, how: Meddling) {
        let leaps = matches!(how, Meddling::Joint { leap, .. } if leap != 0.0);
        self.arm_meddled = Some((now, if leaps { Figure::LeapNoticedMs } else { Figure::ArmNoticedMs }));
    }

    /// Everything is mended now.
    pub fn heals(&mut self, now: Time) {
        self.finish_sensor(now);
        self.finish_arm(now);
        self.finish_loss();
        self.line.ends(now);
    }

    /// A sensor that is still believed is noticed no sooner than now.
    fn finish_sensor(&mut self, now: Time) {
        let Some(broke) = self.sensor_broke.take() else { return };
        if self.last.is_some_and(|(_, ladder)| ladder == Ladder::Engaged) {
            self.note(Figure::SensorNoticedMs, millis(now.saturating_since(broke)));
        }
    }

    /// An arm that does otherwise is noticed no sooner than now.
    fn finish_arm(&mut self, now: Time) {
        if let Some((since, figure)) = self.arm_meddled.take() {
            self.note(figure, millis(now.saturating_since(since)));
        }
    }

    /// Motion that is still under way stops no sooner than now.
    fn finish_stop(&mut self, now: Time) {
        if let Some(since) = self.stopping.take() {
            self.note(Figure::StopMs, millis(now.saturating_since(since)));
        }
    }

    /// A loss that nobody has noticed while the probe was driven, until now.
    fn finish_link(&mut self, now: Time) {
        let silent = self.fresh.map(|fresh| now.saturating_since(fresh.at));
        if let Some(silent) = silent.filter(|silent| *silent > UNNOTICED) {
            self.note(Figure::DetectMs, millis(silent));
        }
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
        self.last = Some((seen.now, seen.outcome.state.ladder));
    }

    fn step(&mut self, seen: &Observation<'_>, from: Ladder, to: Ladder, cause: Cause, force: f64) {
        let stalled = self.last.is_none_or(|(at, _)| seen.now.saturating_since(at) > TICK);
        if matches!(from, Ladder::Engaged | Ladder::Hold) && cause != Cause::LinkLost && !stalled {
            // Something else was noticed, and it was not.
            self.finish_link(seen.now);
        }
        if from == Ladder::Engaged || to == Ladder::Fault {
            self.finish_arm(seen.now);
        }
        if from == Ladder::Engaged {
            self.stopping = Some(seen.now);
            self.softened += u64::from(to == Ladder::Soften && self.line.counts());
            if let Some(broke) = self.sensor_broke.take() {
                self.note(Figure::SensorNoticedMs, millis(seen.now.saturating_since(broke)));
            }
        }
        if to == Ladder::Engaged {
            self.finish_loss();
            self.finish_stop(seen.now);
            self.steady_since = None;
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

    /// The figures of the exam, which ends at `now`: for a hard limit (N) and tissue of this stiffness (N/m). What is still under way
    /// counts for as long as it has lasted.
    pub fn finish(mut self, hard_force: f64, stiffness: f64, now: Time) -> Figures {
        self.finish_loss();
        self.finish_stop(now);
        self.finish_sensor(now);
        self.finish_arm(now);
        if self.last.is_some_and(|(_, ladder)| matches!(ladder, Ladder::Engaged | Ladder::Hold)) {
            self.finish_link(now);
        }
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
        self.line.ends(now);
        let counted = self.line.before.unwrap_or_else(|| now.saturating_since(Time::ZERO));
        let softened = self.softened as f64;
        self.note(Figure::SoftenPerHour, softened / (counted.as_secs_f64() / 3_600.0));
        self.figures
    }
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests;
