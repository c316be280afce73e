//! Where the keys of a TOML file stand, for complaints about their values: every configuration names file, line and key.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Every key of a file with the places of its name and its value. Empty for a text that is no TOML.
#[derive(Debug, Default)]
pub struct Places(Vec<Place>);

#[derive(Debug)]
struct Place {
    /// With a dot after each table.
    key: String,
    name: Range<usize>,
    value: Range<usize>,
}

impl Places {
    /// Reads the places of all keys in `text`.
    pub fn read(text: &str) -> Self {
        let mut places = Self::default();
        if let Ok(table) = DeTable::parse(text) {
            places.take_table("", table.get_ref());
        }
        places
    }

    fn take_table(&mut self, within: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let separator = if within.is_empty() { "" } else { "." };
            let key = format!("{within}{separator}{}", name.get_ref());
            self.take_value(&key, value);
            self.0.push(Place { key, name: name.span(), value: value.span() });
        }
    }

    fn take_value(&mut self, key: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.take_table(key, table),
            DeValue::Array(values) => values.iter().for_each(|value| self.take_value(key, value)),
            _ => {}
        }
    }

    /// The key whose name or value is at the byte `offset`: the innermost of them.
    pub fn key_at(&self, offset: usize) -> Option<&str> {
        let here = self.0.iter().filter(|place| place.name.contains(&offset) || place.value.contains(&offset));
        here.max_by_key(|place| place.key.len()).map(|place| place.key.as_str())
    }

    /// The byte at which `key` stands. A key that is not written (its default does not go with another key's value) is
    /// looked for at the table that would hold it, and at last at the beginning of the file.
    pub fn offset_of(&self, key: &str) -> usize {
        let place = self.0.iter().find(|place| place.key == key);
        match (place, key.rsplit_once('.')) {
            (Some(place), _) => place.name.start,
            (None, Some((table, _))) => self.offset_of(table),
            (None, None) => 0,
        }
    }
}

/// The line, counted from 1, of the byte at `offset`.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}
