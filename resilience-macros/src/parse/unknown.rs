//! An option that the attribute does not have: what was meant, in the words of other libraries or misspelt.

use proc_macro2::TokenStream;
use syn::Ident;

use super::options::{OptionSpec, options};
use crate::policy::Policy;

/// What other libraries, and the Python decorators, call the same thing.
const FOREIGN: &[(Policy, &[&str], &str)] = &[
    (
        Policy::Retry,
        &[
            "retries",
            "max_retry",
            "retry",
            "max_times",
            "times_to_retry",
            "max_retry_attempts",
            "limit",
        ],
        "max_retries",
    ),
    (
        Policy::Retry,
        &[
            "attempts",
            "times",
            "tries",
            "max_tries",
            "max_attempt",
            "stop",
            "stop_after",
            "stop_after_attempt",
            "num_attempts",
        ],
        "max_attempts",
    ),
    (
        Policy::Retry,
        &[
            "delay",
            "wait",
            "wait_duration",
            "min_delay",
            "initial_delay",
            "initial_interval",
            "initial_backoff",
            "interval",
            "sleep",
            "wait_fixed",
            "min_wait",
        ],
        "base_delay",
    ),
    (
        Policy::Retry,
        &[
            "max_wait",
            "max_interval",
            "max_backoff",
            "delay_cap",
            "cap",
        ],
        "max_delay",
    ),
    (
        Policy::Retry,
        &[
            "backoff",
            "backoff_type",
            "backoff_strategy",
            "policy",
            "wait_strategy",
            "kind",
        ],
        "strategy",
    ),
    (
        Policy::Retry,
        &[
            "factor",
            "exp_base",
            "exponential_base",
            "backoff_multiplier",
            "backoff_factor",
            "exponent",
        ],
        "multiplier",
    ),
    (
        Policy::Retry,
        &[
            "randomization_factor",
            "randomize",
            "random",
            "with_jitter",
            "jitter_factor",
        ],
        "jitter",
    ),
    (
        Policy::Retry,
        &[
            "timeout",
            "max_duration",
            "total_delay",
            "deadline",
            "max_total_delay",
            "max_elapsed_time",
            "stop_after_delay",
        ],
        "max_elapsed",
    ),
    (
        Policy::Retry,
        &[
            "on",
            "retry_exceptions",
            "retryable_exceptions",
            "retryable",
            "retryable_errors",
            "handle",
            "errors",
            "retry_for",
            "include",
        ],
        "retry_on",
    ),
    (
        Policy::Retry,
        &[
            "non_retryable_exceptions",
            "non_retryable",
            "ignore",
            "ignore_exceptions",
            "abort",
            "abort_if",
            "exclude",
            "no_retry_on",
        ],
        "abort_on",
    ),
    (
        Policy::Retry,
        &[
            "when",
            "condition",
            "retry_condition",
            "predicate",
            "should_retry",
            "should_handle",
            "if",
        ],
        "retry_if",
    ),
    (
        Policy::Retry,
        &[
            "retry_on_result",
            "retry_if_result",
            "retry_on_ok",
            "handle_result",
        ],
        "retry_if_ok",
    ),
    (
        Policy::Retry,
        &[
            "retry_after",
            "adjust",
            "delay_generator",
            "delay_func",
            "hint",
        ],
        "delay_hint",
    ),
    (
        Policy::Retry,
        &[
            "notify",
            "before_sleep",
            "on_error",
            "callback",
            "before_retry",
            "hook",
        ],
        "on_retry",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "threshold",
            "failures",
            "max_failures",
            "error_threshold",
            "failure_count",
            "consecutive_failures",
        ],
        "failure_threshold",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "failure_rate_threshold",
            "error_rate",
            "failure_ratio",
            "error_percentage",
            "error_threshold_percentage",
            "rate",
        ],
        "failure_rate",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "window",
            "sliding_window",
            "sampling_duration",
            "interval",
            "period",
        ],
        "failure_window",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "minimum_number_of_calls",
            "minimum_throughput",
            "min_calls",
            "min_throughput",
            "request_volume_threshold",
            "volume_threshold",
        ],
        "minimum_calls",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "reset_timeout",
            "timeout",
            "break_duration",
            "duration_of_break",
            "wait_duration_in_open_state",
            "open_duration",
            "sleep_window",
            "delay",
            "recovery_time",
            "cooldown",
            "cool_down",
        ],
        "recovery_timeout",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "successes",
            "close_threshold",
            "half_open_success_threshold",
            "required_successes",
        ],
        "success_threshold",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "permitted_number_of_calls_in_half_open_state",
            "half_open_calls",
            "half_open_max_requests",
            "max_probes",
            "probes",
            "max_requests",
            "half_open_requests",
        ],
        "half_open_max_calls",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "slow_call_duration_threshold",
            "slow_call_duration",
            "slow_threshold",
            "slow",
            "slow_call_threshold",
        ],
        "slow_call",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "failure_exceptions",
            "record_exceptions",
            "expected_exception",
            "record",
            "handle",
            "errors",
            "trip_on",
            "count_on",
        ],
        "failure_on",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "when",
            "predicate",
            "failure_predicate",
            "record_failure",
            "should_handle",
            "is_failure",
            "record_if",
        ],
        "failure_if",
    ),
    (
        Policy::CircuitBreaker,
        &["record_result", "failure_if_result", "handle_result"],
        "failure_if_ok",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "ignored_exceptions",
            "ignore_exceptions",
            "exclude",
            "ignore_on",
            "ignored",
            "ignore_errors",
        ],
        "ignore",
    ),
    (
        Policy::CircuitBreaker,
        &["fallback_function", "fallback_method", "or_else", "default"],
        "fallback",
    ),
    (
        Policy::CircuitBreaker,
        &["circuit", "circuit_name", "key", "id", "service"],
        "name",
    ),
    (
        Policy::CircuitBreaker,
        &["instance", "handle_to", "circuit_breaker", "cb"],
        "breaker",
    ),
    (
        Policy::CircuitBreaker,
        &["map_err", "open_error", "exception", "err", "on_error"],
        "error",
    ),
    (
        Policy::Timeout,
        &[
            "timeout",
            "duration",
            "timeout_seconds",
            "timeout_ms",
            "timeout_secs",
            "seconds",
            "secs",
            "millis",
            "ms",
            "after",
            "deadline",
            "time_limit",
            "timeout_duration",
            "max_duration",
            "max_elapsed",
        ],
        "limit",
    ),
    (
        Policy::Timeout,
        &["name", "operation_name", "label"],
        "operation",
    ),
    (
        Policy::Timeout,
        &["error_message", "text", "msg"],
        "message",
    ),
    (
        Policy::Timeout,
        &[
            "exception_class",
            "exception",
            "map_err",
            "err",
            "on_timeout",
        ],
        "error",
    ),
    (
        Policy::Timeout,
        &["strategy", "kind", "timeout_strategy"],
        "mode",
    ),
];

/// The names of other libraries for what does not exist here, and the words that say what does.
const ABSENT: &[(Policy, &[&str], &str)] = &[
    (
        Policy::Retry,
        &["budget", "retry_budget", "token_bucket"],
        "retries have no budget that calls share: `max_retries = 3` bounds the retries of one call, and `max_elapsed = 2m` \
         their time",
    ),
    (
        Policy::CircuitBreaker,
        &["window_size", "sliding_window_size", "window_calls"],
        "the window is a span of time and not a number of calls: write `failure_window = 60s`",
    ),
    (
        Policy::CircuitBreaker,
        &[
            "on_open",
            "on_close",
            "on_half_open",
            "on_state_change",
            "on_state_transition",
            "on_transition",
            "listener",
            "listeners",
        ],
        "a change of the state is told by `CircuitBreaker::on_transition`; a refused call is answered by `fallback = f`",
    ),
];

/// An option that no attribute, or another attribute, has; `value` is what was written behind it.
pub(super) fn unknown(policy: Policy, key: &Ident, value: &TokenStream) -> syn::Error {
    let written = key.to_string();
    let foreign = FOREIGN
        .iter()
        .find(|(of, names, _)| *of == policy && names.contains(&written.as_str()))
        .and_then(|(_, _, ours)| find(policy, ours));
    let absent = ABSENT
        .iter()
        .find(|(of, names, _)| *of == policy && names.contains(&written.as_str()));
    let near = || nearest(&written, options(policy), |spec| spec.name);
    let sibling = || {
        let others = Policy::ALL.into_iter().filter(|other| *other != policy);
        others
            .into_iter()
            .find_map(|other| Some((other, find(other, &written)?)))
    };
    let message = if let Some((.., instead)) = absent {
        format!("{policy} has no option `{written}`; {instead}")
    } else if let Some(spec) = foreign {
        let ours = spec.spelt(&written, value);
        format!(
            "{policy} has no option `{written}`; here it is called `{}`: write `{ours}`",
            spec.name
        )
    } else if let Some(spec) = near() {
        format!(
            "{policy} has no option `{written}`; did you mean `{}`?",
            spec.spelt(&written, value)
        )
    } else if let Some((other, spec)) = sibling() {
        let (name, ours) = (other.name(), spec.spelt(&written, value));
        format!(
            "{policy} has no option `{written}`, which belongs to {other}: write `#[{name}({ours})]`"
        )
    } else {
        let names: Vec<_> = options(policy)
            .iter()
            .map(|spec| format!("`{}`", spec.name))
            .collect();
        format!(
            "{policy} has no option `{written}`; its options are {}",
            names.join(", ")
        )
    };
    syn::Error::new_spanned(key, message)
}

fn find(policy: Policy, name: &str) -> Option<&'static OptionSpec> {
    options(policy).iter().find(|spec| spec.name == name)
}

/// The one whose name was probably meant.
pub(crate) fn nearest<'t, T>(
    typed: &str,
    all: &'t [T],
    name: impl Fn(&T) -> &'static str,
) -> Option<&'t T> {
    let is_start = |one: &&T| typed.len() >= 3 && name(one).starts_with(typed);
    if let Some(started) = all.iter().find(is_start) {
        return Some(started);
    }
    let distance = |one: &&T| edit_distance(typed, name(one));
    all.iter()
        .min_by_key(distance)
        .filter(|one| distance(one) <= name(one).len() / 3)
}

/// Levenshtein's distance.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (cell, right) in row.iter_mut().skip(1).zip(&b) {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = *cell;
            *cell = substituted.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::options::share;
    use super::{ABSENT, FOREIGN, find, unknown};
    use crate::policy::Policy;

    fn message(policy: Policy, key: &str, value: &str) -> String {
        let key: syn::Ident = syn::parse_str(key)
            .unwrap_or_else(|_| proc_macro2::Ident::new_raw(key, proc_macro2::Span::call_site()));
        unknown(policy, &key, &value.parse().expect("lexes")).to_string()
    }

    #[test]
    fn every_other_librarys_name_leads_to_ours() {
        for (policy, names, ours) in FOREIGN {
            assert!(find(*policy, ours).is_some(), "{policy} has no `{ours}`");
            for name in *names {
                assert!(
                    find(*policy, name).is_none(),
                    "{policy} has `{name}` itself"
                );
                let same = FOREIGN
                    .iter()
                    .filter(|(other, names, _)| other == policy && names.contains(name))
                    .count();
                assert_eq!(same, 1, "{policy}: `{name}` is in the table more than once");
            }
        }
    }

    #[test]
    fn what_is_absent_is_no_option_under_another_name() {
        for (policy, names, _) in ABSENT {
            for name in *names {
                assert!(find(*policy, name).is_none(), "{policy} has `{name}`");
                assert!(
                    !FOREIGN
                        .iter()
                        .any(|(of, names, _)| of == policy && names.contains(name)),
                    "{policy} has `{name}` under another name"
                );
            }
        }
    }

    /// The names in a cell of a table: `max_attempts` of `RetryConfig(max_attempts=3)`.
    fn python_names(cell: &str) -> Vec<&str> {
        let (before_last, _) = cell.rsplit_once('=').unwrap_or_default();
        let names = before_last.split('=').map(|before| {
            let start = before.rfind(|c: char| !(c.is_ascii_lowercase() || c == '_'));
            &before[start.map_or(0, |at| at + 1)..]
        });
        names.filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn the_names_of_the_python_decorators_lead_to_what_the_readme_says() {
        let readme = include_str!("../../../README.md");
        let section = readme
            .split_once("## Coming from the Python decorators")
            .expect("the section")
            .1;
        let table = section.lines().skip_while(|line| !line.starts_with("|---"));
        let rows = table.skip(1).take_while(|line| line.starts_with('|'));
        let mut names = 0;
        for row in rows {
            let (theirs, ours) = row[1..].split_once(" | ").expect("two columns");
            for name in python_names(theirs) {
                names += 1;
                let is_told = Policy::ALL.into_iter().any(|policy| {
                    let mut options = super::options(policy).iter();
                    let message = message(policy, name, "");
                    find(policy, name).is_some()
                        || options.any(|spec| {
                            let is_meant = ours.contains(&format!("`{}", spec.name))
                                || (spec.name == "limit" && ours.contains("#[timeout("));
                            is_meant && message.contains(&format!("`{}`: write", spec.name))
                        })
                });
                assert!(is_told, "`{name}` leads to nothing of {ours}");
            }
        }
        assert!(names > 15, "the table has {names} names");
    }

    #[test]
    fn the_value_that_was_written_is_kept_if_it_can_be_meant() {
        for (policy, key, value, ours) in [
            (Policy::Retry, "retries", "7", "`max_retries = 7`"),
            (Policy::Retry, "wait", "250ms", "`base_delay = 250ms`"),
            (Policy::Retry, "wait", "250", "`base_delay = 1s`"),
            (Policy::Retry, "backoff", "linear", "`strategy = linear`"),
            (
                Policy::Retry,
                "backoff",
                "fibonacci",
                "`strategy = exponential`",
            ),
            (
                Policy::Retry,
                "retryable_exceptions",
                "ApiError::Busy",
                "`retry_on(ApiError::Busy)`",
            ),
            (
                Policy::Retry,
                "when",
                "|error| error.is_busy()",
                "`retry_if = |error| error.is_busy()`",
            ),
            (
                Policy::Retry,
                "max_retry_",
                "7",
                "did you mean `max_retries = 7`?",
            ),
            (
                Policy::CircuitBreaker,
                "failure_rate_threshold",
                "50",
                "`failure_rate = 0.5`",
            ),
            (
                Policy::CircuitBreaker,
                "reset_timeout",
                "10s",
                "`recovery_timeout = 10s`",
            ),
            (
                Policy::CircuitBreaker,
                "max_retries",
                "7",
                "`#[retry(max_retries = 7)]`",
            ),
            (Policy::Timeout, "timeout_ms", "500", "`limit = 500ms`"),
            (Policy::Timeout, "timeout_seconds", "5", "`limit = 5s`"),
            (Policy::Timeout, "duration", "\"2m\"", "`limit = \"2m\"`"),
        ] {
            let message = message(policy, key, value);
            assert!(
                message.contains(ours),
                "{policy} `{key} = {value}`: {message}"
            );
        }
    }

    #[test]
    fn a_percentage_is_read_as_a_share() {
        for (text, expected) in [
            ("0.5", Some("0.5")),
            ("50", Some("0.5")),
            ("\"12.5 %\"", Some("0.125")),
            ("0", None),
            ("500", None),
            ("half", None),
        ] {
            assert_eq!(share(text).as_deref(), expected, "{text}");
        }
    }
}
