//! The attribute language in one table: every option of every attribute, what it takes and how it is written.

use proc_macro2::{Punct, Spacing, TokenStream, TokenTree};
use syn::Lit;

use crate::policy::Policy;
use crate::written::written;

pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The option as a person would write it, for messages.
    pub(crate) example: &'static str,
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole number.
    Count { at_least: u32 },
    /// A span of time.
    Duration { zero: bool },
    /// A number that a delay is multiplied by: at least 1.
    Multiplier,
    /// A share of the calls: above 0, at most 1.
    Rate,
    /// One of these words, each with the path of its constant in the runtime crate.
    Word(&'static [(&'static str, &'static str)]),
    /// One of these words and nothing else.
    Mode(&'static [&'static str]),
    /// A constant string.
    Text,
    /// A pattern matched against `&E`, with an optional guard.
    Pattern,
    /// A path or a closure.
    Function,
    /// A function, a variant or a value that makes the error.
    Error,
    /// Any expression.
    Value,
    /// Names of the function's arguments in parentheses, or `..` for all of them.
    Arguments,
    /// The path of the runtime crate.
    CratePath,
}

pub(super) enum Form {
    Value,
    Pattern,
    Arguments,
}

impl OptionSpec {
    pub(super) fn form(&self) -> Form {
        match self.kind {
            Kind::Pattern => Form::Pattern,
            Kind::Arguments => Form::Arguments,
            _ => Form::Value,
        }
    }

    /// The option with the value that was written under the name of `typed`, if it can be meant as it stands or with its
    /// unit; else as in the documentation.
    pub(super) fn spelt(&self, typed: &str, value: &TokenStream) -> String {
        let text = written(value);
        let whole = |unit: &str| {
            text.parse::<u32>()
                .ok()
                .map(|number| format!("{number}{unit}"))
        };
        let value = match self.kind {
            Kind::Count { .. } => whole(""),
            Kind::Duration { .. } => match typed.rsplit('_').next() {
                Some("ms" | "millis") => whole("ms"),
                Some("secs" | "seconds") => whole("s"),
                _ => super::duration(text.trim_matches('"'))
                    .is_ok()
                    .then_some(text),
            },
            Kind::Multiplier => text
                .parse::<f64>()
                .is_ok_and(|number| number >= 1.0)
                .then_some(text),
            Kind::Rate => share(&text),
            Kind::Word(words) => words.iter().any(|(word, _)| *word == text).then_some(text),
            Kind::Mode(words) => words.contains(&text.as_str()).then_some(text),
            Kind::Text => syn::parse2::<syn::LitStr>(value.clone())
                .is_ok()
                .then_some(text),
            Kind::Pattern => {
                return if text.is_empty() || syn::parse2::<Lit>(value.clone()).is_ok() {
                    self.example.to_owned()
                } else {
                    format!("{}({})", self.name, written(&alternatives(value.clone())))
                };
            }
            Kind::Arguments => {
                return match text.as_str() {
                    "true" | "all" | ".." | "*" => format!("{}(..)", self.name),
                    _ if syn::parse2::<syn::Ident>(value.clone()).is_ok() => {
                        format!("{}({text})", self.name)
                    }
                    _ => self.example.to_owned(),
                };
            }
            Kind::Function | Kind::Error | Kind::Value | Kind::CratePath => {
                (!text.is_empty() && syn::parse2::<Lit>(value.clone()).is_err()).then_some(text)
            }
        };
        value.map_or_else(
            || self.example.to_owned(),
            |value| format!("{} = {value}", self.name),
        )
    }
}

/// `{A, B}`, `(A, B)` or `[A, B]`, as other languages list exceptions, as the pattern `A | B`.
fn alternatives(list: TokenStream) -> TokenStream {
    let mut tokens = list.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (tokens.next(), tokens.next()) else {
        return list;
    };
    let mut joined: Vec<TokenTree> = group.stream().into_iter().collect();
    if matches!(joined.last(), Some(TokenTree::Punct(comma)) if comma.as_char() == ',') {
        joined.pop();
    }
    for token in &mut joined {
        if matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',') {
            *token = TokenTree::Punct(Punct::new('|', Spacing::Alone));
        }
    }
    joined.into_iter().collect()
}

/// `0.5`, or the percentage `50`, `50.0` or `"50%"`, as a share.
pub(crate) fn share(text: &str) -> Option<String> {
    let number: f64 = text
        .trim_matches('"')
        .trim_end_matches(['%', ' '])
        .parse()
        .ok()?;
    // From 2 on it is a percentage for certain.
    let share = if number >= 2.0 {
        number / 100.0
    } else {
        number
    };
    (share > 0.0 && share <= 1.0).then(|| format!("{share:?}"))
}

const fn option(name: &'static str, kind: Kind, example: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        kind,
        example,
    }
}

pub(super) const LIMIT: &OptionSpec = {
    let [limit, ..] = TIMEOUT else {
        panic!("the table of the timeout begins with its limit");
    };
    limit
};

const STRATEGY: &[(&str, &str)] = &[
    ("exponential", "Strategy::Exponential"),
    ("linear", "Strategy::Linear"),
    ("constant", "Strategy::Constant"),
];

const JITTER: &[(&str, &str)] = &[
    ("full", "Jitter::Full"),
    ("equal", "Jitter::Equal"),
    ("decorrelated", "Jitter::Decorrelated"),
    ("none", "Jitter::None"),
    // Not named in messages: the words above say more.
    ("true", "Jitter::Full"),
    ("false", "Jitter::None"),
];

const RETRY: &[OptionSpec] = &[
    option(
        "max_retries",
        Kind::Count { at_least: 0 },
        "max_retries = 3",
    ),
    option(
        "max_attempts",
        Kind::Count { at_least: 1 },
        "max_attempts = 4",
    ),
    option("strategy", Kind::Word(STRATEGY), "strategy = exponential"),
    option(
        "base_delay",
        Kind::Duration { zero: true },
        "base_delay = 1s",
    ),
    option(
        "max_delay",
        Kind::Duration { zero: true },
        "max_delay = 60s",
    ),
    option("multiplier", Kind::Multiplier, "multiplier = 2.0"),
    option("jitter", Kind::Word(JITTER), "jitter = full"),
    option(
        "max_elapsed",
        Kind::Duration { zero: false },
        "max_elapsed = 2m",
    ),
    option(
        "retry_on",
        Kind::Pattern,
        "retry_on(ApiError::Busy | ApiError::Io(_))",
    ),
    option("abort_on", Kind::Pattern, "abort_on(ApiError::NotFound)"),
    option(
        "retry_if",
        Kind::Function,
        "retry_if = |error| error.is_transient()",
    ),
    option(
        "retry_if_ok",
        Kind::Function,
        "retry_if_ok = |job| !job.is_done()",
    ),
    option(
        "delay_hint",
        Kind::Function,
        "delay_hint = |error| error.retry_after()",
    ),
    option(
        "on_retry",
        Kind::Function,
        "on_retry = |event| METRICS.count(event.attempt)",
    ),
    option("clone", Kind::Arguments, "clone(text, request)"),
    option("config", Kind::Value, "config = RETRY"),
    option("crate", Kind::CratePath, "crate = my_crate::resilience"),
];

const CIRCUIT_BREAKER: &[OptionSpec] = &[
    option("name", Kind::Text, "name = \"jira\""),
    option(
        "failure_threshold",
        Kind::Count { at_least: 1 },
        "failure_threshold = 5",
    ),
    option(
        "failure_window",
        Kind::Duration { zero: false },
        "failure_window = 60s",
    ),
    option("failure_rate", Kind::Rate, "failure_rate = 0.5"),
    option(
        "minimum_calls",
        Kind::Count { at_least: 1 },
        "minimum_calls = 20",
    ),
    option(
        "recovery_timeout",
        Kind::Duration { zero: false },
        "recovery_timeout = 30s",
    ),
    option(
        "success_threshold",
        Kind::Count { at_least: 1 },
        "success_threshold = 2",
    ),
    option(
        "half_open_max_calls",
        Kind::Count { at_least: 1 },
        "half_open_max_calls = 1",
    ),
    option(
        "slow_call",
        Kind::Duration { zero: false },
        "slow_call = 2s",
    ),
    option(
        "failure_on",
        Kind::Pattern,
        "failure_on(ApiError::Server(_))",
    ),
    option(
        "failure_if",
        Kind::Function,
        "failure_if = |error| error.is_server_error()",
    ),
    option(
        "failure_if_ok",
        Kind::Function,
        "failure_if_ok = |answer| answer.is_stale()",
    ),
    option("ignore", Kind::Pattern, "ignore(ApiError::NotFound)"),
    option("fallback", Kind::Function, "fallback = cached_answer"),
    option("error", Kind::Error, "error = ApiError::CircuitOpen"),
    option("breaker", Kind::Value, "breaker = &self.breaker"),
    option("config", Kind::Value, "config = BREAKER"),
    option("crate", Kind::CratePath, "crate = my_crate::resilience"),
];

const TIMEOUT: &[OptionSpec] = &[
    option("limit", Kind::Duration { zero: false }, "limit = 5s"),
    option("operation", Kind::Text, "operation = \"db_query\""),
    option(
        "message",
        Kind::Text,
        "message = \"the database took too long\"",
    ),
    option("error", Kind::Error, "error = ApiError::Timeout"),
    option(
        "mode",
        Kind::Mode(&["thread", "cooperative"]),
        "mode = cooperative",
    ),
    option("config", Kind::Value, "config = TIMEOUT"),
    option("crate", Kind::CratePath, "crate = my_crate::resilience"),
];

/// The options of an attribute, in the order in which its documentation lists them.
pub(crate) fn options(policy: Policy) -> &'static [OptionSpec] {
    match policy {
        Policy::Retry => RETRY,
        Policy::CircuitBreaker => CIRCUIT_BREAKER,
        Policy::Timeout => TIMEOUT,
    }
}
