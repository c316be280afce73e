//! What was measured, as files: `results.json` for programs, a table in Markdown, and a page for people.
//!
//! All of them are made from [`Results`] alone, so that a page can be made again from its JSON.

pub(crate) mod bars;
pub(crate) mod compare;
mod html;
mod markdown;
mod plots;
pub(crate) mod results;
#[cfg(test)]
pub(crate) mod testing;
mod words;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use crate::line::print;
use markdown::markdown;
use results::Results;

/// The files, by their names in the folder of the results.
const JSON: &str = "results.json";
const MARKDOWN: &str = "results.md";
const HTML: &str = "report.html";

/// Writes all files into `folder`, and prints the table and where they are.
pub(crate) fn publish(folder: &Path, results: &Results) -> Result<(), Box<dyn Error>> {
    let paths = write(folder, results)
        .map_err(|error| format!("the report can't be written to {}: {error}", folder.display()))?;
    let paths = paths.map(|path| path.display().to_string()).join("\n");
    print(&format!("{}\n{paths}\n", markdown(results)))
}

fn write(folder: &Path, results: &Results) -> io::Result<[PathBuf; 3]> {
    std::fs::create_dir_all(folder)?;
    let json = serde_json::to_string_pretty(results)? + "\n";
    let files = [(HTML, html::page(results)), (JSON, json), (MARKDOWN, markdown(results))];
    let mut paths = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        paths.push(path);
    }
    paths.try_into().map_err(|_| io::Error::other("not as many files as names"))
}
