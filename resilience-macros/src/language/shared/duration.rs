//! Durations as people write them: `250ms`, `1.5s`, `1m30s`, `"1m 30s"`.

use std::time::Duration;

const UNITS: [(&str, u64); 8] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// Reads a literal's text, without its quotes. The error says the cause and the fix.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    let mut smallest = u64::MAX;
    if rest.is_empty() {
        return Err("a duration is a number and a unit: `250ms`, `5s`, `1m30s`".into());
    }
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.' || c == '_');
        let (unit, after) = split(after.trim_start(), char::is_alphabetic);
        if number.is_empty() {
            return Err(format!(
                "`{text}` is no duration: write a number and a unit, like `250ms`, `5s` or `1m30s`"
            ));
        }
        if unit.is_empty() {
            return Err(format!(
                "`{text}` has no unit: write `{number}s` for seconds or `{number}ms` for milliseconds"
            ));
        }
        let Some((unit, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, number, unit));
        };
        if *nanos >= smallest {
            return Err(format!(
                "`{text}` has its units out of order: each stands once, the largest first, like `1h30m`"
            ));
        }
        smallest = *nanos;
        let part = scaled(number, *nanos)
            .ok_or_else(|| format!("`{number}{unit}` is no number that a duration can hold"))?;
        total = total
            .checked_add(part)
            .ok_or_else(|| format!("`{text}` is longer than a duration can be"))?;
        rest = after.trim_start();
    }
    Ok(total)
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn unknown_unit(text: &str, number: &str, unit: &str) -> String {
    let meant = match unit.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => Some("s"),
        "milli" | "millis" | "msec" | "msecs" | "millisecond" | "milliseconds" => Some("ms"),
        "min" | "mins" | "minute" | "minutes" => Some("m"),
        "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "micros" | "usec" | "microsecond" | "microseconds" => Some("us"),
        "nanos" | "nsec" | "nanosecond" | "nanoseconds" => Some("ns"),
        lower => UNITS
            .iter()
            .map(|(name, _)| *name)
            .find(|name| *name == lower),
    };
    match meant {
        Some(meant) => format!("`{unit}` in `{text}` is no unit: write `{number}{meant}`"),
        None => format!(
            "`{unit}` in `{text}` is no unit: the units are `ns`, `us`, `ms`, `s`, `m` and `h`"
        ),
    }
}

/// Multiplies exactly; a duration that is finer than a nanosecond is refused.
fn scaled(number: &str, nanos: u64) -> Option<Duration> {
    let digits: String = number.chars().filter(|c| *c != '_').collect();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let whole = whole.parse::<u128>().ok()?.checked_mul(nanos.into())?;
    let fraction = match fraction.trim_end_matches('0') {
        "" => 0,
        fraction => {
            let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            let parts = fraction.parse::<u128>().ok()?.checked_mul(nanos.into())?;
            if parts % scale != 0 {
                return None;
            }
            parts / scale
        }
    };
    let total = whole.checked_add(fraction)?;
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    Some(Duration::new(
        seconds,
        u32::try_from(total % 1_000_000_000).ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_and_their_sums() {
        for (text, nanos) in [
            ("7ns", 7),
            ("7us", 7_000),
            ("7µs", 7_000),
            ("250ms", 250_000_000),
            ("5s", 5_000_000_000),
            ("1.5s", 1_500_000_000),
            ("1.50s", 1_500_000_000),
            ("0.000000001s", 1),
            ("1_000ms", 1_000_000_000),
            ("1m30s", 90_000_000_000),
            ("1m 30s", 90_000_000_000),
            (" 2 h ", 7_200_000_000_000),
            ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration_and_says_what_would_be() {
        for (text, hint) in [
            ("", "a number and a unit"),
            ("5", "`5s` for seconds"),
            ("s", "is no duration"),
            ("5sec", "write `5s`"),
            ("5S", "write `5s`"),
            ("5min", "write `5m`"),
            ("5x", "the units are"),
            ("1s1m", "out of order"),
            ("1s1s", "out of order"),
            ("1.5.5s", "no number"),
            (".s", "no number"),
            ("0.1ns", "no number"),
            ("1e3s", "is no unit"),
            ("-1s", "is no duration"),
            ("99999999999999999999999999999999h", "no number"),
            ("18446744073709551615s 999999999ns1", "no unit"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(hint), "{text}: {message}");
        }
    }
}
