//! The rules of `#[circuit_breaker]` that take more than one option to break.

use syn::Expr;

use super::{Circuit, CircuitBreakerPlan, Fallback};
use crate::errors::Errors;
use crate::function::item::Function;
use crate::function::pattern::bound_names;
use crate::language::values::Values;

pub(super) fn check(
    values: &mut Values<'_>,
    function: &Function,
    errors: &mut Errors,
) -> CircuitBreakerPlan {
    let beside_breaker: Vec<_> = ["name", "config"]
        .into_iter()
        .chain(values.settings())
        .collect();
    let has_settings = values.exclusive(
        "breaker",
        &beside_breaker,
        "an existing breaker brings its own name and configuration",
        errors,
    );
    // With a breaker, what is wrong between its settings goes when they go.
    if has_settings {
        criteria(values, errors);
    }
    values.exclusive(
        "fallback",
        &["error"],
        "with a fallback, a refusal makes no error",
        errors,
    );
    let name = values.take_setting("name");
    let config = values.take_config();
    let circuit = match values.take_expr("breaker") {
        Some(breaker) => Circuit::Given(breaker),
        None => Circuit::Named { name, config },
    };
    CircuitBreakerPlan {
        circuit,
        failure_on: values.take_pattern("failure_on"),
        failure_if: values.take_expr("failure_if"),
        failure_if_ok: values.take_expr("failure_if_ok"),
        ignore: values.take_pattern("ignore"),
        fallback: values
            .take_expr("fallback")
            .and_then(|expr| fallback(expr, function, errors)),
        error: values.take_expr("error"),
    }
}

/// The options that say when the circuit opens: a count of failures or a rate, and what belongs to a rate alone.
fn criteria(values: &Values<'_>, errors: &mut Errors) {
    let is_one = values.exclusive(
        "failure_threshold",
        &["failure_rate"],
        "a circuit opens on a count of failures or on their rate",
        errors,
    );
    if !is_one {
        return;
    }
    let is_count = !values.exclusive(
        "minimum_calls",
        &["failure_threshold"],
        "only a `failure_rate` needs calls to be a rate of",
        errors,
    );
    let has_rate =
        values.incomplete || values.key("failure_rate").is_some() || values.key("config").is_some();
    if let Some(key) = values
        .key("minimum_calls")
        .filter(|_| !is_count && !has_rate)
    {
        errors.at(
            key,
            "`minimum_calls` belongs to `failure_rate`: add one, like `failure_rate = 0.5`, or use `failure_threshold` alone",
        );
    }
}

fn fallback(expr: Expr, function: &Function, errors: &mut Errors) -> Option<Fallback> {
    if let Expr::Closure(_) = &expr {
        return Some(Fallback::Closure(expr));
    }
    if let Some(attr) = function
        .arguments()
        .flat_map(|argument| &argument.attrs)
        .find(|attr| attr.path().is_ident("cfg"))
    {
        errors.at(
            attr,
            "a `fallback` path is called with the function's arguments, and one that may not be there cannot be passed on: \
             write a closure, `|open| …`",
        );
        return None;
    }
    let destructured = function
        .arguments()
        .find(|argument| !matches!(&*argument.pat, syn::Pat::Ident(name) if name.subpat.is_none()));
    if let Some(argument) = destructured {
        let names: Vec<_> = bound_names(&argument.pat)
            .iter()
            .map(|name| format!("`{}`", name.ident))
            .collect();
        errors.at(
            &expr,
            format!(
                "a `fallback` path is called with the function's arguments, and a destructured one cannot be passed on: write a \
                 closure, `|open| …`, which may use {}",
                if names.is_empty() { "the others".to_owned() } else { names.join(" and ") }
            ),
        );
        return None;
    }
    Some(Fallback::Path(expr))
}
