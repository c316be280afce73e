//! What the whole-system tests stand on: the programs, a site with its identities, and an eye on the cart.
//!
//! Nothing here sleeps and hopes. A test waits for a fact (a line of a log, a state of the cart, the end of a process), and
//! [`PATIENCE`] only decides when it gives up.

mod contact;
mod fair;
mod machine;
mod process;
mod programs;
mod site;
mod stalls;
mod trips;
mod watcher;

use std::io::Write;
use std::time::Duration;

pub(crate) use contact::InContact;
pub(crate) use fair::{fairly, protects, wait_for_the_machine};
pub(crate) use machine::{Alone, Shared};
pub(crate) use process::Process;
pub(crate) use programs::{assets, programs};
pub(crate) use site::{Cart, Site, expired, save_self_signed, save_trusting};
pub(crate) use stalls::StallDetector;
pub(crate) use trips::{Trip, excuse};
pub(crate) use watcher::{Watcher, force_at_end_of, pressing};

/// How long a fact may take before a test gives up on it. A passing test never waits for it: it is several times what the
/// slowest of them (an exam of 30 s) takes on two busy cores.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// A script that goes down to the skin, presses with 8 N and stays there for longer than any test looks.
pub(crate) const CONTACT: &str = "
at 0.0 force 8 N
at 0.5 clutch press
at 0.6 over 5.0 move z +46 mm
at 60.0 end
";

/// A script that moves a little in free air, and does not mean to press.
pub(crate) const IN_THE_AIR: &str = "
at 0.5 clutch press
at 0.6 over 1.0 move z +5 mm
at 2.0 clutch open
at 2.5 end
";

/// From this force on the probe counts as pressed on, N: near the target of [`CONTACT`].
pub(crate) const SETTLED: f64 = 7.5;

/// What may be left of the force after a release, N: the promise of 2 N, and the force sensor's noise (σ 0.1 N, mean of 25
/// samples) with what its tare leaves of the bias.
pub(crate) const RELEASED: f64 = 2.0 + 0.2;

/// What the force may not pass when driving ends, N: the 8 N of [`CONTACT`], the 1 N by which a loss may let it rise, and the
/// sensor's noise and rest of bias.
pub(crate) const NO_MORE: f64 = 8.0 + 1.0 + 0.5;

/// Says something that is read also when no test fails: not by `println`, which the test harness shows for failed ones only.
pub(crate) fn tell(words: &str) {
    writeln!(std::io::stderr(), "{words}").expect("somebody listens");
}
