//! The run `codec`: what it takes to encode a picture, to decode it, and both, in one process: the floor of the picture's way.

pub(crate) mod clip;
pub(crate) mod coder;

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::Args;

use super::ends::crew::with_crew;
use super::ends::usage::Usage;
use super::ends::words::{CodePlan, Coded, Material, Order};
use super::gather::{Belongs, gather};
use super::layout::{Layout, Placed};
use super::rounds::{Measured, bar, show};
use super::slots::{Slot, slots};
use crate::report::publish;
use crate::report::results::{LayoutNote, Results, RunResult};
use clip::Size;

/// The encoder and decoder of Farprobe.
const FARPROBE: &str = "farprobe";

/// As a cart does unless its configuration says otherwise.
const BITRATE: u32 = 5_000_000;

/// Pictures that count in each turn: 20 s at 30 a second.
const PICTURES: usize = 600;
/// As above, in a hurry.
const PICTURES_QUICK: usize = 150;

/// What a picture may take at the most, with drawing it: a slow machine without its assembler is told, not waited for.
const PICTURE_TAKES: Duration = Duration::from_millis(200);

/// The sizes, by the names that stand for layouts in the results.
const SIZES: [(Size, &str); 2] = [(Size::Vga, "640x480"), (Size::Hd, "1280x720")];

/// What is asked for on the command line.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer rounds and pictures: good for a look.
    #[arg(long)]
    quick: bool,
    /// Where the report goes: report.html, results.json and results.md.
    #[arg(long, value_name = "DIR", default_value = "out/bench/codec")]
    out: PathBuf,
    /// In how many rounds each size has its turn [default: 7, or 5 with --quick].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: Option<u32>,
}

/// Measures, prints the table, and writes the report.
pub(crate) fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let began = SystemTime::now();
    let rounds = options.rounds.unwrap_or(if options.quick { 5 } else { 7 });
    let pictures = if options.quick { PICTURES_QUICK } else { PICTURES };
    let placed = [Placed { layout: Layout::Free, sender: None, receiver: None }];
    let slots = slots(&[FARPROBE], &placed, rounds, 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let turns = runtime.block_on(measure(pictures, &slots))?;
    let mut runs = Vec::new();
    for (size, layout) in SIZES {
        let of = |subject: &str, what: fn(&Coded) -> Vec<u64>| {
            let of_size = turns.iter().filter(|(_, turned, _)| *turned == size);
            let measured: Vec<Measured> =
                of_size.map(|(slot, _, coded)| read(*slot, coded, micros(&what(coded)))).collect();
            let (of, _) = gather(&Belongs { run: "codec", link: "none".to_owned() }, &measured);
            let named = |run| RunResult { layout: layout.to_owned(), subject: subject.to_owned(), ..run };
            of.into_iter().map(named).collect::<Vec<_>>()
        };
        runs.extend(of("encode", |coded| coded.encode.clone()));
        runs.extend(of("decode", |coded| coded.decode.clone()));
        runs.extend(of("encode and decode", |coded| {
            coded.encode.iter().zip(&coded.decode).map(|(a, b)| a + b).collect()
        }));
    }
    let quick = if options.quick { " --quick" } else { "" };
    let asked = options.rounds.map_or_else(String::new, |rounds| format!(" --rounds {rounds}"));
    let about = "pictures of this size; one process, one thread, wherever the system puts it";
    let note = |(_, name): (Size, &str)| LayoutNote { name: name.to_owned(), about: about.to_owned() };
    let results = Results {
        layouts: SIZES.map(note).to_vec(),
        notes: notes(rounds, pictures),
        runs,
        ..Results::begun(began, format!("farprobe-bench codec{quick}{asked}"))
    };
    publish(&options.out, &results)
}

async fn measure(pictures: usize, slots: &[Slot]) -> Result<Vec<(Slot, Size, Coded)>, Box<dyn Error>> {
    let longest = PICTURE_TAKES * u32::try_from(pictures).unwrap_or(u32::MAX);
    let bar = bar(slots.len() * SIZES.len(), Duration::ZERO)?;
    let mut turns = Vec::new();
    for slot in slots {
        for (size, _) in SIZES {
            show(&bar, slot);
            let coded = with_crew(async |crew| {
                let plan = CodePlan { material: Material::Drawn(size), pictures, bitrate: BITRATE };
                let coder = crew.start("codec", &Order::Code(plan)).await?;
                crew.hear(coder, longest).await
            });
            turns.push((*slot, size, coded.await?));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    Ok(turns)
}

fn micros(nanos: &[u64]) -> Vec<f64> {
    nanos.iter().map(|nanos| *nanos as f64 * 1e-3).collect()
}

fn read(slot: Slot, coded: &Coded, times: Vec<f64>) -> Measured {
    Measured {
        slot,
        latencies: times,
        sent: coded.encode.len() as u64,
        lost: 0,
        sender: coded.usage,
        receiver: Usage::default(),
        hops: Vec::new(),
        figures: Vec::new(),
        course: Vec::new(),
    }
}

fn notes(rounds: u32, pictures: usize) -> Vec<String> {
    let mut notes = vec![
        "Pictures are those of the simulated scanner (1024x768), drawn beforehand while the probe slides over the patient, and \
         brought to the size; at 1280x720 there is black on both sides. Encoder and decoder are those of the programs (openh264, one \
         thread), at 5 Mbit/s and 30 pictures a second, as a cart does it unless it is told otherwise."
            .to_owned(),
        format!(
            "{rounds} rounds, each turn in a process of its own, of {pictures} pictures, one after the other without a pause: \
             encoded, and decoded at once. The first picture, which needs no other, and the nine after it are dropped."
        ),
        "Times are of the clock on the wall: what other programs take of the machine is in them. CPU time stands under sender."
            .to_owned(),
    ];
    notes.extend(super::busy());
    notes
}
