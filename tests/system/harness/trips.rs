//! Which watchdogs ended an exam, and whether the machine is to blame for all of them.

use farprobe_geom::Time;
use serde_json::Value;

use super::stalls::{Seen, Watchdog};

/// A watchdog that tripped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Trip {
    watchdog: Watchdog,
    /// When that was told, by the machine's clock; none if the console never heard of it.
    at: Option<Time>,
}

impl Trip {
    /// The watchdogs that tripped: the cart's by the steps of the summary's ladder, the console's by its session log.
    pub(crate) fn all(ladder: &[Value], log: &str) -> Vec<Self> {
        let entries: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let time = |entry: &Value| Some(Time::from_nanos((entry["time_s"].as_f64()? * 1e9) as u64));
        // Both lists are in the order of time.
        let mut heard = entries.iter().filter(|entry| entry["kind"] == "ladder");
        let of_cart = ladder.iter().filter_map(|step| Watchdog::named(step["cause"].as_str()?)).map(|watchdog| {
            let entry = heard.by_ref().find(|entry| entry["cause"] == watchdog.cause);
            Self { watchdog, at: entry.and_then(time) }
        });
        let mut trips: Vec<Self> = of_cart.collect();
        let events = entries.iter().filter(|entry| entry["kind"] == "event");
        trips.extend(
            events.filter_map(|event| {
                Some(Self { watchdog: Watchdog::told(event["words"].as_str()?)?, at: time(event) })
            }),
        );
        trips
    }
}

/// Why the machine is to blame that an exam was spoiled. An error says what it is not to blame for.
pub(crate) fn excuse(trips: &[Trip], seen: &Seen) -> Result<String, String> {
    if let Some(part) = seen.unfit() {
        return Ok(format!("this machine was away for {:.0} % of the time", 100.0 * part));
    }
    let mut excuse = None;
    for Trip { watchdog, at } in trips {
        let when = at.map_or("at a time nobody told".to_owned(), |at| format!("at {:.3} s", at.as_secs_f64()));
        let gap = at.and_then(|at| watchdog.excuse(at, &seen.gaps));
        let gap = gap.ok_or_else(|| format!("{} tripped {when}, and no stall explains it", watchdog.cause))?;
        excuse = Some(format!("{} is forgiven, for this machine stalled: {gap}", watchdog.cause));
    }
    excuse.ok_or_else(|| "no watchdog tripped".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::stalls::{Class, Gap};

    fn ladder(causes: &[&str]) -> Vec<Value> {
        causes.iter().map(|cause| serde_json::json!({ "cause": cause })).collect()
    }

    /// A session log with these steps, and when each was heard, s.
    fn log(steps: &[(&str, f64)]) -> String {
        let step =
            |(cause, at): &(&str, f64)| format!("{{\"kind\":\"ladder\",\"cause\":\"{cause}\",\"time_s\":{at}}}\n");
        steps.iter().map(step).collect()
    }

    fn judge(steps: &[Value], log: &str, gaps: &[(u64, u64)]) -> Result<String, String> {
        let time = Time::from_millis;
        let gap = |&(from, to): &(u64, u64)| Gap { class: Class::Ordinary, cpu: 1, from: time(from), to: time(to) };
        let seen = Seen { gaps: gaps.iter().map(gap).collect(), span: (time(0), time(30_000)) };
        excuse(&Trip::all(steps, log), &seen)
    }

    #[test]
    fn a_watchdog_that_trips_is_forgiven_only_with_proof_of_a_stall() {
        let lost = ladder(&["ClutchPressed", "LinkLost", "TimedOut"]);
        let once = log(&[("ClutchPressed", 0.1), ("LinkLost", 5.01), ("TimedOut", 5.26)]);
        let proof = (4_770, 5_005);

        assert!(judge(&ladder(&["ClutchPressed", "ClutchOpened"]), &once, &[proof]).is_err(), "none tripped");
        assert!(judge(&lost, &once, &[proof]).unwrap().contains("LinkLost is forgiven"));
        let why = judge(&lost, &once, &[]).unwrap_err();
        assert!(why.contains("LinkLost tripped at 5.010 s"), "{why}");
        assert!(judge(&lost, &once, &[(1_000, 1_300)]).is_err(), "a stall at another time");
        assert!(judge(&lost, &log(&[("ClutchPressed", 0.1)]), &[proof]).is_err(), "a step without a time");
        let twice = ladder(&["LinkLost", "TimedOut", "LinkLost"]);
        let both = log(&[("LinkLost", 5.01), ("TimedOut", 5.26), ("LinkLost", 9.0)]);
        assert!(judge(&twice, &both, &[proof]).is_err(), "the second has no excuse");
    }

    #[test]
    fn a_console_that_opened_its_own_clutch_needs_proof_as_well() {
        let told = r#"{"kind":"event","time_s":5.01,"words":"the clutch is held and does not count: "#;
        let late = format!("{told}new pictures are late: this console does not keep up\"}}");
        let frozen = format!("{told}the picture is frozen by the operator\"}}");
        let stall = (4_500, 5_000);

        assert!(judge(&[], &late, &[stall]).is_ok());
        assert!(judge(&[], &late, &[]).is_err());
        assert!(judge(&[], &frozen, &[stall]).is_err(), "no watchdog");
    }

    #[test]
    fn what_a_machine_spoils_that_was_hardly_there_needs_no_other_proof() {
        assert!(judge(&ladder(&["LinkLost"]), "", &[(0, 2_999)]).is_err());
        assert!(judge(&ladder(&["LinkLost"]), "", &[(0, 3_000)]).is_ok());
        assert!(judge(&[], "", &[(0, 3_000)]).is_ok(), "fewer commands a second, say");
    }
}
