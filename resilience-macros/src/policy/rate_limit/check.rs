//! The rules of `#[rate_limit]`: a number of calls in a time, beside the rules of all limiters.

use crate::emit::limiter::LimiterNames;
use crate::errors::Errors;
use crate::language::value::Literal;
use crate::language::values::Values;
use crate::policy::limiter::{self, LimiterWords};
use crate::policy::spec::{CheckedLayer, Surroundings};
use crate::source_text::source_text;

static WORDS: LimiterWords = LimiterWords {
    policy: "rate_limit",
    thing: "rate limit",
    twice: "a call would take a turn outside and need another one inside",
    names: LimiterNames {
        ty: "RateLimit",
        variable: "rate_limit",
        limit: "limit",
        refusal: "RateLimited",
        refused: "limited",
        has_permit: false,
    },
};

pub(super) fn check(
    values: &mut Values<'_>,
    _: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    required(values, errors);
    limiter::check(&WORDS, values, errors)
}

/// Checks that there are a limit and its time, unless a configuration may bring them.
fn required(values: &Values<'_>, errors: &mut Errors) {
    if values.incomplete || values.key("config").is_some() {
        return;
    }
    let missing = match (values.key("limit").is_some(), values.key("per").is_some()) {
        (true, true) => return,
        (true, false) => "a time for its limit",
        (false, true) => "a number of calls in that time",
        (false, false) => "a number of calls and a time",
    };
    // A configuration without `config =` looks like a constant for the limit.
    let limit = values.setting("limit");
    let hint = match limit.filter(|limit| limit.literal == Literal::Unknown) {
        Some(limit) => {
            let text = source_text(&limit.source);
            format!("; if `{text}` is a configuration, write `config = {text}`")
        }
        None => String::new(),
    };
    errors.at(
        &values.anchor,
        format!("#[rate_limit] needs {missing}, as in `#[rate_limit(100, per = 1s)]`{hint}"),
    );
}
