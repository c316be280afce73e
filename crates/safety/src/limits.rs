//! The compiled ceilings, and presets that may only lower them.

use core::fmt;

use farprobe_geom::{MetrePerSecond, MetrePerSecond2, MetrePerSecond3, Newton, NewtonMetre, RadianPerSecond};

/// How fast the tip may move along the probe, or across it as a whole, and how fast that may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearRow {
    /// Speed, m/s.
    pub speed: MetrePerSecond,
    /// Acceleration, m/s².
    pub acceleration: MetrePerSecond2,
    /// Jerk, m/s³.
    pub jerk: MetrePerSecond3,
}

/// How fast the tip may turn as a whole, and how fast that may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AngularRow {
    /// Angular speed, rad/s.
    pub speed: RadianPerSecond,
    /// Angular acceleration, rad/s².
    pub acceleration: f64,
    /// Angular jerk, rad/s³.
    pub jerk: f64,
}

/// Everything the gate holds the tip to.
///
/// [`Limits::CEILINGS`] are compiled in; [`Limits::tighten`] is the only way to other ones, and the gate takes the lower
/// of each number and its ceiling whatever it is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Above it the probe moves no deeper, N.
    pub soft_force: Newton,
    /// Never passed by the probe's own motion, N. From here on the gate itself drives outward.
    pub hard_force: Newton,
    /// Never passed, N·m.
    pub torque: NewtonMetre,
    /// Towards the patient before touch, m/s.
    pub approach_speed: MetrePerSecond,
    /// Towards the patient: speed in contact (the approach-speed formula binds first on stiff tissue), and how fast it may
    /// build up.
    pub inward: LinearRow,
    /// Away from the patient along the probe's axis: force is lowered by it, so it is the fastest row.
    pub outward: LinearRow,
    /// Across the skin.
    pub lateral: LinearRow,
    /// Tilting and turning.
    pub angular: AngularRow,
}

impl Limits {
    /// The compiled ceilings.
    pub const CEILINGS: Self = Self {
        // Abdominal scanning presses with about 5–15 N; beyond that the picture gains nothing.
        soft_force: Newton::literal(15.0),
        // Five newtons for what the patient does by himself before the probe must yield.
        hard_force: Newton::literal(20.0),
        // 20 N at the edge of a 60 mm probe face would be 0.6 N·m; more means that the probe is levering.
        torque: NewtonMetre::literal(1.0),
        approach_speed: MetrePerSecond::literal(0.010),
        inward: LinearRow {
            // Follows skin that falls away by breathing: 10 mm at 0.5 Hz is 31 mm/s at most; twice that.
            speed: MetrePerSecond::literal(0.060),
            // Breathing needs 0.1 m/s²; the rest is for the force loop.
            acceleration: MetrePerSecond2::literal(2.0),
            jerk: MetrePerSecond3::literal(200.0),
        },
        outward: LinearRow {
            speed: MetrePerSecond::literal(0.200),
            // Full braking from the fastest inward speed in 22 ms; a third of what the arms of the shipped cards can do.
            acceleration: MetrePerSecond2::literal(5.0),
            // Full braking is reached in 10 ms, so it costs the approach-speed formula 5 ms.
            jerk: MetrePerSecond3::literal(500.0),
        },
        lateral: LinearRow {
            // A hand scans at up to 0.1 m/s; the control law saturates there.
            speed: MetrePerSecond::literal(0.120),
            // From full speed and full acceleration to rest in 90 ms: the promise is 100 ms.
            acceleration: MetrePerSecond2::literal(2.0),
            jerk: MetrePerSecond3::literal(200.0),
        },
        angular: AngularRow {
            // The control law saturates at 0.6 rad/s.
            speed: RadianPerSecond::literal(0.7),
            // From full speed and full acceleration to rest in 89 ms.
            acceleration: 12.0,
            jerk: 1200.0,
        },
    };

    /// These limits with what the preset lowers.
    ///
    /// # Errors
    /// The configuration's fault: a number that is higher than the limit in force, not positive, or a soft force limit that
    /// is not below the hard one. Nothing is clamped silently.
    pub fn tighten(&self, preset: &Preset) -> Result<Self, PresetError> {
        let mut limits = *self;
        lower(&mut limits.hard_force, preset.hard_force, Limit::HardForce)?;
        lower(&mut limits.soft_force, preset.soft_force, Limit::SoftForce)?;
        lower(&mut limits.torque, preset.torque, Limit::Torque)?;
        lower(&mut limits.approach_speed, preset.approach_speed, Limit::ApproachSpeed)?;
        lower(&mut limits.lateral.speed, preset.lateral_speed, Limit::LateralSpeed)?;
        lower(&mut limits.angular.speed, preset.angular_speed, Limit::AngularSpeed)?;
        if limits.soft_force < limits.hard_force { Ok(limits) } else { Err(PresetError::Crossed) }
    }

    /// The lower of each of these numbers and its compiled ceiling; a negative one counts as zero.
    #[must_use]
    pub(crate) fn under_ceilings(&self) -> Self {
        let c = Self::CEILINGS;
        let linear = |row: LinearRow, top: LinearRow| LinearRow {
            speed: row.speed.clamp(MetrePerSecond::ZERO, top.speed),
            acceleration: row.acceleration.clamp(MetrePerSecond2::ZERO, top.acceleration),
            jerk: row.jerk.clamp(MetrePerSecond3::ZERO, top.jerk),
        };
        // `f64::min` and `f64::max` take the other operand for NaN, so that NaN ends at the ceiling.
        let bare = |value: f64, top: f64| value.min(top).max(0.0);
        Self {
            soft_force: self.soft_force.clamp(Newton::ZERO, c.soft_force),
            hard_force: self.hard_force.clamp(Newton::ZERO, c.hard_force),
            torque: self.torque.clamp(NewtonMetre::ZERO, c.torque),
            approach_speed: self.approach_speed.clamp(MetrePerSecond::ZERO, c.approach_speed),
            inward: linear(self.inward, c.inward),
            outward: linear(self.outward, c.outward),
            lateral: linear(self.lateral, c.lateral),
            angular: AngularRow {
                speed: self.angular.speed.clamp(RadianPerSecond::ZERO, c.angular.speed),
                acceleration: bare(self.angular.acceleration, c.angular.acceleration),
                jerk: bare(self.angular.jerk, c.angular.jerk),
            },
        }
    }
}

/// What a site or an exam wants lower than the limits in force. `None` leaves a limit as it is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Preset {
    /// See [`Limits::soft_force`].
    pub soft_force: Option<Newton>,
    /// See [`Limits::hard_force`].
    pub hard_force: Option<Newton>,
    /// See [`Limits::torque`].
    pub torque: Option<NewtonMetre>,
    /// See [`Limits::approach_speed`].
    pub approach_speed: Option<MetrePerSecond>,
    /// The speed of [`Limits::lateral`].
    pub lateral_speed: Option<MetrePerSecond>,
    /// The speed of [`Limits::angular`].
    pub angular_speed: Option<RadianPerSecond>,
}

/// The name of a limit a preset may lower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// See [`Limits::soft_force`].
    SoftForce,
    /// See [`Limits::hard_force`].
    HardForce,
    /// See [`Limits::torque`].
    Torque,
    /// See [`Limits::approach_speed`].
    ApproachSpeed,
    /// The speed of [`Limits::lateral`].
    LateralSpeed,
    /// The speed of [`Limits::angular`].
    AngularSpeed,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SoftForce => "soft force limit",
            Self::HardForce => "hard force limit",
            Self::Torque => "torque limit",
            Self::ApproachSpeed => "approach speed",
            Self::LateralSpeed => "lateral speed",
            Self::AngularSpeed => "angular speed",
        })
    }
}

/// A preset that is refused: the configuration is to blame, and is to be mended there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresetError {
    /// A limit would be raised. Presets may only lower.
    Loosened {
        /// The limit that would be raised.
        which: Limit,
    },
    /// A limit must be greater than zero.
    NotPositive {
        /// The limit that is not.
        which: Limit,
    },
    /// The soft force limit must be below the hard one.
    Crossed,
}

impl fmt::Display for PresetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loosened { which } => write!(f, "the {which} may only be lowered"),
            Self::NotPositive { which } => write!(f, "the {which} must be greater than zero"),
            Self::Crossed => f.write_str("the soft force limit must be below the hard force limit"),
        }
    }
}

impl core::error::Error for PresetError {}

/// Replaces `limit` by `wanted` if that is lower.
fn lower<Q: PartialOrd + Default + Copy>(limit: &mut Q, wanted: Option<Q>, which: Limit) -> Result<(), PresetError> {
    let Some(wanted) = wanted else { return Ok(()) };
    if wanted <= Q::default() {
        return Err(PresetError::NotPositive { which });
    }
    if wanted > *limit {
        return Err(PresetError::Loosened { which });
    }
    *limit = wanted;
    Ok(())
}
