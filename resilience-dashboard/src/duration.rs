//! Durations as the attributes write them: `250ms`, `5m`, `1h30m`, `1m 30s`.

use std::time::Duration;

/// The units with their nanoseconds, the largest first.
const UNITS: [(&str, u64); 7] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Reads a duration. `None` if the text is none, or is longer than a duration can be.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut smallest = u64::MAX;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        let (_, nanos) = *UNITS.iter().find(|(name, _)| *name == unit)?;
        if nanos >= smallest {
            return None;
        }
        smallest = nanos;
        total = total.checked_add(scaled(number, nanos)?)?;
        rest = after.trim_start();
    }
    Some(total)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// `number` of a unit. A fraction below a nanosecond is cut off.
fn scaled(number: &str, unit_nanos: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let mut nanos = whole.parse::<u64>().ok()?.checked_mul(unit_nanos)?;
    let mut place = unit_nanos;
    for digit in fraction.chars() {
        place /= 10;
        nanos = nanos.checked_add(u64::from(digit.to_digit(10)?) * place)?;
    }
    Some(Duration::from_nanos(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_attributes_are_read() {
        let cases = [
            ("250ms", 250),
            ("5m", 300_000),
            ("1.5s", 1_500),
            ("1h30m", 5_400_000),
            (" 1m 30s ", 90_000),
            ("0s", 0),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let cases = [
            "",
            " ",
            "5",
            "m",
            "5 minutes",
            "1s1m",
            "1m1m",
            "-1s",
            "1.s",
            ".5s",
            "1..5s",
            "1.5.5s",
            "1e3s",
            "∞",
            "99999999999h",
            "5m!",
            "0x10s",
        ];
        for text in cases {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
