//! The way of every single command, as a file for whoever measures.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use farprobe_geom::Time;
use farprobe_proto::Clutch;
use farprobe_session::accounting::TracedCommand;

/// How many commands are kept at most: 20 minutes of 500 a second, some 200 MB. What is traced is a measurement, no day's work.
pub(super) const MOST: usize = 600_000;

/// The names of the columns. Times are in ns, by the clock of the console up to `sent`, from `arrived` on, and by that of the cart
/// in between; what is not known is empty. Lengths are in m, the tip is of the picture and in the patient's frame.
const HEAD: &str = "sequence,clutch,reach,sampled,sent,received,applied,picture,captured,encoded,arrived,decoded,shown,tip_x,tip_y,\
                    tip_z";

/// A file that is there and empty, until the exam is over.
#[derive(Debug)]
pub struct Trace {
    file: File,
    path: PathBuf,
}

/// The file can't be had (operator, or this machine).
#[derive(Debug, thiserror::Error)]
#[error("--trace = {path}: {source}: name a new file in a folder that you may write to")]
pub struct TraceError {
    path: String,
    source: std::io::Error,
}

impl Trace {
    /// Makes the file. One that is there already is somebody's, and stays.
    pub fn create(path: &Path) -> Result<Self, TraceError> {
        let file = File::create_new(path).map_err(|source| TraceError { path: path.display().to_string(), source })?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Writes the commands.
    pub(super) fn save(mut self, commands: &[TracedCommand]) -> Result<(), String> {
        let mut text = format!("{HEAD}\n");
        for command in commands {
            row(&mut text, command);
        }
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|error| format!("{} could not be written ({error}): free some space", self.path.display()))
    }
}

fn row(text: &mut String, command: &TracedCommand) {
    let clutch = match command.clutch {
        Clutch::Open => "open",
        Clutch::Pressed => "pressed",
        Clutch::HandleLost => "lost",
    };
    let maybe = |at: Option<Time>| at.map_or_else(String::new, |at| at.as_nanos().to_string());
    let (picture, stamp) = (&command.picture, &command.picture.stamp);
    let tip = stamp.tip.position();
    // Writing to a string can't fail.
    let _ = writeln!(
        text,
        "{},{clutch},{:.6},{},{},{},{},{},{},{},{},{},{},{:.6},{:.6},{:.6}",
        command.sequence,
        command.reach.get(),
        command.sampled_at.as_nanos(),
        command.sent_at.as_nanos(),
        maybe(command.received_at),
        maybe(command.applied_at),
        stamp.number,
        stamp.captured_at.as_nanos(),
        stamp.encoded_at.as_nanos(),
        picture.received_at.as_nanos(),
        picture.decoded_at.as_nanos(),
        picture.shown_at.as_nanos(),
        tip.x,
        tip.y,
        tip.z
    );
}

#[cfg(test)]
mod tests {
    use farprobe_geom::{Metre, Newton, Pose};
    use farprobe_proto::PictureStamp;
    use farprobe_session::accounting::ShownPicture;

    use super::*;

    #[test]
    fn every_stamp_has_its_column_and_what_is_not_known_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.csv");
        let at = Time::from_nanos;
        let stamp = PictureStamp {
            number: 3,
            captured_at: at(5),
            encoded_at: at(6),
            epoch: None,
            applied_sequence: 9,
            tip: Pose::identity(),
            force: Newton::ZERO,
        };
        let picture = ShownPicture { stamp, received_at: at(7), decoded_at: at(8), shown_at: at(9) };
        let (sampled_at, sent_at, received_at, applied_at) = (at(1), at(2), Some(at(4)), None);
        let (sequence, clutch, reach) = (9, Clutch::Pressed, Metre::literal(0.0125));
        let command = TracedCommand { sequence, clutch, reach, sampled_at, sent_at, received_at, applied_at, picture };
        Trace::create(&path).unwrap().save(&[command]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines, [HEAD, "9,pressed,0.012500,1,2,4,,3,5,6,7,8,9,0.000000,0.000000,0.000000"]);
        let error = Trace::create(&path).unwrap_err().to_string();
        assert!(error.contains("trace.csv: ") && error.contains("name a new file"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is somebody's");
    }
}
