//! Other work on the machine: threads that compute and move memory.

use std::error::Error;
use std::hint::black_box;

use crate::latency::ends::words::{LoadPlan, Over, Ready};
use crate::latency::ends::{hear, tell};

/// What each thread goes through over and over, in words of 8 bytes: 32 MB, more than the caches of one core hold.
const WORDS: usize = 4 << 20;

/// Keeps as many threads busy as planned, until it is ended.
pub(crate) fn run(plan: LoadPlan) -> Result<(), Box<dyn Error>> {
    for _ in 0..plan.threads {
        // They end with the process.
        drop(std::thread::Builder::new().name("load".into()).spawn(busy)?);
    }
    tell(&Ready { at: None, certificate: None })?;
    let Over = hear()?;
    Ok(())
}

fn busy() {
    let mut memory = vec![1_u64; WORDS];
    loop {
        for word in &mut memory {
            *word = word.rotate_left(7) ^ 0x9e37_79b9_7f4a_7c15;
        }
        black_box(&memory);
    }
}
