//! Numbers as people read them.

use super::results::Verdict;

/// A time in µs, with three digits: "19.3", "1,240".
pub(super) fn digits(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => return "–".to_owned(),
        0.0 => return "0".to_owned(),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    };
    thousands(&text)
}

/// As [`digits`]; a dash for what was not measured.
pub(super) fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), digits)
}

/// With commas between thousands.
fn thousands(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("−", rest));
    let (whole, rest) = text.find('.').map_or((text, ""), |at| text.split_at(at));
    let count = whole.chars().count();
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (count - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{rest}")
}

/// A whole number.
pub(super) fn count(value: u64) -> String {
    thousands(&value.to_string())
}

/// A ratio with two decimals.
pub(super) fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

/// "1.18 (1.09–1.31)".
pub(super) fn ratio_with_spread(value: Option<f64>, spread: Option<[f64; 2]>) -> String {
    match (value, spread) {
        (Some(_), Some([min, max])) => format!("{} ({min:.2}–{max:.2})", ratio(value)),
        _ => "–".to_owned(),
    }
}

/// A share in percent.
pub(super) fn percent(share: f64) -> String {
    match share * 100.0 {
        0.0 => "0 %".to_owned(),
        percent @ ..0.095 => format!("{percent:.3} %"),
        percent => format!("{percent:.1} %"),
    }
}

/// A unit as people write it.
pub(super) fn unit(unit: &str) -> &str {
    if unit == "us" { "µs" } else { unit }
}

/// A value with its unit: "1.18 ×", "26.1 ms".
pub(super) fn with_unit(value: Option<f64>, unit_name: &str) -> String {
    match value {
        Some(value) if unit_name == "×" => format!("{value:.2} ×"),
        value => format!("{} {}", maybe(value), unit(unit_name)),
    }
}

/// What a verdict says.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "kept",
        Verdict::WithinNoise => "can’t be told",
        Verdict::Broken => "not kept",
        Verdict::Unknown => "not measured",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_commas() {
        let values = [0.0, 1.234, 9.996, 19.34, 99.96, 123.4, 1_240.4, 1_234_567.0, -45.67, f64::NAN];
        let texts = values.map(digits);
        assert_eq!(texts, ["0", "1.23", "10.0", "19.3", "100", "123", "1,240", "1,234,567", "−45.7", "–"]);
        assert_eq!([0.0, 0.0005, 0.02].map(percent), ["0 %", "0.050 %", "2.0 %"]);
        assert_eq!(ratio_with_spread(Some(1.178), Some([1.1, 1.31])), "1.18 (1.10–1.31)");
        assert_eq!((with_unit(Some(1.5), "×"), with_unit(None, "us")), ("1.50 ×".into(), "– µs".into()));
    }
}
