//! Writes the seeds of every fuzz target into a folder, for a fuzzer to begin with.
//!
//! `cargo run -p farprobe-fuzz --example corpus FOLDER`

use std::io;
use std::path::Path;

use farprobe_fuzz::TARGETS;

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("say where to: corpus FOLDER"))?;
    for target in &TARGETS {
        let of_target = Path::new(&folder).join(target.name);
        std::fs::create_dir_all(&of_target)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(of_target.join(format!("seed-{number:03}")), seed)?;
        }
    }
    Ok(())
}
