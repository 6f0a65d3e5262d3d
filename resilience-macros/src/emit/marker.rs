//! Marks that an expansion leaves for the attributes that are expanded after it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::Path;

use crate::function::item::Function;
use crate::language::table::Table;
use crate::language::value::RUNTIME;

/// The argument of an attribute that stands only to be resolved.
const TAKEN: &str = "__taken";

/// Emits each attribute that was taken off the function once more, in front of an empty item,
/// because rustc would otherwise never resolve its path and call the user's
/// `use resilience::timeout` unused.
pub(crate) fn taken(paths: &[Path]) -> TokenStream {
    let markers = markers(paths);
    if paths.is_empty() {
        TokenStream::new()
    } else {
        quote!(#markers const _: () = ();)
    }
}

/// The same marks where there is no body for them: in front of the error, because that may stand
/// wherever a function may.
pub(crate) fn errors(paths: &[Path], compile_errors: &TokenStream) -> TokenStream {
    let markers = markers(paths);
    quote!(#markers #compile_errors)
}

fn markers(paths: &[Path]) -> TokenStream {
    let marker = syn::Ident::new(TAKEN, Span::call_site());
    quote!(#(#[#paths(#marker)])*)
}

pub(crate) fn is_taken(args: &TokenStream) -> bool {
    let mut tokens = args.clone().into_iter();
    matches!((tokens.next(), tokens.next()), (Some(TokenTree::Ident(only)), None) if only == TAKEN)
}

/// True if an attribute above this one has expanded the function already.
pub(crate) fn is_expanded(function: &Function) -> bool {
    fn any(tokens: TokenStream) -> bool {
        // `use …::__private as __rt`
        let mut after_as = false;
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => {
                std::mem::replace(&mut after_as, ident == "as") && ident == RUNTIME
            }
            TokenTree::Group(group) => any(group.stream()),
            _ => false,
        })
    }
    any(function.body.stream())
}

pub(crate) fn seen_too_late(attribute: &Table) -> syn::Error {
    syn::Error::new(
        Span::call_site(),
        format!(
            "{attribute} is imported under another name here, and the attribute above, which expands the whole stack, looks for `{name}`: it \
             would end up outside of what stands above it; write `#[{name}(…)]` or `#[resilience::{name}(…)]`",
            name = attribute.name
        ),
    )
}
