//! The scanner's controls as the handle turns them: from a press or a script's line to the settings to ask for.

use farprobe_geom::Metre;
use farprobe_proto::ScannerSettings;

use crate::handles;

/// One press of a depth button, m.
pub(super) const DEPTH_STEP: Metre = Metre::literal(0.01);
/// One press of a gain button, dB.
pub(super) const GAIN_STEP: f32 = 2.0;

/// What is known of the scanner's settings.
#[derive(Debug, Default)]
pub(super) struct Controls {
    /// What the scanner has, by its own word.
    echoed: Option<ScannerSettings>,
    /// What a script thinks the scanner has.
    scripted: Option<ScannerSettings>,
}

impl Controls {
    /// The scanner has these settings.
    pub(super) fn echo(&mut self, settings: ScannerSettings) {
        self.echoed = Some(settings);
    }

    /// What to ask for after a `change`; `None` as long as nobody knows what the scanner has.
    pub(super) fn changed(&self, change: impl FnOnce(&mut ScannerSettings)) -> Option<ScannerSettings> {
        let mut settings = self.echoed?;
        change(&mut settings);
        Some(settings)
    }

    /// What to ask for when a script has turned some of the controls: only what it turned, on top of what the scanner has. So a
    /// freeze is a freeze also for a source that offers nothing else.
    pub(super) fn turned(&mut self, wanted: ScannerSettings) -> Option<ScannerSettings> {
        let before = self.scripted.replace(wanted).unwrap_or(handles::PRESET);
        self.changed(|now| {
            *now = ScannerSettings {
                depth: turned(before.depth, wanted.depth, now.depth),
                gain_db: turned(before.gain_db, wanted.gain_db, now.gain_db),
                tgc_db: turned(before.tgc_db, wanted.tgc_db, now.tgc_db),
                focus: turned(before.focus, wanted.focus, now.focus),
                dynamic_range_db: turned(before.dynamic_range_db, wanted.dynamic_range_db, now.dynamic_range_db),
                frozen: turned(before.frozen, wanted.frozen, now.frozen),
            };
        })
    }
}

/// `wanted` if it was turned since `before`, otherwise what there is.
fn turned<T: PartialEq + Copy>(before: T, wanted: T, now: T) -> T {
    if wanted == before { now } else { wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_script_turned_is_asked_for() {
        let mut controls = Controls::default();
        let frozen = ScannerSettings { frozen: true, ..handles::PRESET };
        assert_eq!(controls.turned(frozen), None, "nobody knows what the scanner has");
        // A recording: its depth is its own.
        let recording = ScannerSettings { depth: Metre::literal(0.09), gain_db: 3.0, ..handles::PRESET };
        controls.echo(recording);
        let thawed = ScannerSettings { gain_db: 5.0, ..handles::PRESET };
        let asked = controls.turned(thawed);
        assert_eq!(asked, Some(ScannerSettings { gain_db: 5.0, ..recording }), "what the hand did not turn stays");
        assert_eq!(controls.turned(thawed), Some(recording), "turned once, not again");
    }

    #[test]
    fn a_press_changes_what_the_scanner_has() {
        let mut controls = Controls::default();
        assert_eq!(controls.changed(|settings| settings.depth += DEPTH_STEP), None);
        controls.echo(handles::PRESET);
        let deeper = controls.changed(|settings| settings.depth += DEPTH_STEP).map(|settings| settings.depth);
        assert!((deeper.map_or(0.0, Metre::get) - 0.16).abs() < 1e-9);
    }
}
