//! The rules of `#[bulkhead]`: a limit, beside the rules of all limiters.

use crate::emit::limiter::LimiterNames;
use crate::errors::Errors;
use crate::language::values::Values;
use crate::policy::limiter::{self, LimiterWords};
use crate::policy::spec::{CheckedLayer, Surroundings};

static WORDS: LimiterWords = LimiterWords {
    policy: "bulkhead",
    thing: "bulkhead",
    twice: "a call would take a slot outside and need another one inside",
    names: LimiterNames {
        ty: "Bulkhead",
        variable: "bulkhead",
        limit: "max_concurrent",
        refusal: "BulkheadFull",
        refused: "full",
        has_permit: true,
    },
};

pub(super) fn check(
    values: &mut Values<'_>,
    _: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let has_limit = values.key("max_concurrent").is_some() || values.key("config").is_some();
    if !has_limit && !values.incomplete {
        errors.at(
            &values.anchor,
            "#[bulkhead] needs a number of calls that may run at the same time, as in `#[bulkhead(25)]`",
        );
    }
    limiter::check(&WORDS, values, errors)
}
