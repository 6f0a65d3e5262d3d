//! The metadata `grpc-retry-pushback-ms`.

use crate::RetryHint;
use core::time::Duration;
use http::header::HeaderMap;

/// Reads when the server wants the next attempt from the trailer `grpc-retry-pushback-ms`.
///
/// The value is a number of milliseconds. A negative or unreadable value is [`RetryHint::Never`],
/// because gRPC says so, and without the header the hint is [`RetryHint::Unknown`]. (gRFC A6,
/// "Pushback": <https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback>.)
///
/// ```
/// use http::HeaderMap;
/// use resilience::{RetryHint, http::grpc_pushback};
///
/// let mut trailers = HeaderMap::new();
/// assert_eq!(grpc_pushback(&trailers), RetryHint::Unknown);
/// trailers.insert("grpc-retry-pushback-ms", "-1".parse().unwrap());
/// assert_eq!(grpc_pushback(&trailers), RetryHint::Never);
/// ```
pub fn grpc_pushback(trailers: &HeaderMap) -> RetryHint {
    let Some(value) = trailers.get("grpc-retry-pushback-ms") else {
        return RetryHint::Unknown;
    };
    let millis = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    millis.map_or(RetryHint::Never, |millis| {
        RetryHint::After(Duration::from_millis(millis))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_in_milliseconds_and_rubbish_says_never() {
        let cases = [
            ("0", RetryHint::After(Duration::ZERO)),
            ("1500", RetryHint::After(Duration::from_millis(1_500))),
            ("-1", RetryHint::Never),
            ("", RetryHint::Never),
            ("soon", RetryHint::Never),
            ("1.5", RetryHint::Never),
            ("99999999999999999999", RetryHint::Never),
        ];
        for (value, expected) in cases {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-retry-pushback-ms", value.parse().expect("a value"));
            assert_eq!(grpc_pushback(&trailers), expected, "{value:?}");
        }
        assert_eq!(grpc_pushback(&HeaderMap::new()), RetryHint::Unknown);
    }
}
