//! `clone(…)` of `#[retry]`: the arguments that an attempt may consume, because the next one gets a clone.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::Expr;

use super::Form;
use crate::errors::Errors;
use crate::function::item::Function;
use crate::function::parameter::{Parameter, Passing};
use crate::function::tokens::names;
use crate::language::entry::{Arguments, Raw};
use crate::language::table::Kind;
use crate::stack::Layer;

/// An argument that is cloned before each attempt that another one may follow.
#[derive(Clone)]
pub(crate) struct Cloned {
    /// The argument's name, at the place where an error about its type belongs.
    pub(crate) name: Ident,
    /// The attributes that say whether the argument exists at all.
    pub(crate) cfg: TokenStream,
    /// A filter or a hook looks at the argument after the attempt, so that the last attempt gets a clone, too.
    pub(crate) is_read_later: bool,
    /// `clone(…)` names the argument, so that it must be `Clone`.
    pub(crate) is_named: bool,
}

/// The expressions of a stack that are evaluated after an attempt. A retry with `retry_on` makes the error of a refusal to
/// find out whether the pattern matches it.
pub(super) fn read_later(layers: &[Layer]) -> TokenStream {
    let makes_errors = layers
        .iter()
        .flat_map(|layer| &layer.entries)
        .any(|entry| entry.spec.name == "retry_on");
    let entries = layers.iter().flat_map(|layer| &layer.entries);
    let expressions = entries.filter_map(|entry| match &entry.value {
        Raw::Value(expr)
            if matches!(entry.spec.kind, Kind::Function) || matches!(expr, Expr::Closure(_)) =>
        {
            Some(expr.to_token_stream())
        }
        Raw::Value(expr) if makes_errors && matches!(entry.spec.kind, Kind::Error) => {
            Some(expr.to_token_stream())
        }
        Raw::Pattern(filter) => Some(filter.guard.to_token_stream()),
        Raw::Value(_) | Raw::Arguments(_) => None,
    });
    expressions.collect()
}

pub(super) fn check(
    arguments: &Arguments,
    function: &Function,
    form: &Form,
    read_later: &TokenStream,
    errors: &mut Errors,
) -> Vec<Cloned> {
    let parameters = form.parameters(function);
    let chosen: Vec<_> = match arguments {
        Arguments::All => every_owned(&parameters)
            .map(|parameter| (parameter, parameter.name.clone()))
            .collect(),
        Arguments::Named(names) => names
            .iter()
            .flat_map(|name| named(name, &parameters, function, errors))
            .collect(),
    };
    // rustc is to find an argument unused that the body does not name.
    let used = chosen
        .into_iter()
        .filter(|(parameter, _)| form.names(function, &parameter.name));
    let cloned = used.map(|(parameter, name)| Cloned {
        is_read_later: names(read_later.clone(), &parameter.name.to_string()),
        cfg: parameter.cfg(),
        name,
        is_named: matches!(arguments, Arguments::Named(_)),
    });
    cloned.collect()
}

fn every_owned<'p, 'f>(parameters: &'p [Parameter<'f>]) -> impl Iterator<Item = &'p Parameter<'f>> {
    parameters
        .iter()
        .filter(|parameter| parameter.passing == Passing::Owned && !parameter.is_pinned_reference())
}

/// The parameters that are meant by a name: an argument that was taken apart before the policies has several.
fn named<'p, 'f>(
    name: &Ident,
    parameters: &'p [Parameter<'f>],
    function: &Function,
    errors: &mut Errors,
) -> Vec<(&'p Parameter<'f>, Ident)> {
    let meant: Vec<_> = parameters
        .iter()
        .filter(|parameter| parameter.name == *name || parameter.in_signature == *name)
        .collect();
    if meant.is_empty() {
        let owned: Vec<_> = every_owned(parameters)
            .map(|parameter| format!("`{}`", parameter.in_signature))
            .collect();
        let instead = match owned.as_slice() {
            [] => "which owns none of its arguments: remove `clone`".to_owned(),
            [only] => format!("which owns only {only}"),
            several => format!("which owns {}", several.join(" and ")),
        };
        errors.at(
            name,
            format!(
                "`{name}` is no argument of `{}`, {instead}",
                function.name()
            ),
        );
    } else if meant
        .iter()
        .any(|parameter| parameter.passing != Passing::Owned)
    {
        errors.at(
            name,
            format!(
                "`{name}` is borrowed, and every attempt can borrow it again: `clone` is for owned arguments that the body \
                 consumes; remove `{name}`"
            ),
        );
        return Vec::new();
    }
    let at_name = |parameter: &Parameter<'_>| {
        let mut at_name = parameter.name.clone();
        at_name.set_span(at_name.span().located_at(name.span()));
        at_name
    };
    meant
        .into_iter()
        .map(|parameter| (parameter, at_name(parameter)))
        .collect()
}
