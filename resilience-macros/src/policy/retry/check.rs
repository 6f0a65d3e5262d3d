//! The rules of `#[retry]` that take more than one option to break.

use std::time::Duration;

use proc_macro2::Ident;
use syn::Expr;

use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::function::used_arguments::UsedArguments;
use crate::language::entry::Filter;
use crate::language::value::Literal;
use crate::language::values::{ConfigPlan, Values};
use crate::policy::budget::{self, Budget};
use crate::policy::clone;
use crate::policy::spec::{CheckedLayer, LiteralTime, LiteralValues, Surroundings, literal_time};

pub(super) struct RetryPlan {
    pub(super) config: ConfigPlan,
    pub(super) budget: Option<Budget>,
    pub(super) retry_on: Option<Filter>,
    pub(super) abort_on: Option<Filter>,
    pub(super) retry_if: Option<Expr>,
    pub(super) retry_if_ok: Option<Expr>,
    pub(super) delay_hint: Option<Expr>,
    pub(super) on_retry: Option<Expr>,
    /// The body's name for its attempt.
    pub(super) attempt: Option<Ident>,
    /// Each attempt is a span, or is none, if the attribute says so.
    pub(super) span: Option<bool>,
}

impl RetryPlan {
    /// True if a function of the user's sees successes, too.
    pub(super) fn is_success_seen(&self) -> bool {
        self.retry_if_ok.is_some() || self.on_retry.is_some()
    }

    /// True if the user's filters or hook see an attempt.
    pub(super) fn is_seen(&self) -> bool {
        self.is_success_seen()
            || self.retry_on.is_some()
            || self.abort_on.is_some()
            || self.retry_if.is_some()
            || self.delay_hint.is_some()
    }
}

pub(super) fn check(
    values: &mut Values<'_>,
    surroundings: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let literals = LiteralValues {
        first_wait: first_wait(values),
        longest_wait: literal_time(values, "max_elapsed"),
        ..LiteralValues::default()
    };
    values.exclusive(
        "max_retries",
        &["max_attempts"],
        "they say the same, `max_attempts` with the first call counted in",
        errors,
    );
    ineffective(values, errors);
    delays(values, errors);
    let mut config = values.take_config();
    config.compare("base_delay", "max_delay", "constant_delays");
    config.compare_with_base("multiplier", &["strategy", "jitter"], "constant_multiplier");
    config.compare_with_base("strategy", &["jitter"], "constant_strategy");
    let budget = budget::check(values, "retries", errors);
    // A configuration of the user's may have a budget, too.
    config.is_static = budget.is_some() || config.base.is_some();
    let cloned = clone::check(values.take_arguments("clone"), surroundings, errors);
    let plan = RetryPlan {
        config,
        budget,
        retry_on: values.take_pattern("retry_on"),
        abort_on: values.take_pattern("abort_on"),
        retry_if: values.take_expr("retry_if"),
        retry_if_ok: values.take_expr("retry_if_ok"),
        delay_hint: values.take_expr("delay_hint"),
        on_retry: values.take_expr("on_retry"),
        attempt: attempt(values, surroundings, errors),
        span: values.take_switch("span"),
    };
    let literals = LiteralValues {
        variable: plan.attempt.clone(),
        ..literals
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: "retry",
                repeats: true,
                numbers_runs: true,
                used_after: UsedArguments::All,
                budget: plan.budget.as_ref().and_then(Budget::shared_name),
                spares_refusals: true,
                ..Properties::default()
            },
            emitter: Box::new(plan),
        },
        literals,
        cloned,
    }
}

/// The name of the variable for the attempt. An argument of that name would be hidden from the
/// body.
fn attempt(
    values: &mut Values<'_>,
    Surroundings { function, form, .. }: Surroundings<'_>,
    errors: &mut Errors,
) -> Option<Ident> {
    let name = values.take_name("attempt")?;
    let is_argument = form.is_some_and(|form| {
        let mut parameters = form.parameters(function).into_iter();
        parameters.any(|parameter| parameter.name == name || parameter.in_signature == name)
    });
    if is_argument {
        let message = format!(
            "`{name}` is an argument of `{}`, and the attempt would hide it: give the attempt another name",
            function.name()
        );
        errors.at(&name, message);
        return None;
    }
    Some(name)
}

/// The shortest that the wait before the first retry can be.
fn first_wait(values: &Values<'_>) -> LiteralTime {
    // An option that was refused may have changed the first delay.
    let unknown = values.incomplete
        || ["config", "delay_hint"]
            .iter()
            .any(|name| values.key(name).is_some());
    let base = values.setting("base_delay").filter(|_| !unknown)?;
    let delay = base.literal.duration()?;
    let shortest = match values.setting("jitter").map(|jitter| jitter.literal) {
        Some(Literal::Word("None" | "Decorrelated")) => delay,
        Some(Literal::Word("Equal")) => delay / 2,
        _ => Duration::ZERO,
    };
    Some((shortest, base.source.clone()))
}

/// Options that another one leaves without effect.
fn ineffective(values: &Values<'_>, errors: &mut Errors) {
    let word = |name: &str| match values.setting(name)?.literal {
        Literal::Word(word) => Some(word),
        _ => None,
    };
    if word("jitter") == Some("Decorrelated") {
        let why = "decorrelated jitter draws each delay from the one before";
        values.exclusive("jitter", &["strategy", "multiplier"], why, errors);
    } else if matches!(word("strategy"), Some("Linear" | "Constant")) {
        values.exclusive(
            "multiplier",
            &["strategy"],
            "only `strategy = exponential` multiplies",
            errors,
        );
    }
}

fn delays(values: &Values<'_>, errors: &mut Errors) {
    let (Some(base), Some(max)) = (values.setting("base_delay"), values.setting("max_delay"))
    else {
        return;
    };
    if let (Literal::Duration(shortest), Literal::Duration(longest)) = (base.literal, max.literal) {
        if shortest > longest {
            let source = &base.source;
            errors.at(
                source,
                format!(
                    "`base_delay` ({shortest:?}) is above `max_delay` ({longest:?}), which caps every delay: raise `max_delay` \
                     or lower `base_delay`"
                ),
            );
        }
    }
}
