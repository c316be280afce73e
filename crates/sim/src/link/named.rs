//! Lines by their names, each number with its source.
//!
//! A number is either from somebody else's text, which is named, or **assumed**: chosen here because nothing published was
//! found, and said so. None of these lines was measured by this project. *There* is the way to the cart, *back* the way from
//! it: on a mobile line the cart's own uplink is *back*, and carries the picture.
//!
//! Two things that the model does not have: jitter is drawn for each packet alone, while that of a real radio cell stays for
//! some time; and a queue drops the newest packet, while a mobile base station may drop the oldest.

use std::time::Duration;

use super::{
    Act, Change, Jitter, LineProfile, LinkProfile, LinkState, Loss, Order, Outages, Pareto, Probability, Rate, Script,
    Ways,
};

/// A line with a name.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// What it is called on a command line.
    pub name: &'static str,
    /// What it stands for, in a few words.
    pub about: &'static str,
    /// Where its numbers come from, and which of them are assumed.
    pub source: &'static str,
    line: fn() -> LineProfile,
}

impl Named {
    /// Its numbers.
    pub fn line(&self) -> LineProfile {
        (self.line)()
    }
}

/// The line of that name.
pub fn find(name: &str) -> Option<&'static Named> {
    ALL.iter().find(|named| named.name == name)
}

const NETFI: &str = "NetFI: Zhang, Roodabeh, Alemzadeh, ICRA 2026, arXiv:2603.06824, table of parameters, with the decimals of \
                     the source code published with it (UVA-DSA/telesurgery-qos-analysis). As there, only the way to the \
                     robot is impaired";

/// Every line that has a name.
pub const ALL: &[Named] = &[
    Named {
        name: "clean",
        about: "nothing is late and nothing is lost",
        source: "what a driver itself adds is all there is",
        line: LineProfile::default,
    },
    Named {
        name: "hospital-lan",
        about: "desk and cart in one building, by cable",
        source: "assumed throughout: 1 Gbit/s Ethernet, on which a full packet takes 12 µs a hop, and some switches; no \
                 published measurement was found",
        line: hospital_lan,
    },
    Named {
        name: "5g-good",
        about: "a cart near a quiet 5G cell",
        source: "one way 7 ms to the phone and 18 ms from it in a public network: Rohde & Schwarz, \"5G NR and LTE latency \
                 analysis in a public network\", 2022 (best and worst case); 930 and 130 Mbit/s, and a round trip of 23 to \
                 30 ms: remote ultrasound over 5G in Wuhan, 2020 (healthcare-in-europe.com on Wu et al., IEEE TUFFC \
                 2020); 0.01 % lost: the 99.99 % that 3GPP TR 22.847 asks for. Assumed: bursts, jitter, queue",
        line: five_g_good,
    },
    Named {
        name: "5g-poor",
        about: "a cart at the edge of a loaded 5G cell, or on its way through the house",
        source: "handovers of 50 to 150 ms: 5g6gacademy.com, drive testing, lesson 12.3.5; below the medians of Ookla \
                 (166 and 21 Mbit/s worldwide in Q3 2021, round trips of 32 ms in the USA in Q1 2021). Assumed: how far \
                 below, and all of loss, jitter, queue and the 10 s between handovers",
        line: five_g_poor,
    },
    Named {
        name: "700km-fibre",
        about: "a leased line from Hangzhou to Wuhan",
        source: "4.897 µs/km in ITU-T G.652 fibre at 1550 nm (mapyourtech.com, \"The 5-microsecond rule\"); 700 km: the exam \
                 of 18 February 2020. Assumed: the cable is 1.5 times as long, 0.9 ms in routers, jitter, 0.001 % lost, \
                 100 Mbit/s",
        line: fibre_700_km,
    },
    Named {
        name: "4g",
        about: "a cart on LTE, moving now and then",
        source: "21.3 and 6.3 Mbit/s, round trips of 44 to 66 ms: Opensignal, State of Mobile USA, Q1 2019; handovers of 30 \
                 to 80 ms: 5g6gacademy.com, drive testing, lesson 12.3.5. Assumed: loss, jitter, queue, 30 s between \
                 handovers",
        line: four_g,
    },
    Named {
        name: "geo-satellite",
        about: "a cart behind a geostationary satellite",
        source: "239.6 to 279.0 ms for one hop: RFC 2488, section 2; round trips of more than 600 ms: Deutschmann et al., \
                 arXiv:2202.08228. Assumed: 20 and 2 Mbit/s, loss, jitter, queue",
        line: geo_satellite,
    },
    Named {
        name: "lossy-25ms",
        about: "25 ± 5 ms in order, 2 % lost each way, each packet for itself",
        source: "the link that this project's bars for the command path are set on",
        line: lossy_25_ms,
    },
    Named {
        name: "blackout-2s",
        about: "25 ms, and nothing for 2 s of every 10 s",
        source: "as lossy-25ms: the time after a blackout, in which stale commands would arrive",
        line: blackout_2_s,
    },
    Named { name: "netfi-loss-10", about: "10 % lost in bursts", source: NETFI, line: || netfi_loss(PLM_1) },
    Named { name: "netfi-loss-30", about: "30 % lost in bursts", source: NETFI, line: || netfi_loss(PLM_2) },
    Named { name: "netfi-loss-50", about: "50 % lost in bursts", source: NETFI, line: || netfi_loss(PLM_3) },
    Named { name: "netfi-delay-100", about: "late by 100 ms on average", source: NETFI, line: || netfi_delay(DLM_1) },
    Named { name: "netfi-delay-300", about: "late by 300 ms on average", source: NETFI, line: || netfi_delay(DLM_2) },
    Named { name: "netfi-delay-500", about: "late by 500 ms on average", source: NETFI, line: || netfi_delay(DLM_3) },
    Named {
        name: "netfi-outage-10",
        about: "out for a part of the time (15 %)",
        source: CLM_1,
        line: || outage(3000, 8500),
    },
    Named {
        name: "netfi-outage-30",
        about: "out for a part of the time (33 %)",
        source: CLM_2,
        line: || outage(1000, 1000),
    },
    Named { name: "netfi-outage-50", about: "out for half of the time", source: NETFI, line: || outage(2000, 1000) },
];

const CLM_1: &str =
    "NetFI, as netfi-loss-10. The paper's target is 10 %, and its parameters (up to 3 s out, then 8.5 s not) give 15 %";
const CLM_2: &str =
    "NetFI, as netfi-loss-10. The paper's target is 30 %, and its parameters (up to 1 s out, then 1 s not) give 33 %";

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn us(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// Exponential jitter. The longest is some tens of means: more often than once in a million it would be longer.
const fn tail(mean: Duration, most: Duration) -> Jitter {
    Jitter::LongTail { mean, most }
}

fn bursts(share: f64, mean_packets: f64) -> Loss {
    Loss::bursts(Probability::new(share).unwrap_or_default(), mean_packets)
}

/// A queue that holds this much time of this rate, bytes.
fn queue(rate: Rate, holds: Duration) -> usize {
    rate.bytes_in(holds)
}

/// One way with a rate and 100 ms of queue, which is what mobile networks and satellite modems are known to have at least, and
/// more than any command should wait (assumed).
fn queued(rate: Rate, rest: LinkProfile) -> LinkProfile {
    LinkProfile { rate: Some(rate), queue_bytes: queue(rate, ms(100)), ..rest }
}

fn hospital_lan() -> LineProfile {
    LineProfile::symmetric(LinkProfile {
        delay: us(200),
        jitter: Jitter::Uniform(us(300)),
        rate: Some(Rate::mbit(1_000)),
        // A switch's shared packet memory (assumed).
        queue_bytes: 512 << 10,
        ..LinkProfile::PERFECT
    })
}

fn five_g_good() -> LineProfile {
    let loss = bursts(0.0001, 3.0);
    LineProfile {
        there: queued(
            Rate::mbit(930),
            LinkProfile { delay: ms(6), jitter: tail(ms(1), ms(15)), loss, ..LinkProfile::PERFECT },
        ),
        back: queued(
            Rate::mbit(130),
            LinkProfile { delay: ms(15), jitter: tail(ms(2), ms(30)), loss, ..LinkProfile::PERFECT },
        ),
        ..LineProfile::default()
    }
}

fn five_g_poor() -> LineProfile {
    let loss = bursts(0.005, 5.0);
    LineProfile {
        there: queued(
            Rate::mbit(20),
            LinkProfile { delay: ms(12), jitter: tail(ms(5), ms(100)), loss, ..LinkProfile::PERFECT },
        ),
        back: queued(
            Rate::mbit(5),
            LinkProfile { delay: ms(20), jitter: tail(ms(8), ms(150)), loss, ..LinkProfile::PERFECT },
        ),
        outages: Some(handovers(ms(50), ms(150), ms(10_000))),
        ..LineProfile::default()
    }
}

fn four_g() -> LineProfile {
    let (rate_there, rate_back) = (Rate::kbit(21_300), Rate::kbit(6_300));
    let loss = bursts(0.001, 3.0);
    LineProfile {
        there: queued(
            rate_there,
            LinkProfile { delay: ms(20), jitter: tail(ms(3), ms(100)), loss, ..LinkProfile::PERFECT },
        ),
        back: queued(
            rate_back,
            LinkProfile { delay: ms(28), jitter: tail(ms(4), ms(100)), loss, ..LinkProfile::PERFECT },
        ),
        outages: Some(handovers(ms(30), ms(80), ms(30_000))),
        ..LineProfile::default()
    }
}

/// What is sent during a handover waits in the old cell and arrives in one go.
const fn handovers(shortest: Duration, longest: Duration, between: Duration) -> Outages {
    Outages { ways: Ways::Both, state: LinkState::Stalled, shortest, longest, between }
}

fn fibre_700_km() -> LineProfile {
    const KM: u64 = 700;
    /// The cable follows railways and roads: one and a half times the distance.
    const CABLE_KM: u64 = KM * 3 / 2;
    const NANOS_PER_KM: u64 = 4_897;
    let rate = Rate::mbit(100);
    LineProfile::symmetric(queued(
        rate,
        LinkProfile {
            delay: Duration::from_nanos(CABLE_KM * NANOS_PER_KM) + us(900),
            jitter: Jitter::Uniform(us(300)),
            loss: Loss::Random(Probability::literal(0.00001)),
            ..LinkProfile::PERFECT
        },
    ))
}

fn geo_satellite() -> LineProfile {
    // 260 ms for the hop between a place below the satellite and one at its horizon; 45 ms in both modems.
    let way = LinkProfile {
        delay: ms(305),
        jitter: tail(ms(3), ms(60)),
        loss: Loss::Random(Probability::literal(0.001)),
        ..LinkProfile::PERFECT
    };
    LineProfile { there: queued(Rate::mbit(20), way), back: queued(Rate::mbit(2), way), ..LineProfile::default() }
}

fn lossy_25_ms() -> LineProfile {
    LineProfile::symmetric(LinkProfile {
        delay: ms(20),
        jitter: Jitter::Uniform(ms(10)),
        loss: Loss::Random(Probability::literal(0.02)),
        ..LinkProfile::PERFECT
    })
}

fn blackout_2_s() -> LineProfile {
    let act = |at, state| Act { at, ways: Ways::Both, change: Change::State(state) };
    let acts = vec![act(ms(5_000), LinkState::Cut), act(ms(7_000), LinkState::Up)];
    let script = Script::repeated(acts.clone(), ms(10_000)).unwrap_or_else(|_| Script::once(acts));
    LineProfile { script, ..LineProfile::symmetric(LinkProfile::delayed(ms(25))) }
}

// Shape (α) and scale (λ) of both states.
const PLM_1: [Pareto; 2] = [Pareto::literal(4.428, 1.638), Pareto::literal(4.966, 0.271)];
const PLM_2: [Pareto; 2] = [Pareto::literal(4.604, 3.552), Pareto::literal(3.901, 1.466)];
const PLM_3: [Pareto; 2] = [Pareto::literal(3.859, 3.324), Pareto::literal(3.797, 6.049)];

fn netfi_loss([first, second]: [Pareto; 2]) -> LineProfile {
    let loss = Loss::ParetoBursts {
        to_second: Probability::literal(0.05),
        to_first: Probability::literal(0.1),
        first,
        second,
    };
    LineProfile { there: LinkProfile { loss, ..LinkProfile::PERFECT }, ..LineProfile::default() }
}

/// The least delay (ms), how often the first tail is drawn, and the rates of both tails (1/ms).
type Delay = (u64, f64, [f64; 2]);
const DLM_1: Delay = (70, 0.72645, [0.02711, 0.08529]);
const DLM_2: Delay = (210, 0.89258, [0.01081, 0.01624]);
const DLM_3: Delay = (406, 0.89574, [0.01015, 0.01551]);

fn netfi_delay((least, first, rates): Delay) -> LineProfile {
    let jitter = Jitter::TwoTails {
        first: Probability::new(first).unwrap_or_default(),
        means: rates.map(|rate| Duration::from_secs_f64(1e-3 / rate)),
        // The paper has no bound. A hundred of the longest means is none either.
        most: ms(10_000),
    };
    // There each packet is held for itself, and may overtake others.
    let there = LinkProfile { delay: ms(least), jitter, order: Order::Free, ..LinkProfile::PERFECT };
    LineProfile { there, ..LineProfile::default() }
}

/// Out for up to so many ms, then not for so many. The paper begins with an outage, this line with a time without.
fn outage(longest: u64, between: u64) -> LineProfile {
    let outages = Outages {
        ways: Ways::There,
        state: LinkState::Cut,
        shortest: Duration::ZERO,
        longest: ms(longest),
        between: ms(between),
    };
    LineProfile { outages: Some(outages), ..LineProfile::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_there_once_and_says_where_it_comes_from() {
        for (at, named) in ALL.iter().enumerate() {
            assert_eq!(ALL.iter().position(|other| other.name == named.name), Some(at), "{}", named.name);
            assert!(!named.about.is_empty() && !named.source.is_empty(), "{}", named.name);
            assert!(find(named.name).is_some());
        }
        assert!(find("6g").is_none());
    }

    #[test]
    fn the_papers_targets_come_of_its_parameters() {
        let there = |name: &str| find(name).unwrap().line().there;
        for (name, target) in [("netfi-loss-10", 0.1), ("netfi-loss-30", 0.3), ("netfi-loss-50", 0.5)] {
            let share = there(name).loss.long_run().share;
            assert!((share - target).abs() < 0.02, "{name}: {share}");
        }
        for (name, target) in [("netfi-delay-100", 100.0), ("netfi-delay-300", 300.0), ("netfi-delay-500", 500.0)] {
            let Jitter::TwoTails { first, means: [one, other], .. } = there(name).jitter else { panic!("{name}") };
            let mean = first.get() * one.as_secs_f64() + (1.0 - first.get()) * other.as_secs_f64();
            let mean = there(name).delay.as_secs_f64() * 1e3 + mean * 1e3;
            assert!((mean - target).abs() < 3.0, "{name}: {mean}");
        }
        let duty = |name: &str| find(name).unwrap().line().outages.unwrap().duty();
        assert!((duty("netfi-outage-10") - 0.15).abs() < 1e-9);
        assert!((duty("netfi-outage-30") - 1.0 / 3.0).abs() < 1e-9);
        assert!((duty("netfi-outage-50") - 0.5).abs() < 1e-9);
    }

    #[test]
    fn light_needs_as_long_as_the_fibre_is() {
        let delay = find("700km-fibre").unwrap().line().there.delay;
        assert_eq!(delay, Duration::from_micros(5_141) + us(900) + Duration::from_nanos(850));
    }
}
