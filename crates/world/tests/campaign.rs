//! The campaign: seeded exams of every class, and the promises of DESIGN §6 held against the worst of them.
//!
//! `farprobe-bench world` runs more of the same, `replay` (an example) shows one.

use std::io::Write;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use farprobe_sim::arm::PlantCard;
use farprobe_world::campaign::{Bar, Class, ClassTally, Report, Tally, run};
use farprobe_world::invariants::Invariant;
use farprobe_world::meter::Figure;

/// How long an exam lasts. The faults of a seed come from the same draws only at the same length.
const LASTS: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);

/// How many exams `make test` runs: 60 of each class, about six minutes on two cores. The first 270 do while one works:
/// `FARPROBE_CAMPAIGN_SEEDS=270`.
const SEEDS: u64 = 2_000;

/// After so many exams the campaign says how far it is.
const TOLD_EVERY: u64 = 200;

/// Exams that once broke something, and what was at fault.
const FOUND: [(Class, Duration, &[u64]); 12] = [
    // While the sensor's zero was learnt the belly rose to the probe: the force was 0.35 N wrong afterwards.
    (Class::BreathingSoft, LASTS, &[461]),
    // After a step of the console's own clock it held every state for old, and kept its clutch open, for ten seconds.
    (Class::Clock, LASTS, &[231, 285, 528, 555]),
    // A leading count that an outage allowed made every honest command old for twenty seconds.
    (Class::Tampered, LASTS, &[176]),
    // Stop, disarm and reset at any moment.
    (Class::Bedside, LASTS, &[131]),
    // Half a second of the lift without the force sensor left 3.2 N on the softest tissue; joints at their fastest took 104 ms to
    // stop; a stretched arm, which can't brake, pressed a rib with 50 N and came to rest after half a second.
    (Class::Adversary, LASTS, &[92, 101, 181, 354, 566, 1322]),
    // 29 N by a slide on to a rib; 24 N when a slide stopped, because stiff tissue was taken for soft; 105 ms for joints that brake
    // everything at once; 110 ms along the ceiling, where a wall bent what nobody asked for any more.
    (Class::Adversary, MINUTE, &[3401, 2289, 2514, 2169, 4346]),
    // What was on its way when the line died: of a force asked for well ahead of the one there was, and of a slide down a slope.
    (Class::LinkLost, MINUTE, &[126, 677, 2463]),
    // 112 ms near a singular posture: across the skin the probe went on for the sake of what it did along its axis.
    (Class::Loss5Burst3, MINUTE, &[3143]),
    // The wall at the ceiling made a sideways motion of a lift that nobody drove: 0.09 m/s.
    (Class::Push, LASTS, &[294]),
    // The same in Fault, for a quarter of a second (8, 39); 24 to 34 N by a slide beside the skin, in the air, on to what rises before it.
    (Class::AdversaryInContact, LASTS, &[0, 8, 39, 55]),
    // Setpoints altered past the gate are noticed by nobody.
    (Class::Meddled, LASTS, &[3, 20]),
    // After a reset the monitor trips again in Idle, and nothing leads out of there.
    (Class::ArmFrozen, LASTS, &[4, 9]),
];

/// Not mended yet: told with each run, and in SAFETY.md, and no failure. Where a joint has to turn around for a lift, what was driven across
/// the skin or turned ends late with it (147, 161, 169 ms; seeds 39, 1347, 423).
const OPEN_FIGURES: [(Class, Figure); 1] = [(Class::AdversaryInContact, Figure::StopMs)];

/// The same of invariants. The arm's spare joint begins to move within a tick, and damping lets the tip feel a thousandth of a radian a
/// second of it (adversary, seed 1577).
const OPEN_INVARIANTS: [(Class, Invariant); 2] =
    [(Class::Adversary, Invariant::Jerk), (Class::AdversaryInContact, Invariant::Jerk)];

/// Whether this is open; then it is told.
fn is_open(open: bool, words: &str) -> bool {
    if open {
        let _ = writeln!(std::io::stderr(), "open: {words}");
    }
    open
}

/// A promise about a figure, and whom it is made to. Nothing is kept that was not seen: of ten exams, at least so many values.
struct Promise {
    figure: Figure,
    most: f64,
    of_ten: u64,
    classes: fn(Class) -> bool,
}

fn promised(class: Class) -> bool {
    class.bar(&PlantCard::A) != Bar::Reported
}

/// Whether driving ends in its exams before they do.
fn is_let_go_of(class: Class) -> bool {
    !matches!(class, Class::Touch | Class::BreathingSoft | Class::BreathingFirm | Class::Cough)
}

/// DESIGN §6, plant card A.
const PROMISES: [Promise; 17] = [
    Promise { figure: Figure::DetectMs, most: 51.0, of_ten: 9, classes: |class| class == Class::LinkLost },
    Promise { figure: Figure::StopMs, most: 100.0, of_ten: 2, classes: |class| promised(class) && is_let_go_of(class) },
    Promise { figure: Figure::StopMs, most: 100.0, of_ten: 0, classes: promised },
    Promise { figure: Figure::ForceRise, most: 1.0, of_ten: 6, classes: |class| class == Class::LinkLost },
    Promise { figure: Figure::ForceLater, most: 2.0, of_ten: 9, classes: |class| class == Class::LinkLost },
    Promise {
        figure: Figure::ForceLaterMean,
        most: 2.0,
        of_ten: 8,
        classes: |class| class == Class::LinkLostBreathing,
    },
    // It hardly ever comes to a stop there (none in 60 exams): the exams of `FOUND` are asked for it too.
    Promise { figure: Figure::StoppedForce, most: 2.0, of_ten: 0, classes: |class| class == Class::Adversary },
    Promise { figure: Figure::OvershootSoft, most: 2.0, of_ten: 0, classes: promised },
    Promise { figure: Figure::OvershootStiff, most: 10.0, of_ten: 0, classes: promised },
    Promise { figure: Figure::ForceErrorRms, most: 0.3, of_ten: 9, classes: |class| class == Class::BreathingSoft },
    Promise { figure: Figure::ForceErrorPeak, most: 1.0, of_ten: 9, classes: |class| class == Class::BreathingSoft },
    Promise { figure: Figure::ForceErrorRms, most: 0.6, of_ten: 9, classes: |class| class == Class::BreathingFirm },
    Promise { figure: Figure::ForceErrorPeak, most: 1.5, of_ten: 9, classes: |class| class == Class::BreathingFirm },
    Promise { figure: Figure::Peak, most: 20.0, of_ten: 10, classes: |class| class == Class::Cough },
    // Reliability A8: whatever the arm is told past the gate, the monitor trips within 20 ms. A leap is what can be seen so soon.
    Promise { figure: Figure::LeapNoticedMs, most: 20.0, of_ten: 3, classes: |class| class == Class::Meddled },
    // Every exam ends with an answer. A descent takes 5 s, stamps of a fault are forgotten after 10, and a press takes a moment.
    Promise { figure: Figure::RecoveredMs, most: 15_500.0, of_ten: 10, classes: |_| true },
    Promise { figure: Figure::ReengageMs, most: 2_000.0, of_ten: 0, classes: promised },
];

/// The rows of the tip's acceleration and jerk may go unjudged in so many of the ticks they are there for, % of a class.
/// Measured are 0 to 3.9. Otherwise they would be checked in name only.
const EXCUSED: f64 = 5.0;

/// The same where a patient coughs against stiff tissue, from which a joint gets away as fast as it may: measured are 11.
const EXCUSED_COUGH: f64 = 15.0;

/// The same of adversaries, who drive the arm to the ends of its joints' ranges and speeds: measured are 15 to 25.
const EXCUSED_ADVERSARY: f64 = 30.0;

/// An exam has at least so many of those ticks, in the mean of a class: measured are 1,200 to 15,000.
const HARD_TICKS: u64 = 400;

/// From so many exams of a class on they are asked to show something.
const ENOUGH: u64 = 10;

fn again(class: Class, seed: u64, lasts: Duration) -> String {
    let (class, seconds) = (class.name(), lasts.as_secs());
    format!("again: farprobe-bench world --class {class} --seed {seed} --seeds 1 --seconds {seconds}")
}

/// Classes by turns, as in `farprobe-bench world`.
fn exam(seed: u64) -> Report {
    let class = Class::ALL[(seed % Class::ALL.len() as u64) as usize];
    run(class, seed, LASTS, &PlantCard::A).expect("the shipped arm reaches every start")
}

/// Says how far the campaign is, past the test runner, which would show it at the end only.
fn tell(seed: u64, of: u64) {
    if seed > 0 && seed.is_multiple_of(TOLD_EVERY) {
        // Nobody has to read it.
        let _ = writeln!(std::io::stderr(), "campaign: {seed} of {of} exams");
    }
}

/// Runs these exams on all cores.
fn campaign(seeds: u64) -> Tally {
    let next = AtomicU64::new(0);
    let work = || {
        let mine = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|seed| *seed < seeds);
        mine.inspect(|seed| tell(*seed, seeds)).map(exam).collect::<Vec<_>>()
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut reports: Vec<Report> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no exam panics")).collect()
    });
    reports.sort_by_key(|report| report.seed);
    let mut tally = Tally::default();
    for report in reports {
        tally.add(report);
    }
    tally
}

/// Every invariant and promise that these exams broke, and how to see it again.
fn wrong(tally: &Tally, lasts: Duration) -> Vec<String> {
    let mut wrong: Vec<String> = Vec::new();
    for (class, seed, found) in tally.breaks() {
        let words = format!("{} seed {seed}: {found}; {}", class.name(), again(class, seed, lasts));
        if !is_open(OPEN_INVARIANTS.contains(&(class, found.invariant)), &words) {
            wrong.push(words);
        }
    }
    for (class, of) in &tally.classes {
        if of.ticks_two_drivers > 0 {
            wrong.push(format!("{}: two drivers in {} ticks", class.name(), of.ticks_two_drivers));
        }
        for Promise { figure, most, .. } in PROMISES.iter().filter(|promise| (promise.classes)(*class)) {
            let Some(spread) = of.spread(*figure).filter(|spread| spread.worst > *most) else { continue };
            let (worst, seed) = (spread.worst, spread.worst_seed);
            let words =
                format!("{}: {figure:?} {worst:.2}, at most {most}; {}", class.name(), again(*class, seed, lasts));
            if !is_open(OPEN_FIGURES.contains(&(*class, *figure)), &words) {
                wrong.push(words);
            }
        }
    }
    wrong
}

/// Checks that were not made often enough to say anything.
fn vacuous(tally: &Tally) -> Vec<String> {
    let mut vacuous = Vec::new();
    let asked = |(_, of): &(&Class, &ClassTally)| of.exams >= ENOUGH;
    for (class, of) in tally.classes.iter().filter(asked) {
        if of.excuses.hard < of.exams * HARD_TICKS {
            vacuous.push(format!("{}: only {} hard ticks", class.name(), of.excuses.hard));
        }
        for Promise { figure, of_ten, .. } in PROMISES.iter().filter(|promise| (promise.classes)(*class)) {
            let count = of.spread(*figure).map_or(0, |spread| spread.count) as u64;
            if count * 10 < of_ten * of.exams {
                vacuous.push(format!("{}: {figure:?} was measured {count} times in {} exams", class.name(), of.exams));
            }
        }
        let most = match class {
            Class::Adversary | Class::AdversaryInContact => EXCUSED_ADVERSARY,
            Class::CoughStiff => EXCUSED_COUGH,
            _ => EXCUSED,
        };
        let excused = of.excuses.percent().unwrap_or(f64::INFINITY);
        if excused > most {
            vacuous.push(format!("{}: {excused:.1} % of the hard ticks were excused, at most {most}", class.name()));
        }
    }
    vacuous
}

#[test]
fn no_exam_breaks_an_invariant_or_a_promise() {
    let asked = std::env::var("FARPROBE_CAMPAIGN_SEEDS").ok();
    let tally = campaign(asked.map_or(SEEDS, |seeds| seeds.parse().unwrap()));
    let mut wrong = wrong(&tally, LASTS);
    wrong.append(&mut vacuous(&tally));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn what_once_broke_stays_mended() {
    let mut broken = Vec::new();
    for (class, lasts, seeds) in FOUND {
        let mut tally = Tally::default();
        for seed in seeds {
            let report = run(class, *seed, lasts, &PlantCard::A).unwrap();
            // Here of every class but those whose arm cannot let go, or is left to stop by itself.
            let stopped = report.figures.get(&Figure::StoppedForce).into_iter().flatten().copied();
            let most = stopped.fold(0.0, f64::max);
            if most > 2.0 && !matches!(class, Class::ArmFrozen | Class::Meddled) {
                broken.push(format!("{most:.2} N after a stop; {}", again(class, *seed, lasts)));
            }
            tally.add(report);
        }
        broken.append(&mut wrong(&tally, lasts));
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The seed is the whole exam: whatever is found can be looked at again.
#[test]
fn the_same_seed_gives_the_same_exam() {
    for seed in 0..Class::ALL.len() as u64 {
        let (first, second) = (exam(seed), exam(seed));
        assert_eq!(first, second, "seed {seed}");
    }
}
