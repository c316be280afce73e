//! What the operator turns on the simulated scanner.

use farprobe_geom::Metre;

/// Bands of the time-gain compensation, shallow to deep.
pub const TGC_BANDS: usize = 8;

/// The scanner's controls. Values outside a range are brought to its nearest end, and NaN to its lower end: a picture is
/// drawn whatever is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Depth of the picture, 20–300 mm.
    pub depth: Metre,
    /// Overall gain, −40..40 dB. At 0 dB liver is a middle grey.
    pub gain_db: f32,
    /// Gain by depth, −20..20 dB each, evenly spaced from the probe's face to `depth`. It comes on top of the scanner's own
    /// compensation for soft tissue.
    pub tgc_db: [f32; TGC_BANDS],
    /// Depth of the transmit focus, 10–300 mm.
    pub focus: Metre,
    /// Dynamic range of the log compression, from black to white, 20–120 dB.
    pub dynamic_range_db: f32,
}

impl Default for Settings {
    /// An abdominal preset: 15 cm deep, focused at the liver's middle.
    fn default() -> Self {
        Self {
            depth: Metre::literal(0.15),
            gain_db: 0.0,
            tgc_db: [0.0; TGC_BANDS],
            focus: Metre::literal(0.08),
            dynamic_range_db: 60.0,
        }
    }
}

impl Settings {
    /// These settings with every value within its range.
    #[must_use]
    pub fn clamped(&self) -> Self {
        Self {
            depth: self.depth.clamp(Metre::literal(0.02), Metre::literal(0.30)),
            gain_db: within(self.gain_db, -40.0, 40.0),
            tgc_db: self.tgc_db.map(|band| within(band, -20.0, 20.0)),
            focus: self.focus.clamp(Metre::literal(0.01), Metre::literal(0.30)),
            dynamic_range_db: within(self.dynamic_range_db, 20.0, 120.0),
        }
    }

    /// The operator's gain at a fraction of the depth (0..1), dB: straight lines between the middles of the bands.
    pub(super) fn gain_at(&self, fraction: f32) -> f32 {
        let last = TGC_BANDS - 1;
        let place = (fraction * TGC_BANDS as f32 - 0.5).clamp(0.0, last as f32);
        let band = (place as usize).min(last - 1);
        let share = place - band as f32;
        self.gain_db + self.tgc_db[band] * (1.0 - share) + self.tgc_db[band + 1] * share
    }
}

/// The nearest value of `low..=high`. Not `f32::clamp`, which lets NaN through.
fn within(value: f32, low: f32, high: f32) -> f32 {
    value.max(low).min(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bands_are_met_in_their_middles_and_held_beyond_the_outer_ones() {
        let mut settings = Settings { gain_db: 3.0, ..Settings::default() };
        settings.tgc_db = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
        for (fraction, gain) in
            [(0.0, 3.0), (1.0 / 16.0, 3.0), (3.0 / 16.0, 4.0), (0.25, 4.5), (15.0 / 16.0, 11.0), (1.0, 11.0)]
        {
            assert!((settings.gain_at(fraction) - gain).abs() < 1e-5, "{fraction}");
        }
    }

    #[test]
    fn what_no_scanner_offers_is_brought_into_range() {
        let wild = Settings {
            depth: Metre::literal(9.0),
            gain_db: f32::NAN,
            tgc_db: [f32::INFINITY; TGC_BANDS],
            focus: Metre::literal(-1.0),
            dynamic_range_db: 0.0,
        };
        let tame = wild.clamped();
        assert_eq!(tame.depth, Metre::literal(0.30));
        assert_eq!(tame.gain_db, -40.0);
        assert_eq!(tame.tgc_db, [20.0; TGC_BANDS]);
        assert_eq!(tame.focus, Metre::literal(0.01));
        assert_eq!(tame.dynamic_range_db, 20.0);
    }
}
