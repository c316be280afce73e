//! What a body is made from: the numbers a scenario may choose.

use std::time::Duration;

use farprobe_geom::{Metre, NewtonPerMetre, Time};

/// The numbers of one simulated patient.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyCard {
    /// How the patient breathes.
    pub breathing: Breathing,
    /// Time between heartbeats; zero stops the heart.
    pub heart_period: Duration,
    /// How stiff each region is.
    pub stiffness: RegionStiffness,
    /// The coughs of this scenario.
    pub coughs: Vec<Cough>,
}

/// Quiet breathing: the belly rises and falls as a raised cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Breathing {
    /// Half of what the belly's top travels between expiration and inspiration, 0–20 mm: "±4 mm" is 4 mm here.
    pub amplitude: Metre,
    /// Time of one breath; zero holds the breath at end-expiration.
    pub period: Duration,
}

/// What a probe of about 60 mm × 15 mm feels in each region, N/m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionStiffness {
    /// Soft abdomen.
    pub belly: NewtonPerMetre,
    /// Ribs and what is between them.
    pub chest: NewtonPerMetre,
    /// Skull under thin skin.
    pub skull: NewtonPerMetre,
}

/// One cough: the belly's top is thrown up and falls back, each way with the smooth speed of a raised cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cough {
    /// When it begins.
    pub at: Time,
    /// How far the belly's top is thrown up, 0–40 mm.
    pub height: Metre,
    /// Time of the way up.
    pub rise: Duration,
    /// Time of the way down.
    pub fall: Duration,
}

/// The deepest breath a card may ask for: a deep inspiration lifts a lying adult's belly by some 40 mm.
const MAX_BREATH_AMPLITUDE: Metre = Metre::literal(0.020);
/// The highest cough a card may ask for, twice the scenario's one.
const MAX_COUGH_HEIGHT: Metre = Metre::literal(0.040);

impl Breathing {
    /// No breath: a body that lies still.
    pub const HELD: Self = Self { amplitude: Metre::ZERO, period: Duration::ZERO };
    /// Quiet breathing of the demo: ±4 mm, 15 breaths a minute.
    pub const QUIET: Self = Self { amplitude: Metre::literal(0.004), period: Duration::from_secs(4) };
}

impl Default for Breathing {
    fn default() -> Self {
        Self::QUIET
    }
}

impl Default for RegionStiffness {
    /// The regions of the plant cards (DESIGN §6): belly 10, chest 25, skull 150 N/mm.
    fn default() -> Self {
        Self {
            belly: NewtonPerMetre::literal(10_000.0),
            chest: NewtonPerMetre::literal(25_000.0),
            skull: NewtonPerMetre::literal(150_000.0),
        }
    }
}

impl Cough {
    /// The cough of the plant cards (DESIGN §6), 20 mm in 300 ms, at this instant. The way down takes 500 ms: the belly
    /// falls back by itself, slower than the muscles threw it up.
    pub const fn at(at: Time) -> Self {
        Self { at, height: Metre::literal(0.020), rise: Duration::from_millis(300), fall: Duration::from_millis(500) }
    }
}

impl Default for BodyCard {
    /// The patient of the demo: quiet breath, 66 heartbeats a minute, the regions' usual stiffness, no cough.
    fn default() -> Self {
        Self {
            breathing: Breathing::QUIET,
            heart_period: Duration::from_millis(909),
            stiffness: RegionStiffness::default(),
            coughs: Vec::new(),
        }
    }
}

impl BodyCard {
    /// The same card with every number within what its field allows.
    pub(super) fn sane(mut self) -> Self {
        self.breathing.amplitude = self.breathing.amplitude.clamp(Metre::ZERO, MAX_BREATH_AMPLITUDE);
        for cough in &mut self.coughs {
            cough.height = cough.height.clamp(Metre::ZERO, MAX_COUGH_HEIGHT);
        }
        for stiffness in [&mut self.stiffness.belly, &mut self.stiffness.chest, &mut self.stiffness.skull] {
            *stiffness = stiffness.max(NewtonPerMetre::ZERO);
        }
        self
    }
}
