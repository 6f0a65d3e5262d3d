//! The rules that all limiters have: a state that functions share by its name, and options that
//! belong to a key.

use crate::emit::limiter::{LimiterNames, LimiterPlan};
use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::language::values::Values;
use crate::policy::spec::{CheckedLayer, LiteralValues, key_settings, literal_time, shared_state};

/// The words of a limiter.
pub(super) struct LimiterWords {
    /// The name of the attribute.
    pub(super) policy: &'static str,
    /// The word for the limiter in messages.
    pub(super) thing: &'static str,
    /// The reason why it must not guard one function twice.
    pub(super) twice: &'static str,
    pub(super) names: LimiterNames,
}

/// Checks the options that all limiters have, and plans the layer.
pub(super) fn check(
    words: &'static LimiterWords,
    values: &mut Values<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let literals = LiteralValues {
        max_wait: literal_time(values, "max_wait"),
        shared: shared_state(values, words.thing, words.twice),
        ..LiteralValues::default()
    };
    key_settings(values, words.thing, errors);
    let plan = LimiterPlan {
        names: &words.names,
        name: values.take_setting("name"),
        key: values.take_expr("key"),
        config: values.take_config(),
        error: values.take_expr("error"),
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: words.policy,
                refuses: true,
                ..Properties::default()
            },
            emitter: Box::new(plan),
        },
        literals,
        cloned: Vec::new(),
    }
}
