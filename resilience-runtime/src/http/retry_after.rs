//! The header `Retry-After`.

use crate::RetryHint;
use core::time::Duration;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use http::status::StatusCode;
use std::time::SystemTime;

/// Reads when the server wants the next attempt from the header `Retry-After` of an answer with the
/// status 429 (Too Many Requests) or 503 (Service Unavailable).
///
/// The value is a number of seconds, or a date. A date is compared with the answer's header `Date`,
/// because the clocks of the two machines may differ, and without that header with the clock of
/// this machine. A date in the past is a delay of zero. Other statuses, an absent header and an
/// unreadable value are [`RetryHint::Unknown`]. A number of seconds that does not fit into 64 bits
/// is the longest delay there is. (RFC 9110, section 10.2.3.)
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use resilience::{RetryHint, http::retry_after};
/// use std::time::Duration;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("retry-after", "120".parse().unwrap());
/// assert_eq!(
///     retry_after(StatusCode::TOO_MANY_REQUESTS, &headers),
///     RetryHint::After(Duration::from_secs(120)),
/// );
/// assert_eq!(retry_after(StatusCode::NOT_FOUND, &headers), RetryHint::Unknown);
/// ```
pub fn retry_after(status: StatusCode, headers: &HeaderMap) -> RetryHint {
    if !matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        return RetryHint::Unknown;
    }
    let delay = text(headers, &RETRY_AFTER)
        .and_then(|value| seconds(value).or_else(|| until(value, headers)));
    delay.into()
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.trim())
}

fn seconds(value: &str) -> Option<Duration> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // These digits are no number only if there are too many of them.
    Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)))
}

fn until(value: &str, headers: &HeaderMap) -> Option<Duration> {
    let at = httpdate::parse_http_date(value).ok()?;
    let now = text(headers, &DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now);
    Some(at.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(headers: &[(&'static str, &str)]) -> RetryHint {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header's value"));
        }
        retry_after(StatusCode::SERVICE_UNAVAILABLE, &map)
    }

    fn after(seconds: u64) -> RetryHint {
        RetryHint::After(Duration::from_secs(seconds))
    }

    #[test]
    fn seconds_are_read() {
        assert_eq!(hint(&[("retry-after", "0")]), after(0));
        assert_eq!(hint(&[("retry-after", " 120 ")]), after(120));
        assert_eq!(
            hint(&[("retry-after", "9".repeat(30).as_str())]),
            after(u64::MAX)
        );
    }

    #[test]
    fn a_date_is_compared_with_the_date_of_the_answer() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let at = |value| hint(&[date, ("retry-after", value)]);
        assert_eq!(at("Sun, 06 Nov 1994 08:50:07 GMT"), after(30));
        assert_eq!(at("Sunday, 06-Nov-94 08:50:07 GMT"), after(30), "RFC 850");
        assert_eq!(at("Sun Nov  6 08:50:07 1994"), after(30), "asctime");
        assert_eq!(at("Sun, 06 Nov 1994 08:49:07 GMT"), after(0), "it is past");
    }

    #[test]
    fn without_the_date_of_the_answer_the_clock_of_the_machine_counts() {
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3_600));
        for headers in [
            &[("retry-after", soon.as_str())][..],
            &[("retry-after", soon.as_str()), ("date", "yesterday")],
        ] {
            let RetryHint::After(delay) = hint(headers) else {
                panic!("the date is readable: {headers:?}")
            };
            assert!((3_000..=3_600).contains(&delay.as_secs()), "{delay:?}");
        }
        assert_eq!(
            hint(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]),
            after(0)
        );
    }

    #[test]
    fn rubbish_is_no_hint() {
        for value in [
            "",
            "-1",
            "1.5",
            "soon",
            "1 s",
            "+5",
            "0x10",
            "Sun, 99 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(
                hint(&[("retry-after", value)]),
                RetryHint::Unknown,
                "{value}"
            );
        }
        assert_eq!(hint(&[]), RetryHint::Unknown);
        let mut headers = HeaderMap::new();
        let bytes = http::HeaderValue::from_bytes(b"\xff").expect("opaque bytes are allowed");
        headers.insert(RETRY_AFTER, bytes);
        let hint = retry_after(StatusCode::TOO_MANY_REQUESTS, &headers);
        assert_eq!(hint, RetryHint::Unknown);
    }

    #[test]
    fn only_429_and_503_ask_for_a_later_attempt() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "7".parse().expect("a header's value"));
        for status in 100..600 {
            let hint = retry_after(StatusCode::from_u16(status).expect("a status"), &headers);
            let is_read = [429, 503].contains(&status);
            assert_eq!(hint == after(7), is_read, "{status}");
        }
    }
}
