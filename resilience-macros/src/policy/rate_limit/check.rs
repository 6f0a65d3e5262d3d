//! The rules of `#[rate_limit]`: a number of calls in a time, and options that belong to a key.

use crate::emit::limiter::{LimiterNames, LimiterPlan};
use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::language::value::Literal;
use crate::language::values::Values;
use crate::policy::spec::{
    CheckedLayer, LiteralValues, Surroundings, key_settings, literal_time, shared_state,
};
use crate::source_text::source_text;

pub(super) struct RateLimitPlan(pub(super) LimiterPlan);

static NAMES: LimiterNames = LimiterNames {
    ty: "RateLimit",
    variable: "rate_limit",
    refusal: "RateLimited",
    refused: "limited",
    has_permit: false,
};

pub(super) fn check(
    values: &mut Values<'_>,
    _: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let literals = LiteralValues {
        max_wait: literal_time(values, "max_wait"),
        shared: shared_state(
            values,
            "rate limit",
            "a call would take a turn outside and need another one inside",
        ),
        ..LiteralValues::default()
    };
    key_settings(values, "rate limit", errors);
    required(values, errors);
    let plan = LimiterPlan {
        names: &NAMES,
        name: values.take_setting("name"),
        key: values.take_expr("key"),
        config: values.take_config(),
        error: values.take_expr("error"),
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: "rate_limit",
                refuses: true,
                ..Properties::default()
            },
            emitter: Box::new(RateLimitPlan(plan)),
        },
        literals,
        cloned: Vec::new(),
    }
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
