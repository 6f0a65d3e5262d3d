//! The rules of `#[hedge]`: an async function, a budget, and arguments that attempts can share.

use quote::ToTokens;

use crate::emit::cloned::Cloned;
use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::function::form::Form;
use crate::function::parameter::Passing;
use crate::function::used_arguments::UsedArguments;
use crate::language::entry::Filter;
use crate::language::values::{ConfigPlan, Values};
use crate::policy::budget::{self, Budget};
use crate::policy::clone;
use crate::policy::spec::{CheckedLayer, LiteralValues, Surroundings};

pub(super) struct HedgePlan {
    pub(super) config: ConfigPlan,
    pub(super) budget: Option<Budget>,
    pub(super) accept_on: Option<Filter>,
    /// `after` is a percentile, or may be one.
    pub(super) measures: bool,
}

pub(super) fn check(
    values: &mut Values<'_>,
    surroundings: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let Surroundings { function, form, .. } = surroundings;
    if let Some(Form::Sync) = form {
        errors.at(
            &function.sig.ident,
            format!(
                "#[hedge] is for async functions, because its attempts run at once in the caller's task: make `{}` async, or \
                 repeat it one attempt after the other by `#[retry]`",
                function.sig.ident
            ),
        );
    }
    let may_have_budget =
        values.incomplete || values.key("budget").is_some() || values.key("config").is_some();
    if !may_have_budget {
        errors.at(
            &values.anchor,
            "#[hedge] needs a `budget`, because without one a slow service gets every call twice: add one, like `budget = 0.1`",
        );
    }
    let after = values.setting("after");
    let measures = after.is_none_or(|after| after.setter == "after_percentile");
    let budget = budget::check(values, "hedges", errors);
    let mut cloned = clone::check(values.take_arguments("clone"), surroundings, errors);
    receiver(&mut cloned, errors);
    changed_arguments(&cloned, surroundings, errors);
    let plan = HedgePlan {
        config: values.take_config(),
        accept_on: values.take_pattern("accept_on"),
        measures,
        budget,
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: "hedge",
                repeats: true,
                is_concurrent: true,
                budget: plan.budget.as_ref().and_then(Budget::shared_name),
                used_after: UsedArguments::All,
                spares_refusals: true,
                ..Properties::default()
            },
            emitter: Box::new(plan),
        },
        literals: LiteralValues::default(),
        cloned,
    }
}

/// Refuses a clone of the receiver under its own name, which no variable can have. `clone(..)`
/// leaves the receiver out.
fn receiver(cloned: &mut Vec<Cloned>, errors: &mut Errors) {
    let named = cloned
        .iter()
        .find(|cloned| cloned.name == "self" && cloned.is_named);
    if let Some(named) = named {
        errors.at(
            &named.name,
            "#[hedge] cannot give an attempt a clone of `self`, because no variable can have this name: take `&self`, or clone it \
             in the body, as in `Arc::clone(&self)`",
        );
    }
    cloned.retain(|cloned| cloned.name != "self");
}

/// Refuses an owned argument that the body changes: rustc would say so of a closure that nobody
/// wrote.
fn changed_arguments(
    cloned: &[Cloned],
    Surroundings { function, form, .. }: Surroundings<'_>,
    errors: &mut Errors,
) {
    let Some(form) = form.filter(|form| form.is_async()) else {
        return;
    };
    let parameters = form.parameters(function);
    let changed = parameters.iter().find(|parameter| {
        parameter.is_mutable
            && parameter.passing == Passing::Owned
            && form.names(function, &parameter.name)
            && !cloned.iter().any(|cloned| cloned.name == parameter.name)
    });
    if let Some(parameter) = changed {
        let (name, written) = (&parameter.name, &parameter.in_signature);
        let instead = if written == "self" {
            "take `&self`, or clone it in the body".to_owned()
        } else {
            format!("give each a clone by `clone({written})`")
        };
        errors.at(
            name.to_token_stream(),
            format!(
                "the body changes `{written}`, and several attempts of #[hedge] run at once: {instead}"
            ),
        );
    }
}
