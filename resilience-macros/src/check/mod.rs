//! Options as written → one checked plan for the whole stack.

mod circuit_breaker;
mod cloned;
mod retry;
mod stack;
mod timeout;

use proc_macro2::TokenStream;
use syn::{Expr, Path};

use crate::errors::Errors;
use crate::function::item::Function;
use crate::function::{form, held_arguments, returned_borrow};
use crate::language::entry::Filter;
use crate::language::receiver;
use crate::language::scope::Scope;
use crate::language::values::Values;
use crate::policy::{Policy, TABLES};
use crate::stack::Layer;

pub(crate) use crate::function::form::{Form, Hoisted};
pub(crate) use crate::language::stage::Stage;
pub(crate) use crate::language::value::{Literal, RUNTIME, Setting};
pub(crate) use crate::language::values::ConfigPlan;
pub(crate) use cloned::Cloned;

/// What the expansion needs to know, all of it checked.
pub(crate) struct Plan {
    /// How the function is async, or that it is not.
    pub(crate) form: Form,
    /// Top first.
    pub(crate) layers: Vec<LayerPlan>,
    /// The arguments that the body may consume. Of several retries each clones what any of them was told to: an inner
    /// one leaves to the outer one's next attempt what its own last attempt consumed.
    pub(crate) cloned: Vec<Cloned>,
    /// The expressions that are evaluated after an attempt.
    pub(crate) read_later: TokenStream,
    /// The paths of the attributes that were taken off the function.
    pub(crate) taken: Vec<Path>,
    /// The runtime crate.
    pub(crate) runtime: Path,
}

pub(crate) enum LayerPlan {
    Retry(RetryPlan),
    CircuitBreaker(CircuitBreakerPlan),
    Timeout(TimeoutPlan),
}

pub(crate) struct RetryPlan {
    pub(crate) config: ConfigPlan,
    pub(crate) retry_on: Option<Filter>,
    pub(crate) abort_on: Option<Filter>,
    pub(crate) retry_if: Option<Expr>,
    pub(crate) retry_if_ok: Option<Expr>,
    pub(crate) delay_hint: Option<Expr>,
    pub(crate) on_retry: Option<Expr>,
}

pub(crate) struct CircuitBreakerPlan {
    pub(crate) circuit: Circuit,
    pub(crate) failure_on: Option<Filter>,
    pub(crate) failure_if: Option<Expr>,
    pub(crate) failure_if_ok: Option<Expr>,
    pub(crate) ignore: Option<Filter>,
    pub(crate) fallback: Option<Fallback>,
    pub(crate) error: Option<Expr>,
}

/// Which circuit a breaker guards with.
pub(crate) enum Circuit {
    /// `breaker = expr`
    Given(Expr),
    /// One of the registry, by a constant name; `None` is module path and function name.
    Named {
        name: Option<Setting>,
        config: ConfigPlan,
    },
}

impl Circuit {
    /// True if its handle borrows from no argument.
    pub(crate) fn is_static(&self) -> bool {
        match self {
            Self::Given(_) => false,
            Self::Named { name, .. } => name
                .as_ref()
                .is_none_or(|name| name.stage == Stage::Constant),
        }
    }
}

pub(crate) enum Fallback {
    Closure(Expr),
    /// Called with the error and what the function was called with.
    Path(Expr),
}

pub(crate) struct TimeoutPlan {
    pub(crate) config: ConfigPlan,
    /// The positional or named limit; without it, `config` brings one.
    pub(crate) limit: Option<Setting>,
    pub(crate) error: Option<Expr>,
    /// How a sync body is timed.
    pub(crate) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Thread,
    Cooperative,
}

pub(crate) fn plan(
    mut layers: Vec<Layer>,
    function: &Function,
    errors: &mut Errors,
) -> Option<Plan> {
    // The options are checked even if the function is wrong: they are mistakes of their own.
    let form = form::form(function, &layers.first()?.policy, errors);
    if let Some(moved) = form.as_ref().and_then(Form::moved_receiver) {
        let entries = layers.iter_mut().flat_map(|layer| &mut layer.entries);
        receiver::rename(entries, moved);
    }
    if let Some(form) = form
        .as_ref()
        .filter(|_| layers.iter().any(|layer| layer.policy == Policy::Retry))
    {
        returned_borrow::check(function, form, &Policy::Retry, errors);
        held_arguments::check(function, form, &Policy::Retry, errors);
    }
    let taken = layers
        .iter()
        .filter_map(|layer| layer.taken.clone())
        .collect();
    let read_later = cloned::read_later(&layers);
    let mut cloned: Vec<Cloned> = Vec::new();
    let scope = Scope {
        function,
        family: &TABLES,
    };
    let mut runtime = None;
    let mut plans = Vec::new();
    let mut facts = Vec::new();
    for layer in layers {
        let policy = layer.policy;
        let mut values = Values::new(
            policy.table(),
            layer.entries,
            layer.incomplete,
            layer.place,
            scope,
            errors,
        );
        facts.push(stack::Facts::of(policy, &values));
        if let Some(path) = values.crate_path() {
            runtime.get_or_insert(path);
        }
        if let (Some(arguments), Some(form)) = (values.take_arguments("clone"), &form) {
            for argument in cloned::check(&arguments, function, form, &read_later, errors) {
                match cloned.iter_mut().find(|other| other.name == argument.name) {
                    Some(earlier) => earlier.is_named |= argument.is_named,
                    None => cloned.push(argument),
                }
            }
        }
        plans.push(match policy {
            Policy::Retry => LayerPlan::Retry(retry::check(&mut values, errors)),
            Policy::CircuitBreaker => {
                LayerPlan::CircuitBreaker(circuit_breaker::check(&mut values, function, errors))
            }
            Policy::Timeout => {
                LayerPlan::Timeout(timeout::check(&mut values, form.as_ref(), function, errors))
            }
        });
        values.finish(errors);
    }
    stack::check(&facts, errors);
    let runtime = runtime.unwrap_or_else(|| syn::parse_quote!(::resilience));
    Some(Plan {
        form: form?,
        layers: plans,
        cloned,
        read_later,
        taken,
        runtime,
    })
}
