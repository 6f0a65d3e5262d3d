//! The whole flow: parse, stack, check, expand, or the function untouched.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;

use crate::emit::cloned::Cloned;
use crate::emit::operation::OperationPlan;
use crate::emit::plan::Plan;
use crate::emit::{self, marker};
use crate::errors::Errors;
use crate::function::form::Form;
use crate::function::item::{Function, without_attributes};
use crate::function::{form, held_arguments, returned_borrow};
use crate::language::entry::EntryValue;
use crate::language::receiver;
use crate::language::scope::Scope;
use crate::language::table::Kind;
use crate::language::values::Values;
use crate::policy;
use crate::policy::spec::{CheckedLayer, Policy, Surroundings, take_operation};
use crate::stack::{self, WrittenLayer};

/// Expands the whole stack that starts with `policy`. Whatever is wrong, the function is still
/// defined, so that its callers are no second error.
pub(crate) fn expand(policy: &'static Policy, args: TokenStream, item: TokenStream) -> TokenStream {
    if marker::is_taken(&args) {
        return item;
    }
    let mut function = match Function::parse(policy, item.clone()) {
        Ok(function) => function,
        Err(error) => return refused(item, &error),
    };
    let mut errors = Errors::default();
    let layers = stack::read(policy, args, &mut function.attrs, &mut errors);
    let taken: Vec<_> = layers
        .iter()
        .filter_map(|layer| layer.taken.clone())
        .collect();
    if marker::is_expanded(&function) {
        errors.push(marker::seen_too_late(policy.table));
    }
    match plan(layers, &function, &mut errors) {
        Some(plan) if !errors.any() => emit::function::function(&function, &plan),
        _ => {
            let mut tokens = function.with_front(&marker::taken(&taken));
            tokens.extend(errors.into_items());
            tokens
        }
    }
}

/// The item without the attributes of the family, and an error.
pub(crate) fn refused(item: TokenStream, error: &syn::Error) -> TokenStream {
    let (mut tokens, taken) = without_attributes(item, |path| policy::of(path).is_some());
    // Inside of a function, rustc refuses an attribute in front of the error (E0658). An item that is no member of an `impl`
    // may have another item beside it.
    let is_no_member = tokens.clone().into_iter().any(|token| {
        matches!(token, TokenTree::Ident(word) if ["struct", "enum", "mod", "trait"].iter().any(|item| word == item))
    });
    let error = error.to_compile_error();
    if is_no_member {
        tokens.extend(marker::taken(&taken));
        tokens.extend(error);
    } else {
        tokens.extend(marker::errors(&taken, &error));
    }
    tokens
}

/// Refuses an attribute with `async_` in front of its name, and says the right name.
pub(crate) fn misnamed(policy: &'static Policy, item: TokenStream) -> TokenStream {
    let name = policy.name();
    let message = format!(
        "{policy} is for async functions, too: write `use resilience::{name};` and `#[{name}(…)]` without `async_`"
    );
    refused(item, &syn::Error::new(Span::call_site(), message))
}

/// Checks the options of all layers. They are checked even if the function is wrong, because they
/// are mistakes of their own.
fn plan(mut layers: Vec<WrittenLayer>, function: &Function, errors: &mut Errors) -> Option<Plan> {
    let form = form::form(function, layers.first()?.policy, errors);
    if let Some(form) = &form {
        prepare(&mut layers, function, form, errors);
    }
    let taken = layers
        .iter()
        .filter_map(|layer| layer.taken.clone())
        .collect();
    let read_later = read_later(&layers);
    let surroundings = Surroundings {
        function,
        form: form.as_ref(),
        read_later: &read_later,
    };
    let family = policy::family();
    let mut runtime = None;
    let mut operation = OperationPlan::default();
    let (mut planned, mut literals, mut cloned) = (Vec::new(), Vec::new(), Vec::new());
    for layer in layers {
        let policy = layer.policy;
        let scope = Scope {
            function,
            family: &family,
        };
        let (table, entries) = (policy.table, layer.entries);
        let mut values = Values::new(
            table,
            entries,
            layer.incomplete,
            layer.anchor,
            scope,
            errors,
        );
        if let Some(path) = values.crate_path() {
            runtime.get_or_insert(path);
        }
        if let Some(name) = take_operation(&mut values) {
            stack::add_name(&mut operation, name, errors);
        }
        let checked: CheckedLayer = (policy.check)(&mut values, surroundings, errors);
        values.finish(errors);
        planned.push(checked.layer);
        literals.push(checked.literals);
        checked
            .cloned
            .into_iter()
            .for_each(|argument| add(&mut cloned, argument));
    }
    stack::check(&literals, errors);
    Some(Plan {
        form: form?,
        layers: planned,
        cloned,
        read_later,
        operation,
        taken,
        runtime: runtime.unwrap_or_else(|| syn::parse_quote!(::resilience)),
    })
}

/// Looks at the function as the layers need it: without a moved `self` in the options, and so that
/// it can run more than once, if a layer repeats it.
fn prepare(layers: &mut [WrittenLayer], function: &Function, form: &Form, errors: &mut Errors) {
    if let Some(moved) = form.moved_receiver() {
        let entries = layers.iter_mut().flat_map(|layer| &mut layer.entries);
        receiver::rename(entries, moved);
    }
    if let Some(layer) = layers.iter().find(|layer| layer.policy.repeats) {
        returned_borrow::check(function, form, layer.policy, errors);
        held_arguments::check(function, form, layer.policy, errors);
    }
}

/// An argument that several layers clone is cloned by each, and must be `Clone` if one of them
/// names it.
fn add(cloned: &mut Vec<Cloned>, argument: Cloned) {
    match cloned.iter_mut().find(|other| other.name == argument.name) {
        Some(earlier) => earlier.is_named |= argument.is_named,
        None => cloned.push(argument),
    }
}

/// The expressions of a stack that are evaluated after an attempt. A policy with a refusal filter
/// makes the error of a refusal to find out whether the filter matches it.
fn read_later(layers: &[WrittenLayer]) -> TokenStream {
    let makes_errors = layers.iter().any(|layer| {
        let mut names = layer.entries.iter().map(|entry| entry.spec.name);
        let filter = layer.policy.refusal_filter;
        filter.is_some_and(|filter| names.any(|name| name == filter))
    });
    let entries = layers.iter().flat_map(|layer| &layer.entries);
    let expressions = entries.filter_map(|entry| match &entry.value {
        EntryValue::Value(expr)
            if matches!(entry.spec.kind, Kind::Function) || matches!(expr, Expr::Closure(_)) =>
        {
            Some(expr.to_token_stream())
        }
        EntryValue::Value(expr) if makes_errors && matches!(entry.spec.kind, Kind::Error) => {
            Some(expr.to_token_stream())
        }
        EntryValue::Pattern(filter) => Some(filter.guard.to_token_stream()),
        EntryValue::Value(_) | EntryValue::Arguments(_) => None,
    });
    expressions.collect()
}
