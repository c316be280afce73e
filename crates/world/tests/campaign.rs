//! Exams of the campaign that once broke an invariant: each stays mended.

use std::time::Duration;

use farprobe_sim::arm::PlantCard;
use farprobe_world::campaign::{Class, run};

/// As long as the campaign's exams, for the faults come from the same draws.
const LASTS: Duration = Duration::from_secs(30);

/// What these exams found, and what was at fault.
const FOUND: [(Class, &[u64]); 3] = [
    // After a step of the console's own clock it held every state for old, and kept its clutch open, for ten seconds.
    (Class::Clock, &[231, 285, 528, 555]),
    // A leading count that an outage allowed made every honest command old for twenty seconds.
    (Class::Tampered, &[176]),
    // Stop, disarm and reset at any moment.
    (Class::Bedside, &[131]),
];

#[test]
fn what_once_broke_stays_mended() {
    for (class, seeds) in FOUND {
        for seed in seeds {
            let report = run(class, *seed, LASTS, &PlantCard::A).unwrap();
            let (name, breaks) = (class.name(), report.breaks);
            assert_eq!(breaks, [], "again: farprobe-bench world --class {name} --seed {seed} --seeds 1 --seconds 30");
        }
    }
}
