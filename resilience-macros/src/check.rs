//! The check of a stack: from the options of all layers to one plan.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Expr;

use crate::emit::cloned::Cloned;
use crate::emit::operation_plan::OperationPlan;
use crate::emit::plan::{Plan, PlannedLayer};
use crate::errors::Errors;
use crate::function::form::Form;
use crate::function::item::Function;
use crate::function::{form, held_arguments, returned_borrow, shared_arguments};
use crate::language::entry::EntryValue;
use crate::language::receiver;
use crate::language::scope::Scope;
use crate::language::table::Kind;
use crate::language::values::Values;
use crate::policy;
use crate::policy::spec::{CheckedLayer, LiteralValues, Needs, Surroundings, take_operation};
use crate::stack::{self, WrittenLayer};

/// Checks the options of all layers, and plans the stack. The options are checked even if the
/// function is wrong, because they are mistakes of their own.
pub(crate) fn check(
    mut layers: Vec<WrittenLayer>,
    function: &Function,
    errors: &mut Errors,
) -> Option<Plan> {
    let form = form::form(function, layers.first()?.policy, errors);
    if let Some(form) = &form {
        prepare(&mut layers, function, form, errors);
    }
    let taken = layers
        .iter()
        .filter_map(|layer| layer.taken.clone())
        .collect();
    let read_later = read_later(&layers, form.as_ref(), function);
    let surroundings = Surroundings {
        function,
        form: form.as_ref(),
        read_later: &read_later,
    };
    let mut checked = CheckedStack::default();
    for layer in layers {
        checked.add_layer(layer, surroundings, errors);
    }
    stack::check(&checked.literals, errors);
    Some(Plan {
        form: form?,
        layers: checked.layers,
        cloned: checked.cloned,
        read_later,
        operation: checked.operation,
        taken,
        runtime: checked
            .runtime
            .unwrap_or_else(|| syn::parse_quote!(::resilience)),
    })
}

/// Renames a moved `self` in the options. If a layer needs arguments again, checks that the
/// function can leave them to it.
fn prepare(layers: &mut [WrittenLayer], function: &Function, form: &Form, errors: &mut Errors) {
    if let Some(moved) = form.moved_receiver() {
        let entries = layers.iter_mut().flat_map(|layer| &mut layer.entries);
        receiver::rename(entries, moved);
    }
    let parameters = form.parameters(function);
    for layer in layers.iter() {
        let (policy, used) = (layer.policy, layer.policy.used_after(&layer.entries));
        let Some(Needs {
            words, are_shared, ..
        }) = &policy.needs
        else {
            continue;
        };
        let mut parameters = parameters.iter();
        if parameters.any(|parameter| used.has(&parameter.name)) {
            let is_left = if *are_shared {
                shared_arguments::check(function, form, policy, errors)
            } else {
                returned_borrow::check(function, form, policy, (&used, words), errors)
            };
            let is_right = is_left && held_arguments::check(function, form, policy, words, errors);
            // A mistake that several layers find is reported once.
            if !is_right {
                return;
            }
        }
    }
}

/// The results of the layers that were checked so far.
#[derive(Default)]
struct CheckedStack {
    layers: Vec<PlannedLayer>,
    literals: Vec<LiteralValues>,
    cloned: Vec<Cloned>,
    operation: OperationPlan,
    runtime: Option<syn::Path>,
}

impl CheckedStack {
    fn add_layer(
        &mut self,
        layer: WrittenLayer,
        surroundings: Surroundings<'_>,
        errors: &mut Errors,
    ) {
        let policy = layer.policy;
        let family = policy::family();
        let scope = Scope {
            function: surroundings.function,
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
            self.runtime.get_or_insert(path);
        }
        if let Some(name) = take_operation(&mut values) {
            stack::add_name(&mut self.operation, name, errors);
        }
        let checked: CheckedLayer = (policy.check)(&mut values, surroundings, errors);
        values.finish(errors);
        self.layers.push(checked.layer);
        self.literals.push(checked.literals);
        for argument in checked.cloned {
            self.add_cloned(argument);
        }
    }

    /// An argument that several layers clone is cloned by each, and must be `Clone` if one of them
    /// names it.
    fn add_cloned(&mut self, argument: Cloned) {
        let mut earlier = self.cloned.iter_mut();
        match earlier.find(|other| other.name == argument.name) {
            Some(earlier) => earlier.is_named |= argument.is_named,
            None => self.cloned.push(argument),
        }
    }
}

/// The expressions of a stack that are evaluated after an attempt, and the arguments that are read
/// then. A policy with a refusal filter makes the error of a refusal to find out whether the filter
/// matches it.
fn read_later(layers: &[WrittenLayer], form: Option<&Form>, function: &Function) -> TokenStream {
    let arguments = form.into_iter().flat_map(|form| form.parameters(function));
    let arguments = arguments.map(|parameter| parameter.name).filter(|name| {
        let mut readers = layers
            .iter()
            .filter(|layer| matches!(&layer.policy.needs, Some(needs) if needs.are_read));
        readers.any(|layer| layer.policy.used_after(&layer.entries).has(name))
    });
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
    let arguments = arguments.map(ToTokens::into_token_stream);
    expressions.chain(arguments).collect()
}
