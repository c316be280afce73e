//! Finds a line: by its name, or in a file.

use std::path::Path;

use farprobe_sim::link::{LineProfile, named};

use crate::file::{LinkFileError, load};

/// A line, and what it is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Its name, or the path of its file.
    pub name: String,
    /// Its numbers.
    pub profile: LineProfile,
}

/// The line that `link` stands for: a name of [`named::ALL`], or the path of a file in TOML, such as
/// `assets/links/example.toml`.
pub fn find(link: &str) -> Result<Link, LinkFileError> {
    let profile = match named::find(link) {
        Some(named) => named.line(),
        None if is_path(link) => load(Path::new(link))?,
        None => {
            let names: Vec<_> = named::ALL.iter().map(|named| named.name).collect();
            return Err(LinkFileError::NoName { name: link.to_owned(), names: names.join(", ") });
        }
    };
    Ok(Link { name: link.to_owned(), profile })
}

/// Whether somebody who writes this means a file.
fn is_path(link: &str) -> bool {
    let path = Path::new(link);
    path.components().count() > 1 || path.extension().is_some() || path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_name_or_file_and_a_slip_is_told() {
        assert_eq!(find("4g").unwrap().profile, named::find("4g").unwrap().line());
        let slip = find("5g-god").unwrap_err().to_string();
        assert!(slip.starts_with("there is no line \"5g-god\": choose one of clean, "), "{slip}");
        let missing = find("no/such.toml").unwrap_err().to_string();
        assert!(missing.starts_with("line no/such.toml: ") && missing.contains("--link"), "{missing}");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/links/example.toml");
        assert!(find(shipped.to_str().unwrap()).is_ok());
    }
}
