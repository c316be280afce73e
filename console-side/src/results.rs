//! The folders for an exam's results. What an earlier run has left in them is removed, and nothing else is ever deleted.
//!
//! A run lists the files that it may leave in a folder in `farprobe-results.txt` there; the next one removes what is listed. A
//! file of the same name that is not listed is somebody's own: it gets another name. Nothing is touched before the exam is
//! known to be possible.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use farprobe_devices::be_ordinary;

use crate::exam::picture_of;

/// The list of files that a run may leave in its folder, one name a line.
const LIST: &str = "farprobe-results.txt";

/// Pictures whose names don't depend on the script.
const USUAL_PICTURES: [&str; 2] = ["console.png", "ultrasound.png"];

/// The kinds of files that results are.
const KINDS: [&str; 3] = ["png", "json", "log"];

/// What kind of run leaves results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// An exam with a cart of its own right.
    Exam,
    /// A demo, which writes its cart's log, too.
    Demo,
}

impl Run {
    /// What it writes besides pictures.
    fn records(self) -> &'static [&'static str] {
        match self {
            Self::Exam => &["summary.json", "session.log"],
            Self::Demo => &["summary.json", "session.log", "cart.log"],
        }
    }
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results {
    /// Whose they are.
    pub run: Run,
    /// `summary.json` and the logs.
    pub out: PathBuf,
    /// Pictures of the window, if there are to be any.
    pub shots: Option<PathBuf>,
}

/// A file that stood where a result goes, and that no run of Farprobe has listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it was.
    pub from: PathBuf,
    /// Where it is now.
    pub to: PathBuf,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no result of an earlier run: it is now {}", self.from.display(), self.to.display())
    }
}

/// The folders of a run, made ready.
#[derive(Debug)]
pub struct Prepared {
    /// The files that had to make room.
    pub aside: Vec<SetAside>,
    /// As long as it is kept no other run can have the folders.
    pub claim: Claim,
}

/// The right to a run's folders: their lists, locked.
#[derive(Debug)]
pub struct Claim {
    _lists: Vec<File>,
}

/// A folder for results can't be used (operator, or this machine).
#[derive(Debug, thiserror::Error)]
#[error("the folder for {what} can't be used: {}: {source}: name another one with {option}, or mend its rights", path.display())]
pub struct ResultsError {
    what: &'static str,
    option: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Results {
    /// Makes the folders and removes what an earlier run has left in them. `marks` are the moments at which this run takes
    /// pictures. Two runs at a time can't have the same folder: the second would remove what the first writes.
    pub fn prepare(&self, marks: &[String]) -> Result<Prepared, ResultsError> {
        let records = self.run.records().iter().map(|name| (*name).to_owned()).collect();
        let mut folders = vec![Folder::open("results", "--out", &self.out, records)?];
        if let Some(shots) = &self.shots {
            let usual = USUAL_PICTURES.iter().map(|name| (*name).to_owned());
            let pictures = usual.chain(marks.iter().map(|mark| picture_of(mark))).collect();
            let shots = Folder::open("pictures", "--shots", shots, pictures)?;
            match folders.iter_mut().find(|folder| folder.path == shots.path) {
                // One folder has one list.
                Some(same) => same.names.extend(shots.names),
                None => folders.push(shots),
            }
        }
        let claim = |folder: &Folder| folder.claim().map_err(|source| folder.error(source));
        let mut lists = folders.iter().map(claim).collect::<Result<Vec<_>, _>>()?;
        let mut aside = Vec::new();
        for (folder, list) in folders.iter().zip(&mut lists) {
            folder.clear(list, &mut aside).map_err(|source| folder.error(source))?;
        }
        Ok(Prepared { aside, claim: Claim { _lists: lists } })
    }
}

/// A folder that is there, and what this run may leave in it.
struct Folder {
    what: &'static str,
    option: &'static str,
    path: PathBuf,
    names: Vec<String>,
}

impl Folder {
    fn open(what: &'static str, option: &'static str, path: &Path, names: Vec<String>) -> Result<Self, ResultsError> {
        let found = std::fs::create_dir_all(path).and_then(|()| path.canonicalize());
        let path = found.map_err(|source| ResultsError { what, option, path: path.to_owned(), source })?;
        Ok(Self { what, option, path, names })
    }

    fn error(&self, source: io::Error) -> ResultsError {
        ResultsError { what: self.what, option: self.option, path: self.path.clone(), source }
    }

    /// The files' names, each once: a script's mark may be for a usual picture.
    fn list(&self) -> String {
        let mut lines = String::new();
        for (at, name) in self.names.iter().enumerate() {
            if !self.names[..at].contains(name) {
                lines.push_str(name);
                lines.push('\n');
            }
        }
        lines
    }

    /// The folder's list, locked.
    fn claim(&self) -> io::Result<File> {
        let path = self.path.join(LIST);
        match be_ordinary(&path) {
            Err(error) if !error.is_not_found() => return Err(io::Error::other(format!("{LIST}: {error}"))),
            Ok(()) | Err(_) => {}
        }
        let list = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match list.try_lock() {
            Ok(()) => Ok(list),
            Err(TryLockError::WouldBlock) => Err(io::Error::other("another console has its results there")),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn clear(&self, list: &mut File, aside: &mut Vec<SetAside>) -> io::Result<()> {
        let mut earlier = String::new();
        list.read_to_string(&mut earlier)?;
        for name in earlier.lines().filter(|name| is_result_here(name)) {
            remove(&self.path.join(name))?;
            // What a run that was broken off while it wrote has left.
            remove(&self.path.join(format!("{name}.partial")))?;
        }
        for name in &self.names {
            aside.extend(set_aside(&self.path.join(name))?);
        }
        list.set_len(0)?;
        list.rewind()?;
        list.write_all(self.list().as_bytes())
    }
}

/// Somebody may have edited the list: it must not reach out of its folder, nor at what no run writes.
fn is_result_here(name: &str) -> bool {
    let path = Path::new(name);
    let kind = path.extension().and_then(OsStr::to_str);
    path.file_name() == Some(path.as_os_str()) && kind.is_some_and(|kind| KINDS.contains(&kind))
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Gives what is at `path` a name that nothing else has.
fn set_aside(path: &Path) -> io::Result<Option<SetAside>> {
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if !is_there(path) {
        return Ok(None);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut names = (1..=u16::MAX).map(|number| path.with_file_name(format!("{name}.kept-{number}")));
    let Some(to) = names.find(|to| !is_there(to)) else { return Err(io::ErrorKind::AlreadyExists.into()) };
    std::fs::rename(path, &to)?;
    Ok(Some(SetAside { from: path.to_owned(), to }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn fill(folder: &Path, names: &[&str]) {
        std::fs::create_dir_all(folder).unwrap();
        for name in names {
            std::fs::write(folder.join(name), "x").unwrap();
        }
    }

    fn both_in(folder: &Path, run: Run) -> Results {
        Results { run, out: folder.to_owned(), shots: Some(folder.join(".")) }
    }

    #[test]
    fn only_what_an_earlier_run_wrote_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let others = ["data.json", "fan.png", "holiday.png", "notes.log"];
        fill(here, &others);
        assert_eq!(both_in(here, Run::Demo).prepare(&marks(&["contact", "lifted"])).unwrap().aside, []);
        // What that run leaves, of which another script would not overwrite all.
        fill(here, &["console.png", "lifted.png", "summary.json", "cart.log", "lifted.png.partial"]);
        assert_eq!(both_in(here, Run::Exam).prepare(&marks(&["deep"])).unwrap().aside, []);
        assert_eq!(names(here), ["data.json", "fan.png", LIST, "holiday.png", "notes.log"]);
        assert!(others.iter().all(|name| here.join(name).exists()));
    }

    #[test]
    fn what_stands_where_a_result_goes_is_kept_under_another_name() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fill(here, &["summary.json", "console.png", "fan.png", "fan.png.kept-1", "cart.log"]);
        let aside = both_in(here, Run::Exam).prepare(&marks(&["fan"])).unwrap().aside;
        assert_eq!(aside.len(), 3);
        assert!(
            aside[0].to_string().contains("summary.json is no result of an earlier run: it is now "),
            "{}",
            aside[0]
        );
        let kept = ["cart.log", "console.png.kept-1", "fan.png.kept-1", "fan.png.kept-2", LIST, "summary.json.kept-1"];
        assert_eq!(names(here), kept);
        // And stays so.
        fill(here, &["summary.json"]);
        assert_eq!(both_in(here, Run::Exam).prepare(&[]).unwrap().aside, []);
        assert_eq!(names(here), kept);
    }

    #[test]
    fn each_of_two_folders_has_its_list() {
        let folder = tempfile::tempdir().unwrap();
        let (out, shots) = (folder.path().join("out"), folder.path().join("shots"));
        let results = Results { run: Run::Exam, out: out.clone(), shots: Some(shots.clone()) };
        results.prepare(&marks(&["fan"])).unwrap();
        fill(&out, &["session.log", "fan.png"]);
        fill(&shots, &["session.log", "fan.png"]);
        results.prepare(&[]).unwrap();
        assert_eq!(names(&out), ["fan.png", LIST]);
        assert_eq!(names(&shots), [LIST, "session.log"]);
    }

    #[test]
    fn a_file_stands_in_the_list_once() {
        let folder = tempfile::tempdir().unwrap();
        both_in(folder.path(), Run::Exam).prepare(&marks(&["contact", "fan", "fan"])).unwrap();
        let list = std::fs::read_to_string(folder.path().join(LIST)).unwrap();
        assert_eq!(list, "summary.json\nsession.log\nconsole.png\nultrasound.png\nfan.png\n");
    }

    #[test]
    fn an_edited_list_reaches_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (outside, here) = (folder.path(), folder.path().join("shots"));
        fill(outside, &["a.png"]);
        fill(&here, &["notes.txt", "b.png"]);
        std::fs::write(here.join(LIST), "../a.png\nnotes.txt\n/etc/c.png\n..\n.\n\nb.png\n").unwrap();
        let results = Results { run: Run::Exam, out: outside.join("out"), shots: Some(here.clone()) };
        results.prepare(&[]).unwrap();
        assert_eq!(names(&here), [LIST, "notes.txt"]);
        assert!(outside.join("a.png").exists());
    }

    #[test]
    fn a_folder_in_use_is_not_cleared_by_another_run() {
        let folder = tempfile::tempdir().unwrap();
        let first = both_in(folder.path(), Run::Exam).prepare(&[]).unwrap();
        let log = folder.path().join("session.log");
        std::fs::write(&log, "under way").unwrap();
        let error = both_in(folder.path(), Run::Exam).prepare(&[]).unwrap_err().to_string();
        assert!(error.contains("another console") && error.contains("--out"), "{error}");
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "under way");
        drop(first);
        both_in(folder.path(), Run::Exam).prepare(&[]).unwrap();
        assert!(!log.exists());
    }

    #[test]
    fn a_file_in_the_folders_place_is_an_error_that_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (path, out) = (folder.path().join("notes"), folder.path().join("out"));
        std::fs::write(&path, "keep me").unwrap();
        let results = Results { run: Run::Exam, out: path.clone(), shots: None };
        let error = results.prepare(&[]).unwrap_err().to_string();
        assert!(error.contains("notes: ") && error.contains("name another one with --out"), "{error}");
        fill(&out, &["session.log"]);
        std::fs::write(out.join(LIST), "session.log\n").unwrap();
        let results = Results { run: Run::Exam, out: out.clone(), shots: Some(path.clone()) };
        let error = results.prepare(&[]).unwrap_err().to_string();
        assert!(error.contains("for pictures") && error.contains("with --shots"), "{error}");
        assert_eq!(std::fs::read_to_string(path).unwrap(), "keep me");
        assert!(out.join("session.log").exists());
    }
}
