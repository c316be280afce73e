//! A handle that is a file: times, motions, presses and scanner actions.
//!
//! ```text
//! # One line, one action. Times are seconds from the start; "over" gives a motion its duration.
//! at 0.5            clutch press
//! at 0.5 over 5     move z +45 mm       # along the handle's own axes: z out of the nose, x lateral
//! at 9   over 2     turn x +12 deg      # about the handle's own axes
//! at 9              force 8 N
//! at 12             scanner depth 12 cm # depth, focus in cm; gain, range in dB
//! at 14             freeze              # or unfreeze
//! at 15             mark frozen         # a moment with a name, for pictures and logs
//! at 16             stop                # the stop button
//! at 20             clutch open
//! at 30             end
//! ```
//!
//! A motion follows the minimum-jerk profile, which is how hands move (Flash and Hogan, J. Neurosci. 5(7), 1985).

mod motion;
mod parse;

use std::path::Path;
use std::time::Duration;

use farprobe_geom::{Newton, Time};
use farprobe_proto::ScannerSettings;

use self::motion::pose_at;
pub use self::parse::ParseError;
use self::parse::{Action, Line};
use crate::{DeviceError, ForceCue, Handle, HandleButton, HandleEvent, HandleMotion, HandleSample, read_text};

/// A script is sampled as often as commands are sent.
const PERIOD: Duration = Duration::from_millis(2);

/// A handle that plays a script from its first sample on.
#[derive(Debug, Clone)]
pub struct ScriptHandle {
    name: String,
    lines: Vec<Line>,
    marks: Vec<String>,
    settings: ScannerSettings,
    began: Option<Time>,
    next: usize,
    clutch: bool,
}

impl ScriptHandle {
    /// Reads the script at `path`. `settings` are what the scanner starts with: the script changes one at a time.
    pub fn load(path: &Path, settings: ScannerSettings) -> Result<Self, DeviceError> {
        let file = |what: String| DeviceError::File { path: path.display().to_string(), what };
        let text = read_text(path)
            .map_err(|error| file(format!("{error}: name a script that is there and that you may read")))?;
        let name = path.file_stem().map_or_else(|| "script".into(), |stem| stem.to_string_lossy().into_owned());
        Self::parse(&name, &text, settings).map_err(|error| file(error.to_string()))
    }

    /// Reads the script in `text`.
    pub fn parse(name: &str, text: &str, settings: ScannerSettings) -> Result<Self, ParseError> {
        let (lines, marks) = parse::parse(text)?;
        Ok(Self { name: format!("script {name}"), lines, marks, settings, began: None, next: 0, clutch: false })
    }

    /// The names that [`HandleEvent::Mark`] counts.
    pub fn marks(&self) -> &[String] {
        &self.marks
    }

    /// How long the script runs.
    pub fn duration(&self) -> Duration {
        self.lines.last().map_or(Duration::ZERO, |line| line.at)
    }

    /// The strongest contact that the script asks for, N: it sets a force and presses the clutch. `None` for a script that
    /// does not mean to touch.
    pub fn contact(&self) -> Option<Newton> {
        let presses = self.lines.iter().any(|line| line.action == Action::Clutch(true));
        let force = |line: &Line| if let Action::Force(force) = line.action { Some(force) } else { None };
        let forces = self.lines.iter().filter_map(force).filter(|force| presses && *force > Newton::ZERO);
        forces.reduce(Newton::max)
    }

    /// The settings the scanner really has, so that the script's next change starts from there.
    pub fn set_scanner(&mut self, settings: ScannerSettings) {
        self.settings = settings;
    }

    fn act(&mut self, action: &Action) -> Option<HandleEvent> {
        match action {
            Action::Clutch(pressed) => {
                self.clutch = *pressed;
                None
            }
            Action::Motion(_) => None,
            Action::Force(force) => Some(HandleEvent::DesiredForce(*force)),
            Action::Scanner(change) => {
                change.apply(&mut self.settings);
                Some(HandleEvent::Scanner(self.settings))
            }
            Action::Stop => Some(HandleEvent::Button(HandleButton::Stop)),
            Action::Mark(index) => Some(HandleEvent::Mark(*index)),
            Action::End => {
                self.clutch = false;
                Some(HandleEvent::Finished)
            }
        }
    }
}

impl Handle for ScriptHandle {
    fn name(&self) -> &str {
        &self.name
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    fn sample(&mut self, now: Time) -> Result<HandleSample, DeviceError> {
        let began = *self.began.get_or_insert(now);
        let elapsed = now.saturating_since(began);
        let mut events = Vec::new();
        while let Some(line) = self.lines.get(self.next).filter(|line| line.at <= elapsed).cloned() {
            self.next += 1;
            events.extend(self.act(&line.action));
        }
        let motion = HandleMotion::Position(pose_at(&self.lines, elapsed));
        Ok(HandleSample { sampled_at: now, motion, clutch: self.clutch, away: None, events })
    }

    fn cue(&mut self, _now: Time, _cue: &ForceCue) {
        // A file has no hand to feel it.
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farprobe_geom::Metre;
    use farprobe_proto::TGC_BANDS;

    fn settings() -> ScannerSettings {
        ScannerSettings {
            depth: Metre::literal(0.16),
            gain_db: 0.0,
            tgc_db: [0.0; TGC_BANDS],
            focus: Metre::literal(0.08),
            dynamic_range_db: 60.0,
            frozen: false,
        }
    }

    fn play(text: &str, upto_ms: u64) -> (HandleSample, Vec<HandleEvent>) {
        let mut handle = ScriptHandle::parse("test", text, settings()).unwrap();
        let mut events = Vec::new();
        let mut last = handle.sample(Time::from_millis(1000)).unwrap();
        for ms in 0..=upto_ms {
            last = handle.sample(Time::from_millis(1000 + ms)).unwrap();
            events.append(&mut last.events);
        }
        (last, events)
    }

    fn z(sample: &HandleSample) -> f64 {
        match sample.motion {
            HandleMotion::Position(pose) => pose.position().z,
            HandleMotion::Rate(_) => panic!("a script is a position handle"),
        }
    }

    #[test]
    fn a_motion_ends_where_it_says_and_half_way_is_half() {
        let text = "at 1 over 2 move z +40 mm\nat 4 end\n";
        assert!((z(&play(text, 2000).0) - 0.020).abs() < 1e-9);
        assert!((z(&play(text, 3500).0) - 0.040).abs() < 1e-12);
    }

    #[test]
    fn presses_and_actions_come_once_and_in_order() {
        let text = "at 0.1 clutch press\nat 0.2 scanner depth 12 cm\nat 0.2 freeze\nat 0.3 mark deep\nat 0.4 end\n";
        let (last, events) = play(text, 350);
        assert!(last.clutch);
        let mut deep = ScannerSettings { depth: Metre::literal(0.12), ..settings() };
        let mut expected = vec![HandleEvent::Scanner(deep)];
        deep.frozen = true;
        expected.extend([HandleEvent::Scanner(deep), HandleEvent::Mark(0)]);
        assert_eq!(events, expected);
        let (last, events) = play(text, 500);
        assert!(!last.clutch, "the end opens the clutch");
        assert_eq!(events.last(), Some(&HandleEvent::Finished));
    }

    #[test]
    fn who_sets_a_force_and_presses_means_to_touch() {
        let contact = |text: &str| ScriptHandle::parse("test", text, settings()).unwrap().contact();
        assert_eq!(contact("at 0 force 3 N\nat 1 clutch press\nat 2 force 8 N\nat 3 end"), Some(Newton::literal(8.0)));
        assert_eq!(contact("at 0 force 3 N\nat 1 clutch open\nat 3 end"), None);
        assert_eq!(contact("at 0 force 0 N\nat 1 clutch press\nat 3 end"), None);
        assert_eq!(contact("at 1 clutch press\nat 3 end"), None);
    }

    #[test]
    fn the_shipped_exams_are_good() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/exams");
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let handle = ScriptHandle::load(&entry.unwrap().path(), settings()).unwrap();
            assert!(handle.duration() > Duration::from_secs(5));
            seen += 1;
        }
        assert!(seen > 0);
    }
}
