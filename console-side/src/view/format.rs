//! Figures as text, in widths that do not jump.

use std::time::Duration;

/// A number of milliseconds: one decimal below 10, none above.
pub(super) fn ms(value: f64) -> String {
    if value.abs() < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// Whole decibels with their sign; zero has none.
pub(super) fn decibels(value: f32) -> String {
    let whole = value.round();
    if whole == 0.0 { String::from("0") } else { format!("{whole:+.0}") }
}

/// A number that may be unknown.
pub(super) fn known(value: Option<f64>, show: impl Fn(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| String::from("–"), show)
}

/// A span for a person: "180 ms", "1.4 s", "3 min".
pub(super) fn span(span: Duration) -> String {
    match span.as_millis() {
        millis @ 0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{:.1} s", span.as_secs_f64()),
        _ => format!("{} min", span.as_secs() / 60),
    }
}

/// A running clock: "04:31", "1:04:31".
pub(super) fn clock(span: Duration) -> String {
    let (hours, minutes, seconds) = (span.as_secs() / 3600, span.as_secs() / 60 % 60, span.as_secs() % 60);
    if hours == 0 { format!("{minutes:02}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// The words with a capital first letter.
pub(super) fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

/// The words with a capital first letter and a full stop.
pub(super) fn sentence(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("{}.", capitalised(words)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_places() {
        assert_eq!(ms(9.94), "9.9");
        assert_eq!(ms(9.96), "10");
        assert_eq!((decibels(-0.4), decibels(3.0), decibels(-7.6)), ("0".into(), "+3".into(), "-8".into()));
        assert_eq!(known(Some(f64::NAN), ms), "–");
        assert_eq!(span(Duration::from_millis(999)), "999 ms");
        assert_eq!(span(Duration::from_millis(1_400)), "1.4 s");
        assert_eq!(clock(Duration::from_secs(3_871)), "1:04:31");
        assert_eq!((capitalised("Überall"), capitalised("")), ("Überall".into(), String::new()));
        assert_eq!(capitalised("über"), "Über");
        assert_eq!(sentence("you opened the clutch"), "You opened the clutch.");
    }
}
