//! The session log: one JSON object a line.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use farprobe_geom::Time;
use farprobe_proto::{Cause, Epoch, Ladder, ScannerSettings, Severity, Transition};
use serde::{Deserialize, Serialize};

use crate::words::transition_words;
use crate::{Machine, RecordError};

/// Lines that may wait for the disk. An exam writes a few a second; a thousand are minutes.
const MAX_WAITING: usize = 1_024;

/// Something that happened, with its words for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LogEntry {
    /// The log begins.
    Started {
        /// The program and its version.
        software: String,
        /// The commit it was built from.
        commit: String,
        /// The machine it runs on.
        machine: Machine,
        /// The wall time of this line, RFC 3339 to the millisecond, UTC: it ties the times of all lines to the calendar.
        started_at: String,
    },
    /// Something the operator was told.
    Event {
        /// How much it matters.
        severity: Severity,
        /// What was said.
        words: String,
    },
    /// A step of the ladder.
    Ladder {
        /// From where.
        from: Ladder,
        /// To where.
        to: Ladder,
        /// Why.
        cause: Cause,
        /// The same in words.
        words: String,
    },
    /// The scanner has new settings.
    Scanner {
        /// All settings, as the scanner echoed them.
        settings: ScannerSettings,
    },
    /// The right to drive has changed hands.
    Lease {
        /// The lease in force, if any.
        epoch: Option<Epoch>,
        /// Who holds it, as their certificate names them, or that nobody does.
        words: String,
    },
    /// A named moment.
    Mark {
        /// Its name.
        words: String,
    },
    /// Lines are missing here: the disk was full or too slow.
    Lost {
        /// How many.
        lines: u64,
    },
    /// The log ends in good order: the last line of each that was not cut short.
    Ended {
        /// How what it tells of ended.
        words: String,
    },
}

impl From<Transition> for LogEntry {
    fn from(transition: Transition) -> Self {
        let Transition { from, to, cause, .. } = transition;
        Self::Ladder { from, to, cause, words: transition_words(&transition) }
    }
}

/// A line: when it was, in s of the writer's own monotonic clock, and what.
#[derive(Serialize)]
struct Line<'a> {
    time_s: f64,
    #[serde(flatten)]
    entry: &'a LogEntry,
}

/// Writes log lines, each whole and at once, so that a crash costs no line already written.
///
/// Lines stand in the order in which they were handed over, and each says when it happened: where two threads tell of the same
/// moment, the later one may stand first.
///
/// What can't be written is lost, not repeated; the next line that can be written is preceded by how many were lost.
#[derive(Debug)]
pub struct LogFile<W: Write> {
    sink: W,
    lost: u64,
    /// A line may have been written in part: what follows must begin on a new one.
    torn: bool,
}

impl<W: Write> LogFile<W> {
    /// A log that writes to `sink`.
    pub const fn new(sink: W) -> Self {
        Self { sink, lost: 0, torn: false }
    }

    /// Writes what happened at `at`, by the writer's own monotonic clock. After an error the log can be used on.
    pub fn write(&mut self, at: Time, entry: &LogEntry) -> io::Result<()> {
        let written = self.catch_up(at).and_then(|()| self.line(at, entry));
        if written.is_err() {
            self.note_lost(1);
        }
        written
    }

    /// Notes that lines were lost before they came here.
    pub fn note_lost(&mut self, lines: u64) {
        self.lost = self.lost.saturating_add(lines);
    }

    fn catch_up(&mut self, at: Time) -> io::Result<()> {
        if self.lost > 0 {
            self.line(at, &LogEntry::Lost { lines: self.lost })?;
            self.lost = 0;
        }
        Ok(())
    }

    fn line(&mut self, at: Time, entry: &LogEntry) -> io::Result<()> {
        let mut bytes = if self.torn { vec![b'\n'] } else { Vec::new() };
        serde_json::to_writer(&mut bytes, &Line { time_s: at.as_secs_f64(), entry })?;
        bytes.push(b'\n');
        self.torn = true;
        self.sink.write_all(&bytes)?;
        self.sink.flush()?;
        self.torn = false;
        Ok(())
    }
}

/// What the thread that writes and those that ask it share.
#[derive(Debug, Default)]
struct Shared {
    lost: AtomicU64,
    problem: Mutex<Option<String>>,
}

/// A session log with a thread of its own, so that neither a slow nor a full disk ever stops the caller.
#[derive(Debug)]
pub struct SessionLog {
    lines: Option<SyncSender<(Time, LogEntry)>>,
    writer: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    path: PathBuf,
}

impl SessionLog {
    /// Begins a new log at `path`; one that is there is replaced.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        let file = File::create(path).map_err(|error| RecordError::file(path, error))?;
        let (lines, receiver) = sync_channel(MAX_WAITING);
        let shared = Arc::new(Shared::default());
        let writing = Arc::clone(&shared);
        let writer = std::thread::Builder::new()
            .name("session-log".into())
            .spawn(move || write_all(&receiver, LogFile::new(file), &writing))
            .map_err(|error| RecordError::file(path, error))?;
        Ok(Self { lines: Some(lines), writer: Some(writer), shared, path: path.to_owned() })
    }

    /// Hands over what happened at `at`, by the caller's own monotonic clock. Never waits and never fails: a line that can't
    /// be kept is counted.
    pub fn write(&self, at: Time, entry: impl Into<LogEntry>) {
        let Some(lines) = &self.lines else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = lines.try_send((at, entry.into())) {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines lost so far.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// What the system said when a line could not be written last, for the screen.
    pub fn problem(&self) -> Option<String> {
        self.shared.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything handed over is written. An error if any line was lost.
    pub fn finish(mut self) -> Result<(), RecordError> {
        self.close();
        match (self.lost(), self.problem()) {
            (0, _) => Ok(()),
            (lost, problem) => {
                let why = problem.unwrap_or_else(|| "the disk was too slow".to_owned());
                Err(RecordError::file(&self.path, io::Error::other(format!("{lost} lines were lost: {why}"))))
            }
        }
    }

    fn close(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // It ends when the last line is written. It has no way to panic; if it did, its lines were lost anyway.
            let _ = writer.join();
        }
    }
}

impl Drop for SessionLog {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_all(lines: &Receiver<(Time, LogEntry)>, mut file: LogFile<File>, shared: &Shared) {
    let mut noted = 0;
    while let Ok((at, entry)) = lines.recv() {
        let lost = shared.lost.load(Ordering::Relaxed);
        file.note_lost(lost - noted);
        noted = lost;
        if let Err(error) = file.write(at, &entry) {
            shared.lost.fetch_add(1, Ordering::Relaxed);
            noted += 1;
            *shared.problem.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        }
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
