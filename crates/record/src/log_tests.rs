use super::*;
use farprobe_geom::Metre;
use farprobe_proto::{Joint, Objection, TGC_BANDS};

fn mark(name: &str) -> LogEntry {
    LogEntry::Mark { words: name.to_owned() }
}

fn entries(bytes: &[u8]) -> Vec<LogEntry> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// A disk that takes `room` bytes, then no more until it is given room.
#[derive(Debug, Default)]
struct Disk {
    taken: Vec<u8>,
    room: usize,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fits = bytes.len().min(self.room);
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room -= fits;
        self.taken.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_says_when_what_and_why() {
    let mut log = LogFile::new(Vec::new());
    let (from, to, cause) = (Ladder::Engaged, Ladder::Hold, Cause::ClutchOpened);
    let transition = Transition { at: Time::ZERO, from, to, cause, origin: cause, epoch: None };
    log.write(Time::from_millis(12_500), &transition.into()).unwrap();
    let line = String::from_utf8(log.sink).unwrap();
    assert_eq!(
        line,
        "{\"time_s\":12.5,\"kind\":\"ladder\",\"from\":\"Engaged\",\"to\":\"Hold\",\"cause\":\"ClutchOpened\",\
         \"words\":\"engaged → hold: clutch opened\"}\n"
    );
}

#[test]
fn a_refusal_is_logged_with_its_reason_and_comes_back() {
    let cause = Cause::Refused(Objection::Jump(Joint(4)));
    let (from, to, origin) = (Ladder::Engaged, Ladder::Soften, cause);
    let transition = Transition { at: Time::ZERO, from, to, cause, origin, epoch: None };
    let mut log = LogFile::new(Vec::new());
    log.write(Time::ZERO, &transition.into()).unwrap();
    assert_eq!(entries(&log.sink), [LogEntry::from(transition)]);
    let line = String::from_utf8(log.sink).unwrap();
    assert!(line.contains("\"cause\":{\"Refused\":{\"Jump\":4}}"), "{line}");
    assert!(line.contains("joint 5 would have jumped"), "{line}");
}

#[test]
fn every_kind_of_entry_comes_back() {
    let settings = ScannerSettings {
        depth: Metre::literal(0.15),
        gain_db: 2.5,
        tgc_db: [1.0; TGC_BANDS],
        focus: Metre::literal(0.08),
        dynamic_range_db: 60.0,
        frozen: true,
    };
    let words = || "two\nlines and a \"quote\"".to_owned();
    let started = LogEntry::Started {
        software: words(),
        commit: "abc".to_owned(),
        machine: Machine::here(),
        started_at: "2026-11-22T13:00:00Z".to_owned(),
    };
    let all = [
        started,
        LogEntry::Event { severity: Severity::Alarm, words: words() },
        LogEntry::Scanner { settings },
        LogEntry::Lease { epoch: Some(Epoch(3)), words: words() },
        mark("contact"),
        LogEntry::Lost { lines: 2 },
        LogEntry::Ended { words: words() },
    ];
    let mut log = LogFile::new(Vec::new());
    for entry in &all {
        log.write(Time::ZERO, entry).unwrap();
    }
    assert_eq!(log.sink.split_inclusive(|byte| *byte == b'\n').count(), all.len(), "one line each");
    assert_eq!(entries(&log.sink), all);
}

#[test]
fn a_full_disk_costs_lines_and_says_how_many() {
    let mut log = LogFile::new(Disk { room: 60, ..Disk::default() });
    log.write(Time::ZERO, &mark("before")).unwrap();
    assert!(log.write(Time::ZERO, &mark("torn in the middle")).is_err());
    assert!(log.write(Time::ZERO, &mark("not at all")).is_err());
    log.sink.room = 10_000;
    log.write(Time::ZERO, &mark("after")).unwrap();
    log.write(Time::ZERO, &mark("and on")).unwrap();
    let expected = [mark("before"), LogEntry::Lost { lines: 2 }, mark("after"), mark("and on")];
    assert_eq!(entries(&log.sink.taken), expected);
}

#[test]
fn the_thread_writes_everything_that_was_handed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.log");
    let log = SessionLog::create(&path).unwrap();
    for n in 0..500 {
        log.write(Time::from_millis(n), mark(&n.to_string()));
    }
    log.finish().unwrap();
    let written = entries(&std::fs::read(&path).unwrap());
    assert_eq!(written, (0..500).map(|n| mark(&n.to_string())).collect::<Vec<_>>());
}

#[test]
fn a_folder_that_is_not_there_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    assert!(SessionLog::create(&folder.path().join("none/session.log")).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_never_stops_the_caller() {
    let log = SessionLog::create(Path::new("/dev/full")).unwrap();
    for n in 0..5_000 {
        log.write(Time::from_millis(n), mark("lost"));
    }
    let error = log.finish().unwrap_err().to_string();
    assert!(error.contains("5000 lines were lost") && error.contains("No space left"), "{error}");
}
