//! Mistakes in a pattern that can be seen before rustc reads it.

use quote::ToTokens;
use syn::{GenericArgument, Pat, PathArguments, ReturnType, Type};

use super::entry::Filter;
use super::table::OptionSpec;
use crate::errors::Errors;
use crate::function::item::Function;
use crate::function::types::ungroup;
use crate::source_text::source_text;

/// Refuses `retry_on(ErrorKind::TimedOut)` where the error is an `io::Error`.
pub(super) fn check(filter: &Filter, spec: &OptionSpec, function: &Function, errors: &mut Errors) {
    let pattern = &filter.pattern;
    if filter.guard.is_none() && names_error_kind(pattern) && is_io_error(function) {
        let text = source_text(&pattern.to_token_stream());
        let name = spec.name;
        let condition = if matches!(pattern, Pat::Or(_)) {
            format!("matches!(error.kind(), {text})")
        } else {
            format!("error.kind() == {text}")
        };
        errors.at(
            pattern,
            format!(
                "the pattern is matched against the error, and `ErrorKind` is what its `kind()` returns: write \
                 `{name}(error if {condition})`"
            ),
        );
    }
}

/// `ErrorKind::TimedOut`, and alternatives of such paths.
fn names_error_kind(pattern: &Pat) -> bool {
    match pattern {
        Pat::Path(path) => path
            .path
            .segments
            .iter()
            .rev()
            .nth(1)
            .is_some_and(|owner| owner.ident == "ErrorKind"),
        Pat::Or(or) => or.cases.iter().all(names_error_kind),
        Pat::Paren(paren) => names_error_kind(&paren.pat),
        _ => false,
    }
}

/// `io::Result<T>`, and `Result<T, io::Error>` under any path to an `Error`.
fn is_io_error(function: &Function) -> bool {
    let ReturnType::Type(_, returned) = &function.sig.output else {
        return false;
    };
    let Type::Path(path) = ungroup(returned) else {
        return false;
    };
    let mut segments = path.path.segments.iter().rev();
    let Some(last) = segments.next() else {
        return false;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return false;
    };
    match arguments.args.iter().nth(1) {
        None => segments.next().is_some_and(|module| module.ident == "io"),
        Some(GenericArgument::Type(error)) => matches!(ungroup(error), Type::Path(error)
            if error.path.segments.last().is_some_and(|last| last.ident == "Error")),
        Some(_) => false,
    }
}
