//! Numbers as people read them: thousands set apart, a unit that fits the size, and three digits.

/// What a number counts. It decides how the number is written, in tables and on axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Plain things: packets, viewers.
    Count,
    PerSecond,
    BitsPerSecond,
    Nanoseconds,
    Microseconds,
    Bytes,
    /// A part of one, written as a percentage.
    Share,
    /// So many times another.
    Times,
}

impl Unit {
    /// The number with its unit: `12.3 µs`, `1,020,000/s`.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Count => thousands(value),
            Self::PerSecond if value.abs() < 100.0 => format!("{}/s", digits(value)),
            Self::PerSecond => format!("{}/s", thousands(value)),
            Self::BitsPerSecond => scaled(
                value,
                &["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"],
                1_000.0,
            ),
            Self::Nanoseconds => scaled(value, &["ns", "µs", "ms", "s"], 1_000.0),
            Self::Microseconds => scaled(value, &["µs", "ms", "s"], 1_000.0),
            Self::Bytes => scaled(value, &["bytes", "KiB", "MiB", "GiB", "TiB"], 1_024.0),
            // Not rounded up to a success that it is not.
            Self::Share if value > 0.0 && value < 0.000_05 => "< 0.01 %".to_owned(),
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::Times => format!("{} ×", digits(value)),
        }
    }
}

/// The value in the largest unit that leaves at least one.
fn scaled(value: f64, names: &[&str], step: f64) -> String {
    let mut value = value;
    let mut names = names.iter().peekable();
    let mut name = names.next().copied().unwrap_or_default();
    // 999.6 would be written as 1000 of the smaller unit.
    while value.abs() >= step - 0.5 {
        let Some(larger) = names.next() else { break };
        value /= step;
        name = larger;
    }
    format!("{} {name}", digits(value))
}

/// About three significant digits, and never an exponent.
fn digits(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 99.95 => return thousands(value),
        size if size >= 9.995 => 1,
        size if size >= 0.095 => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if matches!(text, "" | "-0") {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

/// A whole number with a comma before each three digits.
fn thousands(value: f64) -> String {
    let plain = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(plain.len() + plain.len() / 3 + 1);
    if value < 0.0 && plain != "0" {
        text.push('-');
    }
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_the_unit_that_fits_it() {
        for (unit, value, text) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 999.0, "999"),
            (Unit::Count, 1_234_567.4, "1,234,567"),
            (Unit::PerSecond, 1_020_000.0, "1,020,000/s"),
            (Unit::PerSecond, 12.345, "12.3/s"),
            (Unit::BitsPerSecond, 8_976_000_000.0, "8.98 Gbit/s"),
            (Unit::Nanoseconds, 812.4, "812 ns"),
            (Unit::Nanoseconds, 999.7, "1 µs"),
            (Unit::Nanoseconds, 19_300.0, "19.3 µs"),
            (Unit::Microseconds, 0.4, "0.4 µs"),
            (Unit::Microseconds, 2_500_000.0, "2.5 s"),
            (Unit::Bytes, 512.0, "512 bytes"),
            (Unit::Bytes, 16_384.0, "16 KiB"),
            (Unit::Share, 0.85, "85 %"),
            (Unit::Share, 0.000_001, "< 0.01 %"),
            (Unit::Share, 0.0, "0 %"),
            (Unit::Times, 15.26, "15.3 ×"),
        ] {
            assert_eq!(unit.show(value), text);
        }
    }
}
