//! How an attempt takes the function's arguments, before the user's body sees them.

use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, Pat, PatIdent, Type};

use super::Context;
use super::span::braces;
use crate::check::{Form, Hoisted};
use crate::item::ungroup;
use crate::parameter::{Parameter, Passing, make_mutable};

impl Context<'_> {
    /// Visibility and signature. The parameters that an attempt borrows uniquely, and those that are set again before the
    /// next one, are bound by `mut`, which no caller sees.
    pub(super) fn head(&self) -> TokenStream {
        let function = self.function;
        let mut sig = function.sig.clone();
        let mut changed = false;
        for name in self.mutable_names() {
            if self.hoisted().is_some_and(|block| block.is_moved(name)) {
                continue;
            }
            changed = true;
            for input in &mut sig.inputs {
                match input {
                    FnArg::Receiver(receiver) if name == "self" => {
                        receiver
                            .mutability
                            .get_or_insert(syn::Token![mut](name.span()));
                    }
                    FnArg::Receiver(_) => {}
                    FnArg::Typed(argument) => make_mutable(&mut argument.pat, name),
                }
            }
        }
        let prefix = &function.prefix;
        if changed {
            quote!(#prefix #sig)
        } else {
            function.head.clone()
        }
    }

    /// The moves in front of a lone async block, with the same `mut`.
    pub(super) fn moves(&self, block: &Hoisted) -> TokenStream {
        let moves = block.moves.iter().map(|moved| {
            let mut statement = moved.statement.clone();
            for name in self.mutable_names() {
                make_mutable(&mut statement.pat, name);
            }
            statement.into_token_stream()
        });
        moves.collect()
    }

    fn mutable_names(&self) -> impl Iterator<Item = &Ident> {
        let borrowed = self
            .uniquely_borrowed()
            .filter(|parameter| parameter.passing == Passing::Owned)
            .map(|parameter| &parameter.name);
        borrowed.chain(self.cloned.iter().map(|cloned| &cloned.name))
    }

    /// Makes an async attempt borrow uniquely what it would otherwise share.
    pub(super) fn unique_borrows(&self) -> TokenStream {
        let borrows = self
            .uniquely_borrowed()
            .filter(|parameter| !self.is_rebound(&parameter.name))
            .map(|parameter| {
                let (cfg, name) = (parameter.cfg(), &parameter.name);
                if parameter.passing == Passing::Owned {
                    quote!(#cfg let _ = &mut #name;)
                } else {
                    quote!(#cfg let _ = &mut *#name;)
                }
            });
        borrows.collect()
    }

    /// An argument that the body does not name is not captured, and rustc is to find it unused.
    fn uniquely_borrowed(&self) -> impl Iterator<Item = &Parameter<'_>> {
        // A sync body is no part of a future, and one that builds a future is over before it is awaited.
        let is_borrowed = !matches!(self.form, Form::Sync | Form::Future { block: None, .. });
        self.parameters.iter().filter(move |parameter| {
            is_borrowed
                && parameter.needs_unique_borrow()
                && self.form.names(self.function, &parameter.name)
        })
    }

    pub(super) fn hoisted(&self) -> Option<&Hoisted> {
        self.form.hoisted()
    }

    /// `let mut text = text;` for `mut text: &str`: what is captured has the caller's lifetime and could not be set to a
    /// reference to a local of the body.
    pub(super) fn rebinds(&self) -> TokenStream {
        let rebinds = self.mutable_references().map(|(pattern, is_unique)| {
            let name = &pattern.ident;
            let lent = if is_unique {
                quote!(&mut *#name)
            } else {
                quote!(#name)
            };
            quote!(#[allow(clippy::shadow_same, clippy::shadow_reuse)] let #pattern = #lent;)
        });
        rebinds.collect()
    }

    /// The body, with the rebinds in front.
    pub(super) fn rebound(&self, body: &Group) -> Group {
        let rebinds = self.rebinds();
        if rebinds.is_empty() {
            body.clone()
        } else {
            braces(body, quote!(#rebinds '__body: #body))
        }
    }

    /// An argument that is bound anew needs its `mut` no more, but it is the user's: else rustc calls it unused.
    pub(super) fn mutable_still(&self) -> TokenStream {
        self.mutable_references()
            .map(|(pattern, _)| mutable_still(pattern))
            .collect()
    }

    pub(super) fn is_rebound(&self, name: &Ident) -> bool {
        self.mutable_references()
            .any(|(pattern, _)| pattern.ident == *name)
    }

    /// `mut name: &T` and `mut name: &mut T`, the latter unique.
    fn mutable_references(&self) -> impl Iterator<Item = (&PatIdent, bool)> {
        // The contents of a lone async block are behind a boundary of the user's own.
        let is_hoisted = self.hoisted().is_some();
        self.function
            .arguments()
            .filter(move |_| !is_hoisted)
            .filter_map(|argument| match (&*argument.pat, ungroup(&argument.ty)) {
                (Pat::Ident(pattern), Type::Reference(reference))
                    if pattern.mutability.is_some() =>
                {
                    Some((pattern, reference.mutability.is_some()))
                }
                _ => None,
            })
    }
}

pub(super) fn mutable_still(pattern: &PatIdent) -> TokenStream {
    let name = &pattern.ident;
    quote!(let _ = &mut #name;)
}
