//! The rules of `#[circuit_breaker]` that take more than one option to break.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::Expr;

use crate::emit::answer::{AnswerFunction, AnswerWords};
use crate::emit::plan::PlannedLayer;
use crate::emit::properties::{ForeseenRefusal, LoadHandle, Properties};
use crate::errors::Errors;
use crate::language::entry::Filter;
use crate::language::stage::Stage;
use crate::language::value::{Literal, Setting};
use crate::language::values::{ConfigPlan, Values};
use crate::policy::spec::{
    CheckedLayer, LiteralValues, SharedState, Surroundings, key_settings, shared_state,
};
use crate::source_text::source_text;

pub(super) struct CircuitBreakerPlan {
    pub(super) circuit: Circuit,
    pub(super) failure_on: Option<Filter>,
    pub(super) failure_if: Option<Expr>,
    pub(super) failure_if_ok: Option<Expr>,
    pub(super) ignore: Option<Filter>,
    pub(super) recovery_hint: Option<Expr>,
    pub(super) fallback: Option<AnswerFunction>,
    pub(super) error: Option<Expr>,
}

impl CircuitBreakerPlan {
    /// True if a function or a pattern of the user's looks at an outcome.
    pub(super) fn has_filters(&self) -> bool {
        self.failure_on.is_some()
            || self.failure_if.is_some()
            || self.failure_if_ok.is_some()
            || self.ignore.is_some()
            || self.recovery_hint.is_some()
    }
}

/// The circuit that guards the function.
pub(super) enum Circuit {
    /// `breaker = expr`
    Given(Expr),
    /// One of the registry, by a constant name; `None` is module path and function name.
    Named {
        name: Option<Setting>,
        config: ConfigPlan,
    },
    /// One of the circuits of a name, by `key = expr`.
    Keyed {
        name: Option<Setting>,
        key: Expr,
        config: ConfigPlan,
    },
}

impl Circuit {
    /// True if its handle borrows from no argument.
    pub(super) fn is_static(&self) -> bool {
        match self {
            Self::Given(_) => false,
            Self::Named { name, .. } => name
                .as_ref()
                .is_none_or(|name| name.stage == Stage::Constant),
            Self::Keyed { .. } => true,
        }
    }

    /// The type of its handle in the runtime.
    pub(super) fn handle_type(&self) -> &'static str {
        match self {
            Self::Given(_) | Self::Named { .. } => "CircuitBreaker",
            Self::Keyed { .. } => "KeyedCircuit",
        }
    }

    /// True if the variable of its handle is the handle and no reference to it.
    pub(super) fn is_owned(&self) -> bool {
        matches!(self, Self::Keyed { .. })
    }
}

const WORDS: AnswerWords = AnswerWords {
    path: "a `fallback` path",
    parameter: "open",
};

pub(super) fn check(
    values: &mut Values<'_>,
    surroundings: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let function = surroundings.function;
    let literals = LiteralValues {
        shared: circuit(values),
        ..LiteralValues::default()
    };
    let beside_breaker: Vec<_> = ["name", "key", "config"]
        .into_iter()
        .chain(values.settings())
        .collect();
    let has_settings = values.exclusive(
        "breaker",
        &beside_breaker,
        "an existing breaker brings its own name and configuration",
        errors,
    );
    // Beside `breaker` the settings have to be removed, so the mistakes between them are not
    // reported.
    if has_settings {
        criteria(values, errors);
        key_settings(values, "circuit", errors);
        caps(values, errors);
    }
    values.exclusive(
        "fallback",
        &["error"],
        "with a fallback, a refusal makes no error",
        errors,
    );
    let plan = CircuitBreakerPlan {
        circuit: take_circuit(values),
        failure_on: values.take_pattern("failure_on"),
        failure_if: values.take_expr("failure_if"),
        failure_if_ok: values.take_expr("failure_if_ok"),
        ignore: values.take_pattern("ignore"),
        recovery_hint: values.take_expr("recovery_hint"),
        fallback: values
            .take_expr("fallback")
            .and_then(|expr| AnswerFunction::check(expr, function, WORDS, errors)),
        error: values.take_expr("error"),
    };
    CheckedLayer {
        layer: planned(plan),
        literals,
        cloned: Vec::new(),
    }
}

fn take_circuit(values: &mut Values<'_>) -> Circuit {
    let name = values.take_setting("name");
    let mut config = values.take_config();
    config.compare("minimum_calls", "window_calls", "constant_minimum_calls");
    config.compare(
        "recovery_timeout",
        "max_recovery_timeout",
        "constant_recovery_timeouts",
    );
    let (breaker, key) = (values.take_expr("breaker"), values.take_expr("key"));
    match (breaker, key) {
        (Some(breaker), _) => Circuit::Given(breaker),
        (None, Some(key)) => Circuit::Keyed { name, key, config },
        (None, None) => Circuit::Named { name, config },
    }
}

fn planned(plan: CircuitBreakerPlan) -> PlannedLayer {
    let foreseen = plan.fallback.is_none().then(|| ForeseenRefusal {
        handle: "circuit",
        is_owned: plan.circuit.is_owned(),
        ty: plan.circuit.handle_type(),
        given: "CircuitOpen",
        error: plan.error.clone(),
        is_static: plan.circuit.is_static(),
    });
    let load = LoadHandle {
        handle: "circuit",
        is_owned: plan.circuit.is_owned(),
        ty: plan.circuit.handle_type(),
    };
    PlannedLayer {
        properties: Properties {
            policy: "circuit_breaker",
            refuses: true,
            foreseen,
            load: Some(load),
            spares_refusals: true,
            spares_unstarted: true,
            ..Properties::default()
        },
        emitter: Box::new(plan),
    }
}

/// The circuit for the message about two layers that share one: that of a breaker that is a place
/// and no call, or one of the registry.
fn circuit(values: &Values<'_>) -> Option<SharedState> {
    let twice = "a probe would take its slot outside and be refused inside";
    let breaker = values.expr("breaker").map(ToTokens::to_token_stream);
    let Some(tokens) = breaker.filter(|_| values.setting("name").is_none()) else {
        return shared_state(values, "circuit", twice);
    };
    let is_place = !matches!(tokens.clone().into_iter().last(), Some(TokenTree::Group(_)));
    is_place.then(|| SharedState {
        words: format!("the circuit of `{}`", source_text(&tokens)),
        tokens,
        twice,
    })
}

/// Checks the options that say when the circuit opens: one criterion of failures, and the options
/// that belong to it.
fn criteria(values: &Values<'_>, errors: &mut Errors) {
    let all = ["failure_threshold", "failure_rate", "consecutive_failures"];
    let why = "a circuit opens on one criterion of failures";
    let is_one = values.exclusive(all[0], &all[1..], why, errors)
        && values.exclusive(all[1], &all[2..], why, errors);
    if is_one && windows(values, errors) {
        belongings(values, errors);
    }
}

/// True if the start of the configuration, or an option that was refused, may bring the option.
fn may_have(values: &Values<'_>, option: &str) -> bool {
    values.incomplete || values.key(option).is_some() || values.key("config").is_some()
}

/// Checks that every window has an effect, and returns true if it has.
fn windows(values: &Values<'_>, errors: &mut Errors) -> bool {
    let is_one = values.exclusive(
        "failure_window",
        &["window_calls"],
        "a window is a time or a number of calls",
        errors,
    );
    is_one
        && (may_have(values, "slow_rate")
            || values.exclusive(
                "failure_window",
                &["consecutive_failures"],
                "failures in a row have no window, unless there is a `slow_rate`, too",
                errors,
            ))
}

/// Checks the options that have an effect beside another one only.
fn belongings(values: &Values<'_>, errors: &mut Errors) {
    if let (Some(key), false) = (values.key("slow_rate"), may_have(values, "slow_call")) {
        errors.at(
            key,
            "`slow_rate` belongs to `slow_call`: add one, like `slow_call = 2s`",
        );
    }
    if may_have(values, "failure_rate") || may_have(values, "slow_rate") {
        return;
    }
    let is_rated = values.exclusive(
        "minimum_calls",
        &["failure_threshold", "consecutive_failures"],
        "only a rate needs calls to be a rate of",
        errors,
    );
    if let (Some(key), true) = (values.key("minimum_calls"), is_rated) {
        errors.at(
            key,
            "`minimum_calls` belongs to `failure_rate`: add one, like `failure_rate = 0.5`, or use `failure_threshold` alone",
        );
    } else if let Some(key) = values.key("window_calls") {
        errors.at(
            key,
            "`window_calls` belongs to `failure_rate` or `slow_rate`: add one, like `failure_rate = 0.5`",
        );
    }
}

/// Compares the literals that one option caps and another one sets.
fn caps(values: &Values<'_>, errors: &mut Errors) {
    let literal = |name: &str| values.setting(name).map(|setting| setting.literal);
    if let (Some(Literal::Count(least)), Some(Literal::Count(most)), Some(minimum)) = (
        literal("minimum_calls"),
        literal("window_calls"),
        values.setting("minimum_calls"),
    ) {
        if least > most {
            errors.at(
                &minimum.source,
                format!(
                    "`minimum_calls` ({least}) is above `window_calls` ({most}), so the rate would never count: raise \
                     `window_calls` or lower `minimum_calls`"
                ),
            );
        }
    }
    if let (Some(Literal::Duration(timeout)), Some(Literal::Duration(longest)), Some(recovery)) = (
        literal("recovery_timeout"),
        literal("max_recovery_timeout"),
        values.setting("recovery_timeout"),
    ) {
        if timeout > longest {
            errors.at(
                &recovery.source,
                format!(
                    "`recovery_timeout` ({timeout:?}) is above `max_recovery_timeout` ({longest:?}), which caps every open \
                     time: raise `max_recovery_timeout` or lower `recovery_timeout`"
                ),
            );
        }
    }
}
