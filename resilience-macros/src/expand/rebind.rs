//! Arguments that each attempt binds anew.

use proc_macro2::{Group, Ident, TokenStream};
use quote::quote;
use syn::{Pat, PatIdent, Type};

use super::Context;
use super::span::braces;
use crate::check::Form;
use crate::item::ungroup;

impl Context<'_> {
    /// `let mut text = text;` for `mut text: &str`: what is captured has the caller's lifetime and could not be set to a
    /// reference to a local of the body.
    pub(super) fn rebinds(&self) -> TokenStream {
        let rebinds = self.mutable_references().map(|(pattern, is_unique)| {
            let name = &pattern.ident;
            let lent = if is_unique { quote!(&mut *#name) } else { quote!(#name) };
            quote!(#[allow(clippy::shadow_same, clippy::shadow_reuse)] let #pattern = #lent;)
        });
        rebinds.collect()
    }

    /// The body, with the rebinds in front.
    pub(super) fn rebound(&self, body: &Group) -> Group {
        let rebinds = self.rebinds();
        if rebinds.is_empty() { body.clone() } else { braces(body, quote!(#rebinds '__body: #body)) }
    }

    /// An argument that is bound anew needs its `mut` no more, but it is the user's: else rustc calls it unused.
    pub(super) fn mutable_still(&self) -> TokenStream {
        self.mutable_references().map(|(pattern, _)| mutable_still(pattern)).collect()
    }

    pub(super) fn is_rebound(&self, name: &Ident) -> bool {
        self.mutable_references().any(|(pattern, _)| pattern.ident == *name)
    }

    /// `mut name: &T` and `mut name: &mut T`, the latter unique.
    fn mutable_references(&self) -> impl Iterator<Item = (&PatIdent, bool)> {
        // The contents of a lone async block are behind a boundary of the user's own.
        let is_hoisted = matches!(self.form, Form::Future { block: Some(_), .. });
        self.function.arguments().filter(move |_| !is_hoisted).filter_map(|argument| {
            match (&*argument.pat, ungroup(&argument.ty)) {
                (Pat::Ident(pattern), Type::Reference(reference)) if pattern.mutability.is_some() => {
                    Some((pattern, reference.mutability.is_some()))
                }
                _ => None,
            }
        })
    }
}

pub(super) fn mutable_still(pattern: &PatIdent) -> TokenStream {
    let name = &pattern.ident;
    quote!(let _ = &mut #name;)
}
