//! The rules of `#[bulkhead]`: a limit, and options that belong to a key.

use crate::emit::limiter::{LimiterNames, LimiterPlan};
use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::language::values::Values;
use crate::policy::spec::{
    CheckedLayer, LiteralValues, Surroundings, key_settings, literal_time, shared_state,
};

pub(super) struct BulkheadPlan(pub(super) LimiterPlan);

static NAMES: LimiterNames = LimiterNames {
    ty: "Bulkhead",
    variable: "bulkhead",
    refusal: "BulkheadFull",
    refused: "full",
    has_permit: true,
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
            "bulkhead",
            "a call would take a slot outside and need another one inside",
        ),
        ..LiteralValues::default()
    };
    key_settings(values, "bulkhead", errors);
    let has_limit = values.key("max_concurrent").is_some() || values.key("config").is_some();
    if !has_limit && !values.incomplete {
        errors.at(
            &values.anchor,
            "#[bulkhead] needs a number of calls that may run at the same time, as in `#[bulkhead(25)]`",
        );
    }
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
                policy: "bulkhead",
                refuses: true,
                ..Properties::default()
            },
            emitter: Box::new(BulkheadPlan(plan)),
        },
        literals,
        cloned: Vec::new(),
    }
}
