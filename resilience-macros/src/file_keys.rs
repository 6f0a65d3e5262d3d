//! The keys of a policy in the configuration file, for the runtime: each option whose value is data
//! is a key, with the rules of its row.
//!
//! Input: `file_keys!(retry)`. Output:
//! `&[crate::file::Key { name: "max_retries", example: "max_retries = 3", kind: crate::file::Kind::Count(…) }, …]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::language::shared::rules::NumberRule;
use crate::language::table::{Kind, OptionSpec, Zero};
use crate::policy::policies;

/// Emits the keys of the policy.
pub(crate) fn keys(policy: &TokenStream) -> TokenStream {
    let name = policy.to_string();
    let Some(policy) = policies().find(|policy| policy.name() == name) else {
        return quote!(::core::compile_error!("no policy has this name"));
    };
    let file = file();
    let keys = policy.table.options.iter().filter_map(key);
    let foreign = policy.table.foreign.iter().flat_map(|foreign| {
        let ours = foreign.ours;
        let names = foreign.names.iter();
        names.map(move |name| quote!((#name, #ours)))
    });
    quote! {
        #file::Keys { keys: &[#(#keys),*], foreign: &[#(#foreign),*] }
    }
}

/// The module of the runtime that has the types.
fn file() -> TokenStream {
    let runtime = Ident::new("crate", Span::call_site());
    quote!(#runtime::file)
}

fn key(spec: &OptionSpec) -> Option<TokenStream> {
    let kind = kind(spec.kind)?;
    let (file, name, example) = (file(), spec.name, spec.example);
    Some(quote! {
        #file::Key { name: #name, example: #example, kind: #file::Kind::#kind }
    })
}

/// Emits the kind of a key, or nothing for an option that is code.
fn kind(kind: Kind) -> Option<TokenStream> {
    let file = file();
    let count = |at_least: u32, at_most: u32, hint: &str| quote!(Count(#file::CountRule { at_least: #at_least, at_most: #at_most, hint: #hint }));
    Some(match kind {
        Kind::Count { at_least, hint } => count(at_least, u32::MAX, hint),
        Kind::CountTo(at_most) => count(1, at_most, ""),
        Kind::Duration(Zero::Allowed) => quote!(Time(::core::option::Option::None)),
        Kind::Duration(Zero::Refused { instead }) => {
            quote!(Time(::core::option::Option::Some(#instead)))
        }
        Kind::Number(NumberRule::AtLeastOne { reason }) => {
            quote!(Number(#file::NumberRule::AtLeastOne { reason: #reason }))
        }
        Kind::Number(NumberRule::Share {
            allows_zero,
            reason,
        }) => quote! {
            Number(#file::NumberRule::Share { allows_zero: #allows_zero, reason: #reason })
        },
        Kind::Flag | Kind::Switch => quote!(Flag),
        Kind::Word(words) => {
            let words = words.iter().map(|(word, _)| word);
            quote!(Word(&[#(#words),*]))
        }
        Kind::DurationOr(words) => {
            let words = words.iter().map(|word| word.word);
            quote!(TimeOr(&[#(#words),*]))
        }
        Kind::Mode(_)
        | Kind::Text { .. }
        | Kind::Pattern
        | Kind::Function
        | Kind::Error
        | Kind::Value
        | Kind::Arguments
        | Kind::Name { .. }
        | Kind::CratePath => return None,
    })
}
