//! How long the ladder waits, with the ranges a site may choose from.

use core::fmt;
use core::time::Duration;

use farprobe_geom::{Metre, MetrePerSecond, Newton};

/// The servo's period. Rates per message assume that each message moves the arm for this long.
pub const TICK: Duration = Duration::from_millis(1);

/// The force a release, stop, fault or disarm lowers to before anything else happens, N. Light enough to breathe under,
/// heavy enough to be told from sensor bias (±0.5 N) and noise.
pub const RELEASED_FORCE: Newton = Newton::literal(2.0);

/// A probe at rest yields to a patient who comes towards it from here on, N: what sensor and arm are late by at 30 mm/s of breathing
/// must not carry the force above [`RELEASED_FORCE`].
pub(crate) const YIELDING_FORCE: Newton = Newton::literal(1.8);

/// A stop, fault or disarm brakes at the latest this long after it began to lower the force.
pub const LOWERING_TIME: Duration = Duration::from_millis(500);

/// From the beginning of the descent to Release: long enough for a burst of loss to end and the operator to press again.
pub const SOFTEN_TIME: Duration = Duration::from_millis(250);

/// From the beginning of the descent to Parked.
pub const PARK_TIME: Duration = Duration::from_secs(5);

/// A lift that has got nowhere by then is given up: the arm rests instead of pulling for ever.
pub const LIFT_TIMEOUT: Duration = Duration::from_secs(10);

/// Speed of a retract: slow enough not to startle, and 4 s of it are more than the lift needs.
pub const RETRACT_SPEED: MetrePerSecond = MetrePerSecond::literal(0.050);

/// Speed of the lift that lets go of a patient without knowing the force. From the soft ceiling of 15 N tissue of 0.3 N/mm, the
/// softest of the cards, is let go of down to 2 N by 43 mm, and half a second is promised for it.
pub const BLIND_LIFT_SPEED: MetrePerSecond = MetrePerSecond::literal(0.120);

/// How far a retract lifts the probe: clear of a deep breath and a raised arm.
pub const LIFT_HEIGHT: Metre = Metre::literal(0.100);

/// How far the probe is lifted after a sensor fault when the site's policy is never to retract: enough to release any
/// tissue of the shipped cards from the hard limit without knowing the force.
pub const BLIND_RELEASE_HEIGHT: Metre = Metre::literal(0.030);

/// A picture older than this is not steered by.
pub const PICTURE_MAX_AGE: Duration = Duration::from_millis(500);

/// Whether the ladder lifts the probe off by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetractPolicy {
    /// So long after the descent began.
    After(Duration),
    /// Never: the probe stays compliant at [`RELEASED_FORCE`] until the staff lift it off.
    Never,
}

/// The round trips at which driving changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTripBands {
    /// Up to here driving is normal.
    pub normal: Duration,
    /// Up to here the speed is scaled down.
    pub slowed: Duration,
    /// Up to here the probe crawls; above it the operator is disengaged.
    pub crawling: Duration,
}

impl RoundTripBands {
    /// What is shipped: beyond 100 ms hand and eye drift apart, beyond 350 ms people move and wait.
    pub const SHIPPED: Self = Self {
        normal: Duration::from_millis(100),
        slowed: Duration::from_millis(200),
        crawling: Duration::from_millis(350),
    };
}

/// The ladder's times. Starts from [`Timing::SHIPPED`]; each change is checked against its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    link_timeout: Duration,
    hold: Duration,
    tick_gap: Duration,
    retract: RetractPolicy,
    round_trip: RoundTripBands,
}

impl Timing {
    /// What is shipped.
    pub const SHIPPED: Self = Self {
        link_timeout: Duration::from_millis(50),
        hold: Duration::from_secs(10),
        tick_gap: Duration::from_millis(3),
        retract: RetractPolicy::After(Duration::from_secs(1)),
        round_trip: RoundTripBands::SHIPPED,
    };

    /// How long without a fresh command the link is still believed in: 20–200 ms.
    pub fn with_link_timeout(self, link_timeout: Duration) -> Result<Self, OutOfRange> {
        within(link_timeout, 20, 200, Setting::LinkTimeout).map(|link_timeout| Self { link_timeout, ..self })
    }

    /// How long Hold may last: 1–30 s.
    pub fn with_hold(self, hold: Duration) -> Result<Self, OutOfRange> {
        within(hold, 1_000, 30_000, Setting::Hold).map(|hold| Self { hold, ..self })
    }

    /// The longest gap between ticks that is no fault: 3–20 ms.
    pub fn with_tick_gap(self, tick_gap: Duration) -> Result<Self, OutOfRange> {
        within(tick_gap, 3, 20, Setting::TickGap).map(|tick_gap| Self { tick_gap, ..self })
    }

    /// Whether and when the probe is lifted off by itself: 0.5–4 s after the descent began, or never.
    pub fn with_retract(self, retract: RetractPolicy) -> Result<Self, OutOfRange> {
        match retract {
            RetractPolicy::After(after) => within(after, 500, 4_000, Setting::Retract)?,
            RetractPolicy::Never => Duration::ZERO,
        };
        Ok(Self { retract, ..self })
    }

    /// Other round-trip bands. Wider ones than [`RoundTripBands::SHIPPED`] are a site's own decision, which the console
    /// must name on the screen; the bands must be in order and end at 2 s at most.
    pub fn with_round_trip(self, round_trip: RoundTripBands) -> Result<Self, OutOfRange> {
        let RoundTripBands { normal, slowed, crawling } = round_trip;
        within(crawling, 1, 2_000, Setting::RoundTrip)?;
        if normal <= slowed && slowed <= crawling {
            Ok(Self { round_trip, ..self })
        } else {
            Err(OutOfRange { which: Setting::RoundTrip })
        }
    }

    /// See [`Timing::with_link_timeout`].
    pub const fn link_timeout(&self) -> Duration {
        self.link_timeout
    }

    /// See [`Timing::with_hold`].
    pub const fn hold(&self) -> Duration {
        self.hold
    }

    /// See [`Timing::with_tick_gap`].
    pub const fn tick_gap(&self) -> Duration {
        self.tick_gap
    }

    /// See [`Timing::with_retract`].
    pub const fn retract(&self) -> RetractPolicy {
        self.retract
    }

    /// See [`Timing::with_round_trip`].
    pub const fn round_trip(&self) -> RoundTripBands {
        self.round_trip
    }
}

/// The name of a setting of [`Timing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// See [`Timing::with_link_timeout`].
    LinkTimeout,
    /// See [`Timing::with_hold`].
    Hold,
    /// See [`Timing::with_tick_gap`].
    TickGap,
    /// See [`Timing::with_retract`].
    Retract,
    /// See [`Timing::with_round_trip`].
    RoundTrip,
}

/// A time outside its range: the configuration is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange {
    /// The setting whose time it is.
    pub which: Setting,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.which {
            Setting::LinkTimeout => "the link timeout must be 20 to 200 ms",
            Setting::Hold => "the longest hold must be 1 to 30 s",
            Setting::TickGap => "the longest gap between ticks must be 3 to 20 ms",
            Setting::Retract => "a retract must begin 0.5 to 4 s after the descent, or never",
            Setting::RoundTrip => "the round-trip bands must be in order and end at 2 s at most",
        })
    }
}

impl core::error::Error for OutOfRange {}

/// `time` if it is `low..=high` ms.
fn within(time: Duration, low: u64, high: u64, which: Setting) -> Result<Duration, OutOfRange> {
    if (Duration::from_millis(low)..=Duration::from_millis(high)).contains(&time) {
        Ok(time)
    } else {
        Err(OutOfRange { which })
    }
}
