//! The headers `grpc-timeout` and `x-envoy-expected-rq-timeout-ms`: the time that a caller waits
//! for its answer.
//!
//! Both headers say how much time is left and not when it ends, so the clocks of the two machines
//! are not compared.

use core::time::Duration;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const ENVOY_TIMEOUT: HeaderName = HeaderName::from_static("x-envoy-expected-rq-timeout-ms");

/// The units of `grpc-timeout` in nanoseconds, the smallest first.
const UNITS: [(u8, u64); 6] = [
    (b'n', 1),
    (b'u', 1_000),
    (b'm', 1_000_000),
    (b'S', 1_000_000_000),
    (b'M', 60_000_000_000),
    (b'H', 3_600_000_000_000),
];

/// `grpc-timeout` has at most eight digits.
const MOST_DIGITS: usize = 8;
const LARGEST: u128 = 99_999_999;

/// A deadline that lies too far away for the clock is replaced by one after 30 years.
const FAR_AWAY: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Tells a service how much time is left until the [`deadline`](crate::deadline) that this code
/// runs under, in the headers `grpc-timeout` and `x-envoy-expected-rq-timeout-ms` of a request.
///
/// Values that the headers have are replaced. Both are rounded down, because the service must not
/// take more time than the caller has, but they are never zero. Without a deadline the headers stay
/// as they are.
///
/// ```
/// use http::HeaderMap;
/// use resilience::{TimedOut, http::insert_deadline, timeout};
///
/// #[timeout(250ms)]
/// async fn ask() -> Result<HeaderMap, TimedOut> {
///     let mut headers = HeaderMap::new();
///     insert_deadline(&mut headers);
///     Ok(headers)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let headers = ask().await.unwrap();
/// assert_eq!(headers["grpc-timeout"], "250000u");
/// assert_eq!(headers["x-envoy-expected-rq-timeout-ms"], "250");
/// # }
/// ```
pub fn insert_deadline(headers: &mut HeaderMap) {
    let Some(left) = crate::remaining() else {
        return;
    };
    // A header value is made of digits and one letter, so that it is always valid.
    if let Ok(value) = HeaderValue::try_from(grpc_timeout(left)) {
        headers.insert(GRPC_TIMEOUT, value);
    }
    headers.insert(ENVOY_TIMEOUT, HeaderValue::from(envoy_timeout(left)));
}

/// Returns the deadline of a request: as much time from now as the headers `grpc-timeout` and
/// `x-envoy-expected-rq-timeout-ms` say, and at most `ceiling`.
///
/// A caller can only shorten the ceiling, because a caller may be anybody. If several values are
/// there, the smallest one counts; zero is a deadline that has passed. An absent header and an
/// unreadable value leave the ceiling. A ceiling that lies too far away for the clock is one of 30
/// years.
///
/// ```
/// use std::time::Duration;
/// use http::HeaderMap;
/// use resilience::{http::deadline_from, with_deadline};
///
/// async fn handle(headers: HeaderMap) -> u32 {
///     let deadline = deadline_from(&headers, Duration::from_secs(30));
///     with_deadline(deadline, answer()).await
/// }
///
/// async fn answer() -> u32 {
///     assert!(resilience::remaining().unwrap() <= Duration::from_millis(80));
///     42
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut headers = HeaderMap::new();
/// headers.insert("grpc-timeout", "80m".parse().unwrap());
/// assert_eq!(handle(headers).await, 42);
/// # }
/// ```
#[must_use]
pub fn deadline_from(headers: &HeaderMap, ceiling: Duration) -> Instant {
    let grpc = headers.get_all(GRPC_TIMEOUT);
    let envoy = headers.get_all(ENVOY_TIMEOUT);
    let left = (grpc
        .iter()
        .filter_map(|value| read_grpc_timeout(value.as_bytes())))
    .chain(
        envoy
            .iter()
            .filter_map(|value| read_envoy_timeout(value.as_bytes())),
    )
    .fold(ceiling, Duration::min);
    let now = Instant::now();
    now.checked_add(left).unwrap_or_else(|| now + FAR_AWAY)
}

/// Writes the time in the smallest unit for which the digits are enough.
fn grpc_timeout(left: Duration) -> String {
    let in_unit = |nanos: u64| left.as_nanos() / u128::from(nanos);
    let smallest = UNITS.iter().find(|(_, nanos)| in_unit(*nanos) <= LARGEST);
    let (unit, nanos) = smallest.copied().unwrap_or(UNITS[UNITS.len() - 1]);
    format!("{}{}", in_unit(nanos).clamp(1, LARGEST), char::from(unit))
}

fn envoy_timeout(left: Duration) -> u64 {
    u64::try_from(left.as_millis()).unwrap_or(u64::MAX).max(1)
}

fn read_grpc_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let (_, nanos) = UNITS.iter().find(|(letter, _)| letter == unit)?;
    if digits.len() > MOST_DIGITS {
        return None;
    }
    let number = read_number(digits)?;
    // Eight digits of hours are some 11,000 years, which only `Duration` can express.
    let (seconds, below) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    Some(Duration::from_secs(number * seconds) + Duration::from_nanos(number * below))
}

fn read_envoy_timeout(value: &[u8]) -> Option<Duration> {
    read_number(value).map(Duration::from_millis)
}

/// Reads digits, without a sign. A number that does not fit is unreadable, as it would not shorten
/// a ceiling.
fn read_number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let text = core::str::from_utf8(digits).ok().filter(|_| is_number)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::with_deadline;

    const SECOND: Duration = Duration::from_secs(1);

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    /// The time that the headers leave under a ceiling of an hour.
    fn left(lines: &[(&'static str, &'static str)]) -> Duration {
        deadline_from(&headers(lines), 3600 * SECOND) - Instant::now()
    }

    async fn written(left: Duration) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let at = Instant::now() + left;
        with_deadline(at, async { insert_deadline(&mut headers) }).await;
        headers
    }

    #[tokio::test(start_paused = true)]
    async fn every_unit_is_read() {
        for (value, expected) in [
            ("5n", Duration::from_nanos(5)),
            ("5u", Duration::from_micros(5)),
            ("5m", Duration::from_millis(5)),
            ("5S", SECOND * 5),
            ("5M", SECOND * 300),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("00000001S", SECOND),
            ("0S", Duration::ZERO),
            ("1H", SECOND * 3600),
            // Longer than the ceiling.
            ("2H", SECOND * 3600),
            ("99999999H", SECOND * 3600),
        ] {
            assert_eq!(left(&[("grpc-timeout", value)]), expected, "{value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rubbish_leaves_the_ceiling() {
        for value in [
            "",
            "5",
            "m",
            "5x",
            "5s",
            "-5m",
            "+5m",
            "5.0m",
            " 5m",
            "5m ",
            "5 m",
            "123456789n",
            "5mm",
            "0x5m",
            "\u{b5}m",
            "1e3m",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                GRPC_TIMEOUT,
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
            let left = deadline_from(&headers, SECOND) - Instant::now();
            assert_eq!(left, SECOND, "{value:?}");
        }
        for value in ["", "5m", "-5", "+5", "5.0", "99999999999999999999"] {
            let name = "x-envoy-expected-rq-timeout-ms";
            assert_eq!(left(&[(name, value)]), 3600 * SECOND, "{value:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_smallest_of_several_values_counts() {
        let (grpc, envoy) = ("grpc-timeout", "x-envoy-expected-rq-timeout-ms");
        for (lines, millis) in [
            (&[(grpc, "2S"), (envoy, "1500")][..], 1500),
            (&[(grpc, "1S"), (envoy, "1500")], 1000),
            (&[(grpc, "3S"), (grpc, "2S")], 2000),
            (&[(grpc, "rubbish"), (envoy, "7")], 7),
            (&[], 3_600_000),
        ] {
            assert_eq!(left(lines), Duration::from_millis(millis), "{lines:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_ceiling_too_far_away_for_the_clock_is_one_of_30_years() {
        let deadline = deadline_from(&HeaderMap::new(), Duration::MAX);
        assert_eq!(deadline - Instant::now(), FAR_AWAY);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_is_read_as_no_later_and_little_earlier() {
        let spans = (0..64).flat_map(|bit| {
            let nanos = 1_u64 << bit;
            [nanos - 1, nanos, nanos + 1, nanos + nanos / 3]
        });
        for left in spans.map(Duration::from_nanos) {
            let headers = written(left).await;
            let value = headers["grpc-timeout"].to_str().unwrap();
            assert!(value.len() <= 9 && !value.starts_with('0'), "{value}");
            let read = read_grpc_timeout(value.as_bytes()).unwrap();
            assert!(
                read <= left.max(Duration::from_nanos(1)),
                "{left:?}: {value}"
            );
            assert!(
                left.saturating_sub(read) <= left / 100_000,
                "{left:?}: {value}"
            );
            let value = headers["x-envoy-expected-rq-timeout-ms"].to_str().unwrap();
            let read = read_envoy_timeout(value.as_bytes()).unwrap();
            assert!(
                read <= left.max(Duration::from_millis(1)),
                "{left:?}: {value}"
            );
            assert!(
                left.saturating_sub(read) < Duration::from_millis(1),
                "{left:?}: {value}"
            );
            assert!(!read.is_zero());
        }
        assert_eq!(grpc_timeout(Duration::MAX), "99999999H");
        assert_eq!(envoy_timeout(Duration::MAX), u64::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_that_has_passed_leaves_the_shortest_time() {
        let past = Instant::now();
        tokio::time::advance(SECOND).await;
        let mut headers = HeaderMap::new();
        with_deadline(past, async { insert_deadline(&mut headers) }).await;
        assert_eq!(headers["grpc-timeout"], "1n");
        assert_eq!(headers["x-envoy-expected-rq-timeout-ms"], "1");
    }

    #[test]
    fn without_a_deadline_the_headers_stay_as_they_are() {
        let mut headers = headers(&[("grpc-timeout", "5S")]);
        insert_deadline(&mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(headers["grpc-timeout"], "5S");
    }
}
