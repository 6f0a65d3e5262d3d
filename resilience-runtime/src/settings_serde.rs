//! The settings as a user's own file has them: the keys are the options, durations are literals
//! such as `"250ms"`, and a budget is a name or a ratio.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[cfg(not(feature = "config"))]
#[path = "file/shared/duration.rs"]
mod duration;

#[cfg(feature = "config")]
use crate::file::parse_duration as parse;
#[cfg(not(feature = "config"))]
use duration::parse;

/// The name of a time without end.
const MAX: &str = "Duration::MAX";

/// A duration as its literal.
pub(crate) mod time {
    use super::{Deserialize, Deserializer, Duration, Error, MAX, Serializer, parse};

    #[expect(
        clippy::ref_option,
        reason = "serde calls it with a reference to the field"
    )]
    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            None => serializer.serialize_none(),
            Some(Duration::MAX) => serializer.serialize_str(MAX),
            Some(time) => serializer.collect_str(&format_args!("{time:?}")),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        if text == MAX {
            return Ok(Some(Duration::MAX));
        }
        parse(&text).map(Some).map_err(D::Error::custom)
    }
}

/// A budget as its name, or as the ratio of a budget without a name.
pub(crate) mod budget {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer};
    use crate::RetryBudget;
    use crate::budget::given::{is_ratio, of_name, of_ratio};

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    enum Written {
        Ratio(f64),
        Name(String),
    }

    #[expect(
        clippy::ref_option_ref,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference to the field"
    )]
    pub(crate) fn serialize<S: Serializer>(
        budget: &Option<&'static RetryBudget>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let written = budget.map(|budget| {
            let stats = budget.stats();
            if stats.name.is_empty() {
                Written::Ratio(stats.ratio)
            } else {
                Written::Name(stats.name)
            }
        });
        written.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<&'static RetryBudget>, D::Error> {
        match Option::<Written>::deserialize(deserializer)? {
            None => Ok(None),
            Some(Written::Name(name)) => Ok(Some(of_name(&name))),
            Some(Written::Ratio(ratio)) if is_ratio(ratio) => Ok(Some(of_ratio(ratio))),
            Some(Written::Ratio(ratio)) => Err(D::Error::custom(format_args!(
                "the ratio of a `budget` must be from 0.001 to 1000, not {ratio}: it says how many retries each call allows"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{from_str, to_string};

    use crate::{
        BulkheadSettings, CircuitBreakerSettings, Jitter, RateLimitSettings, RetrySettings,
        Strategy, TimeoutSettings,
    };

    #[test]
    fn settings_have_the_keys_the_durations_and_the_words_of_the_attributes() {
        let text = r#"{"max_retries":5,"strategy":"linear","base_delay":"250ms","jitter":"none","retry_refused":true,"budget":"serde::all"}"#;
        let settings: RetrySettings = from_str(text).expect("valid");
        assert_eq!(settings.max_retries, Some(5));
        assert_eq!(settings.strategy, Some(Strategy::Linear));
        assert_eq!(settings.base_delay, Some(Duration::from_millis(250)));
        assert_eq!(settings.jitter, Some(Jitter::None));
        assert_eq!(to_string(&settings).expect("JSON"), text);
        let text = r#"{"failure_rate":0.5,"recovery_timeout":"90s","slow_call":"1.5s"}"#;
        let settings: CircuitBreakerSettings = from_str(text).expect("valid");
        assert_eq!(settings.recovery_timeout, Some(Duration::from_secs(90)));
        assert_eq!(to_string(&settings).expect("JSON"), text);
        let settings: TimeoutSettings = from_str(r#"{"limit":"1m 30s"}"#).expect("valid");
        assert_eq!(settings.limit, Some(Duration::from_secs(90)));
        let endless = TimeoutSettings {
            limit: Some(Duration::MAX),
        };
        let text = to_string(&endless).expect("JSON");
        assert_eq!(from_str::<TimeoutSettings>(&text).expect("valid"), endless);
        assert_eq!(
            from_str::<RetrySettings>("{}").expect("valid"),
            RetrySettings::default()
        );
    }

    #[test]
    fn settings_of_limiters_have_the_keys_and_the_durations_of_the_attributes() {
        let text = r#"{"max_concurrent":5,"max_wait":"2s","max_keys":7,"idle":"60s"}"#;
        let settings: BulkheadSettings = from_str(text).expect("valid");
        assert_eq!(settings.max_wait, Some(Duration::from_secs(2)));
        assert_eq!(to_string(&settings).expect("JSON"), text);
        let text = r#"{"limit":100,"per":"1s","burst":10}"#;
        let settings: RateLimitSettings = from_str(text).expect("valid");
        assert_eq!((settings.limit, settings.burst), (Some(100), Some(10)));
        assert_eq!(to_string(&settings).expect("JSON"), text);
        from_str::<BulkheadSettings>(r#"{"max_concurent":5}"#).expect_err("misspelt");
    }

    #[test]
    fn a_ratio_is_a_budget_without_a_name() {
        let settings: RetrySettings = from_str(r#"{"budget":0.25}"#).expect("valid");
        assert_eq!(to_string(&settings).expect("JSON"), r#"{"budget":0.25}"#);
        from_str::<RetrySettings>(r#"{"budget":-1.0}"#).expect_err("out of range");
    }

    #[test]
    fn a_misspelt_key_and_a_wrong_duration_are_errors() {
        let error = from_str::<TimeoutSettings>(r#"{"limt":"5s"}"#).expect_err("misspelt");
        assert!(
            error.to_string().contains("unknown field `limt`"),
            "{error}"
        );
        let error = from_str::<TimeoutSettings>(r#"{"limit":"5"}"#).expect_err("no unit");
        assert!(error.to_string().contains("`5` has no unit"), "{error}");
    }
}
