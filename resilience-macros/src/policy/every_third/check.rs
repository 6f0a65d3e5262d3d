//! The plan of `#[every_third]`.

use syn::Expr;

use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::language::values::{ConfigPlan, Values};
use crate::policy::spec::{CheckedLayer, LiteralValues, Surroundings};

pub(super) struct EveryThirdPlan {
    pub(super) config: ConfigPlan,
    pub(super) error: Option<Expr>,
}

pub(super) fn check(values: &mut Values<'_>, _: Surroundings<'_>, _: &mut Errors) -> CheckedLayer {
    let plan = EveryThirdPlan {
        config: values.take_config(),
        error: values.take_expr("error"),
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: "every_third",
                refuses: true,
                ..Properties::default()
            },
            emitter: Box::new(plan),
        },
        literals: LiteralValues::default(),
        cloned: Vec::new(),
    }
}
