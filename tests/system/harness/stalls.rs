//! Whether the machine itself stood still: the only excuse an exam has for a watchdog that ended its driving.
//!
//! On each processor two threads do nothing but look at the clock every millisecond. One is scheduled as the cart's real-time
//! thread is, the other as everything else. When a thread that wants next to nothing of a processor does not get it for most of
//! the time that a watchdog waits, a program on that processor, which wants more of it, can't keep the watchdog quiet. A command
//! and a picture pass two programs, which may sit on different processors: time in which either stood still counts.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use farprobe_devices::MonotonicClock;
use farprobe_geom::Time;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use thread_priority::{ThreadPriority, ThreadPriorityValue};

/// How often a witness looks at the clock.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Shorter gaps are what any scheduler does. A host that takes its part in slices takes them of some such length.
const WORTH_KEEPING: Duration = Duration::from_millis(5);

/// The part of a watchdog's time that the machine must have taken. The rest is what the programs need of it on a machine that
/// runs them: a picture is 50 to 100 ms old when it is painted, of the 500 it may be.
const TAKEN: f64 = 0.75;

/// As the cart's real-time thread has by default.
const PRIORITY: u8 = 80;

/// How long after a stall its consequence may be seen: the cart acts at once, and the console, which has stood still as well,
/// has to hear of it and to write it down, after what else has piled up for it.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// A machine of which at least this part of the time a processor was not there is no place to judge a real-time program. A
/// quiet virtual machine was seen to be away for less than a hundredth; one that spoiled every exam for a third.
const UNFIT: f64 = 0.1;

/// Below this part the host leaves it its processors: what a quiet virtual machine was seen to miss, twice over.
const QUIET: f64 = 0.02;

/// Which threads a witness stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The cart's real-time thread.
    RealTime,
    /// All others.
    Ordinary,
}

/// A time in which a witness was not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) class: Class,
    pub(crate) cpu: usize,
    pub(crate) from: Time,
    pub(crate) to: Time,
}

impl Gap {
    fn lasted(&self) -> Duration {
        self.to.saturating_since(self.from)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = match self.class {
            Class::RealTime => "a real-time thread",
            Class::Ordinary => "an ordinary thread",
        };
        let (lasted, at) = (self.lasted().as_millis(), self.from.as_secs_f64());
        write!(f, "{class} on CPU {} was not run for {lasted} ms from {at:.3} s on", self.cpu)
    }
}

/// A watchdog of the demo's cart or console that a stall of the machine can trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Watchdog {
    /// How the ladder names it, or how the session log does.
    pub(crate) cause: &'static str,
    /// How long it waits. The demo's settings.
    pub(crate) waits: Duration,
    /// Whose absence trips it.
    pub(crate) class: Class,
}

/// Those of the cart, which the ladder names.
const OF_CART: [Watchdog; 3] = [
    Watchdog { cause: "LinkLost", waits: Duration::from_millis(200), class: Class::Ordinary },
    Watchdog { cause: "TickGap", waits: Duration::from_millis(20), class: Class::RealTime },
    Watchdog { cause: "PictureStale", waits: Duration::from_millis(500), class: Class::Ordinary },
];

/// Those of the console, which opens its clutch and says so.
const OF_CONSOLE: [Watchdog; 2] = [
    Watchdog { cause: "nothing is heard of the cart", waits: Duration::from_millis(250), class: Class::Ordinary },
    Watchdog { cause: "new pictures are late", waits: Duration::from_millis(500), class: Class::Ordinary },
];

impl Watchdog {
    /// The one that the ladder names so.
    pub(crate) fn named(cause: &str) -> Option<Self> {
        OF_CART.into_iter().find(|watchdog| watchdog.cause == cause)
    }

    /// The one for which the console opened its clutch, if it says so in `words`.
    pub(crate) fn told(words: &str) -> Option<Self> {
        let why = words.strip_prefix("the clutch is held and does not count: ")?;
        OF_CONSOLE.into_iter().find(|watchdog| why.starts_with(watchdog.cause))
    }

    /// The last gap of a stall, in one piece or several, that explains that it was seen to have tripped at `seen`.
    pub(crate) fn excuse(self, seen: Time, gaps: &[Gap]) -> Option<Gap> {
        let long = |last: &Gap| {
            let to = last.to.min(seen);
            let from = Time::from_nanos(to.as_nanos().saturating_sub(self.waits.as_nanos() as u64));
            away(self.class, gaps, (from, to)) >= self.waits.mul_f64(TAKEN)
        };
        let explains = |gap: &&Gap| gap.class == self.class && seen <= gap.to + SEEN_WITHIN && long(gap);
        gaps.iter().find(explains).copied()
    }
}

/// For how long of a span one processor at least did not run threads of `class`.
fn away(class: Class, gaps: &[Gap], (from, to): (Time, Time)) -> Duration {
    let clipped = gaps.iter().filter(|gap| gap.class == class).map(|gap| (gap.from.max(from), gap.to.min(to)));
    let mut spans: Vec<(Time, Time)> = clipped.filter(|(from, to)| from < to).collect();
    spans.sort();
    let mut counted = from;
    let new = spans.into_iter().map(|(from, to)| {
        let more = to.saturating_since(from.max(counted));
        counted = counted.max(to);
        more
    });
    new.sum()
}

/// What the witnesses have seen, and in which span they looked.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) gaps: Vec<Gap>,
    pub(crate) span: (Time, Time),
}

impl Seen {
    /// Which part of the time the machine was away, if it was so much that nothing can be said about real time on it.
    pub(crate) fn unfit(&self) -> Option<f64> {
        let (from, to) = self.span;
        let part = away(Class::Ordinary, &self.gaps, self.span).div_duration_f64(to.saturating_since(from));
        (part >= UNFIT).then_some(part)
    }

    /// The longest stall.
    pub(crate) fn longest(&self) -> Duration {
        self.gaps.iter().map(Gap::lasted).max().unwrap_or_default()
    }

    /// Whether the machine seems to be there: nothing but the host keeps a real-time thread waiting.
    pub(crate) fn quiet(&self) -> bool {
        let (from, to) = self.span;
        away(Class::RealTime, &self.gaps, self.span) < to.saturating_since(from).mul_f64(QUIET)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Enough to see what it was like; the longest first.
        const SHOWN: usize = 20;
        let mut gaps = self.gaps.clone();
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.lasted()));
        let ((from, to), away) = (self.span, away(Class::Ordinary, &self.gaps, self.span));
        let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
        write!(f, "from {from:.3} s to {to:.3} s the machine was away for {} ms", away.as_millis())?;
        gaps.iter().take(SHOWN).try_for_each(|gap| write!(f, "; {gap}"))
    }
}

/// The witnesses, at work until they are asked.
#[derive(Debug)]
pub(crate) struct StallDetector {
    started: Time,
    ended: Arc<AtomicBool>,
    witnesses: Vec<JoinHandle<Vec<Gap>>>,
}

impl StallDetector {
    /// Two witnesses for each processor that this process may use.
    pub(crate) fn start() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let usable = sched_getaffinity(None).expect("a process knows its processors");
        let cpus = (0..CpuSet::MAX_CPU).filter(|cpu| usable.is_set(*cpu));
        let posts = cpus.flat_map(|cpu| [(cpu, Class::RealTime), (cpu, Class::Ordinary)]);
        let witness = |(cpu, class)| {
            let ended = Arc::clone(&ended);
            std::thread::spawn(move || watch(cpu, class, &ended))
        };
        let witnesses = posts.map(witness).collect();
        Self { started: MonotonicClock.now(), ended, witnesses }
    }

    /// What they have seen.
    pub(crate) fn finish(mut self) -> Seen {
        self.ended.store(true, Ordering::Release);
        let witnesses = self.witnesses.drain(..);
        let gaps = witnesses.flat_map(|witness| witness.join().expect("a witness does not fail")).collect();
        Seen { gaps, span: (self.started, MonotonicClock.now()) }
    }
}

impl Drop for StallDetector {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
    }
}

fn watch(cpu: usize, class: Class, ended: &AtomicBool) -> Vec<Gap> {
    let mut only = CpuSet::new();
    only.set(cpu);
    sched_setaffinity(None, &only).expect("a thread may stay on a processor of its process");
    if class == Class::RealTime {
        let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let priority = ThreadPriorityValue::try_from(PRIORITY).expect("a priority");
        // Where it is not allowed, the cart's thread is an ordinary one too.
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(priority), policy);
    }
    let clock = MonotonicClock;
    let mut gaps = Vec::new();
    let mut from = clock.now();
    while !ended.load(Ordering::Acquire) {
        clock.sleep_until(from + LOOK_EVERY);
        let to = clock.now();
        if to.saturating_since(from) >= WORTH_KEEPING {
            gaps.push(Gap { class, cpu, from, to });
        }
        from = to;
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(class: Class, from: u64, to: u64) -> Gap {
        Gap { class, cpu: 0, from: Time::from_millis(from), to: Time::from_millis(to) }
    }

    fn excuse(cause: &str, seen: u64, gaps: &[Gap]) -> Option<Gap> {
        Watchdog::named(cause).unwrap().excuse(Time::from_millis(seen), gaps)
    }

    #[test]
    fn only_a_stall_of_most_of_the_watchdogs_time_is_an_excuse() {
        let long = gap(Class::Ordinary, 1_000, 1_150);
        assert_eq!(excuse("LinkLost", 1_205, &[long]), Some(long));
        assert_eq!(excuse("LinkLost", 1_205, &[gap(Class::Ordinary, 1_001, 1_150)]), None);
        assert_eq!(excuse("PictureStale", 1_205, &[long]), None, "this watchdog waits for 500 ms");
        assert_eq!(excuse("PictureStale", 1_600, &[gap(Class::Ordinary, 1_000, 1_375)]).map(|gap| gap.cpu), Some(0));
    }

    #[test]
    fn a_stall_in_pieces_counts_as_what_it_took_of_the_time() {
        let pieces = [gap(Class::Ordinary, 1_000, 1_080), gap(Class::Ordinary, 1_110, 1_190)];
        assert_eq!(excuse("LinkLost", 1_200, &pieces), Some(pieces[1]));
        let elsewhere = [pieces[0], Gap { cpu: 1, ..pieces[1] }];
        assert_eq!(excuse("LinkLost", 1_200, &elsewhere), Some(elsewhere[1]), "a command passes two programs");
        let at_once = [gap(Class::Ordinary, 1_100, 1_190), Gap { cpu: 1, ..gap(Class::Ordinary, 1_090, 1_180) }];
        assert_eq!(excuse("LinkLost", 1_200, &at_once), None, "half of the time both were there");
        let long_ago = [gap(Class::Ordinary, 500, 580), pieces[1]];
        assert_eq!(excuse("LinkLost", 1_200, &long_ago), None, "the watchdog was fed between them");
    }

    #[test]
    fn a_machine_that_is_often_away_is_unfit() {
        let span = (Time::from_millis(1_000), Time::from_millis(2_000));
        let seen = |gaps: &[Gap]| Seen { gaps: gaps.to_vec(), span }.unfit();
        assert_eq!(seen(&[]), None);
        assert_eq!(seen(&[gap(Class::Ordinary, 1_000, 1_099)]), None);
        assert_eq!(seen(&[gap(Class::RealTime, 1_000, 1_900)]), None, "every thread that has its turn counts as there");
        let twice = [gap(Class::Ordinary, 1_100, 1_160), Gap { cpu: 1, ..gap(Class::Ordinary, 1_120, 1_170) }];
        assert_eq!(seen(&twice), None, "what both missed counts once");
        assert_eq!(seen(&[twice[0], gap(Class::Ordinary, 1_950, 2_500)]), Some(0.11));
    }

    #[test]
    fn only_a_gap_just_before_is_an_excuse() {
        let gaps = [gap(Class::Ordinary, 1_000, 1_300)];
        for (seen, excused) in [(1_149, false), (1_150, true), (2_300, true), (2_301, false)] {
            assert_eq!(excuse("LinkLost", seen, &gaps).is_some(), excused, "seen at {seen} ms");
        }
    }

    #[test]
    fn a_busy_machine_is_no_excuse_for_the_real_time_thread() {
        let both = |class| [gap(class, 1_000, 1_030)];
        assert_eq!(excuse("TickGap", 1_040, &both(Class::Ordinary)), None);
        assert!(excuse("TickGap", 1_040, &both(Class::RealTime)).is_some());
    }

    #[test]
    fn other_causes_have_no_excuse_at_all() {
        for cause in ["PictureFrozen", "HandleLost", "ForceLimit", "Refused", "RoundTripTooLong"] {
            assert_eq!(Watchdog::named(cause), None);
        }
    }

    #[test]
    fn there_are_two_witnesses_for_each_processor_and_they_end() {
        let detector = StallDetector::start();
        let count = detector.witnesses.len();
        assert_eq!(count, 2 * sched_getaffinity(None).unwrap().count() as usize);
        for gap in detector.finish().gaps {
            assert!(gap.to.saturating_since(gap.from) >= WORTH_KEEPING);
        }
    }
}
