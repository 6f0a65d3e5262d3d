//! The option `clone(…)`: the arguments that the body may consume, because a clone is left for the
//! code that needs them after it.

use proc_macro2::Ident;

use super::spec::Surroundings;
use crate::emit::cloned::Cloned;
use crate::errors::Errors;
use crate::function::item::Function;
use crate::function::lending::{Lending, converted_into};
use crate::function::parameter::{Parameter, Passing};
use crate::function::tokens::names;
use crate::language::entry::Arguments;

/// Checks the names. A policy that uses an argument after the body has a clone of it.
pub(super) fn check(
    arguments: Option<Arguments>,
    surroundings: Surroundings<'_>,
    errors: &mut Errors,
) -> Vec<Cloned> {
    let Surroundings {
        function,
        form,
        read_later,
    } = surroundings;
    let (Some(arguments), Some(form)) = (arguments, form) else {
        return Vec::new();
    };
    let parameters = form.parameters(function);
    let chosen: Vec<_> = match &arguments {
        Arguments::All => every_owned(&parameters)
            .filter(|parameter| Lending::of(parameter, function, form).is_none())
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
    let cloned = used.map(|(parameter, name)| {
        let is_read_later = names(read_later.clone(), &parameter.name.to_string());
        Cloned {
            is_read_later,
            cfg: parameter.cfg(),
            name,
            is_named: matches!(arguments, Arguments::Named(_)),
            // A filter or a hook expects the type that the user wrote.
            becomes: converted_into(parameter, function, form).filter(|_| !is_read_later),
        }
    });
    cloned.collect()
}

fn every_owned<'p, 'f>(parameters: &'p [Parameter<'f>]) -> impl Iterator<Item = &'p Parameter<'f>> {
    parameters
        .iter()
        .filter(|parameter| parameter.passing == Passing::Owned && !parameter.is_pinned_reference())
}

/// The parameters that are meant by a name: an argument that was taken apart before the policies
/// has several.
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
                "`{name}` is borrowed, and a borrow is never used up: `clone` is for owned arguments that the body consumes; remove `{name}`"
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
