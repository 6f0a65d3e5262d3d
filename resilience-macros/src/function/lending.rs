//! Arguments that the function owns, and that an attempt may hand on by value all the same, because
//! a reference to them is as good.
//!
//! - Input: `fn read(path: impl AsRef<Path>, log: Option<&mut Log>) -> io::Result<File> { … }`
//! - Output, in front of the body of each attempt: `let path = &path; let log =
//!   Option::as_deref_mut(&mut log);`
//!
//! Nothing but the written type tells this. A type parameter can be replaced by a reference only if
//! each of its bounds holds for the reference, and if its name stands nowhere else. The bounds are
//! known by their names. `Read`, `Write` and `Iterator` hold for a `&mut` reference and are left
//! out, because the next attempt would silently go on where the last one stopped.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, GenericParam, PathArguments, Type, TypeParamBound, WherePredicate,
};

use super::bounds::{Bounds, bounds_of};
use super::form::Form;
use super::item::Function;
use super::parameter::{Parameter, Passing};
use super::tokens::any_ident;
use super::types::ungroup;

/// The traits that hold for `&T` and for `&mut T` if they hold for `T`, and whose methods only
/// read.
const READ_ONLY: [&str; 6] = ["AsRef", "Debug", "Display", "Hash", "Serialize", "ToString"];

/// The same for `&T` alone.
const SHARED_ONLY: [&str; 4] = ["AsyncFn", "Error", "Fn", ADDRESS];

/// Addresses are `Sync`, although no bound says so.
const ADDRESS: &str = "ToSocketAddrs";

/// The traits of a closure that may be called again, through a `&mut` reference.
const CALLED: [&str; 2] = ["AsyncFnMut", "FnMut"];

/// The way in which an attempt is given the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lending {
    /// `&argument`
    Shared,
    /// `&mut argument`
    Unique,
    /// `argument.as_deref_mut()`, of an `Option<&mut T>`.
    InOption,
    /// `argument.as_mut()`, of a `Pin<&mut T>`.
    Pinned,
}

impl Lending {
    /// The answer is `None` for an argument that is a reference, or that cannot be lent.
    pub(crate) fn of(parameter: &Parameter<'_>, function: &Function, form: &Form) -> Option<Self> {
        let is_plain = parameter.passing == Passing::Owned && !parameter.is_part;
        // Nothing else can have the name `self`.
        let can_be_bound_again = parameter.name != "self";
        let ty = parameter.ty.filter(|_| is_plain && can_be_bound_again)?;
        match of_written_type(ty) {
            Some(lending) => Some(lending),
            None => of_bounds(&bounds_of(ty, function)?, form.is_async())
                .filter(|_| !stands_elsewhere(ty, function, form)),
        }
    }

    /// The argument is borrowed by a `&mut` reference.
    pub(crate) fn is_unique(self) -> bool {
        self != Self::Shared
    }
}

/// The `U` of an `impl Into<U>`: nothing can be done with such an argument but to convert it.
pub(crate) fn converted_into(
    parameter: &Parameter<'_>,
    function: &Function,
    form: &Form,
) -> Option<TokenStream> {
    let is_plain = parameter.passing == Passing::Owned && !parameter.is_part;
    let ty = parameter.ty.filter(|_| is_plain)?;
    let bounds = bounds_of(ty, function).filter(|_| !stands_elsewhere(ty, function, form))?;
    let mut becomes = None;
    // A lifetime bound says nothing about the type that the argument becomes.
    let traits = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(bound.path.segments.last()),
        _ => None,
    });
    for last in traits {
        let last = last?;
        match (&last.arguments, last.ident.to_string().as_str()) {
            (_, "Send" | "Sized" | "Sync" | "Unpin") => {}
            (PathArguments::AngleBracketed(arguments), "Into") if becomes.is_none() => {
                becomes = Some(arguments.args.to_token_stream());
            }
            _ => return None,
        }
    }
    becomes
}

/// `Option<&mut T>` and `Pin<&mut T>`.
fn of_written_type(ty: &Type) -> Option<Lending> {
    let Type::Path(path) = ungroup(ty) else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let Some(GenericArgument::Type(inner)) = arguments.args.first() else {
        return None;
    };
    let is_reference = Passing::of_type(inner) == Passing::Unique;
    match last.ident.to_string().as_str() {
        "Option" if is_reference => Some(Lending::InOption),
        "Pin" if is_reference => Some(Lending::Pinned),
        _ => None,
    }
}

fn of_bounds(bounds: &Bounds, is_async: bool) -> Option<Lending> {
    let mut names = Vec::new();
    for bound in bounds {
        match bound {
            TypeParamBound::Trait(bound) => {
                names.push(bound.path.segments.last()?.ident.to_string());
            }
            // `#[async_trait]` puts it on everything that the future holds.
            TypeParamBound::Lifetime(lifetime) if lifetime.ident == "async_trait" => {}
            // The reference would have to live as long as the lifetime says.
            _ => return None,
        }
    }
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    // Held across an await, a shared reference is `Send` only if the argument is `Sync`.
    let may_be_shared = !is_async || has("Sync") || (has(ADDRESS) && !has("Send"));
    names.retain(|name| !["Send", "Sized", "Sync", "Unpin"].contains(&&**name));
    let all = |traits: &[&str], others: &[&str]| {
        let mut names = names.iter().map(|name| &**name);
        names.all(|name| traits.contains(&name) || others.contains(&name))
    };
    if names.is_empty() {
        None
    } else if may_be_shared && all(&READ_ONLY, &SHARED_ONLY) {
        Some(Lending::Shared)
    } else {
        all(&READ_ONLY, &CALLED).then_some(Lending::Unique)
    }
}

/// True if the name of a type parameter stands somewhere else than as the argument's type, or if
/// the return type may hide a type that holds the argument.
fn stands_elsewhere(ty: &Type, function: &Function, form: &Form) -> bool {
    let sig = &function.sig;
    let outcome = match form {
        Form::Future { output, .. } => output.to_token_stream(),
        Form::Sync | Form::Async => sig.output.to_token_stream(),
    };
    if any_ident(outcome, &|name| name == "impl") {
        return true;
    }
    let Type::Path(path) = ungroup(ty) else {
        return false;
    };
    let Some(parameter) = path.path.get_ident() else {
        return true;
    };
    let names_it = |tokens| any_ident(tokens, &|name| parameter == name);
    let in_inputs = sig.inputs.iter().filter(|input| match input {
        FnArg::Typed(argument) => names_it(argument.ty.to_token_stream()),
        FnArg::Receiver(receiver) => names_it(receiver.to_token_stream()),
    });
    let in_generics = sig.generics.params.iter().any(|param| match param {
        GenericParam::Type(param) if param.ident == *parameter => {
            names_it(param.bounds.to_token_stream())
        }
        _ => names_it(param.to_token_stream()),
    });
    let clause = sig.generics.where_clause.iter();
    let in_clause = clause
        .flat_map(|clause| &clause.predicates)
        .any(|predicate| match predicate {
            WherePredicate::Type(predicate)
                if *parameter == predicate.bounded_ty.to_token_stream().to_string() =>
            {
                names_it(predicate.bounds.to_token_stream())
            }
            _ => names_it(predicate.to_token_stream()),
        });
    in_inputs.count() > 1
        || in_generics
        || in_clause
        || names_it(sig.output.to_token_stream())
        || names_it(function.body.stream())
}
