//! How an attempt takes the function's arguments, before the user's body sees them.

use proc_macro2::{Group, Ident, TokenStream};
use quote::quote;
use syn::{FnArg, Pat, PatIdent, Type};

use super::Context;
use super::span::braces;
use crate::check::{Form, Hoisted};
use crate::item::ungroup;
use crate::lent::Lent;

impl Context<'_> {
    /// Visibility and signature. What each attempt borrows uniquely is bound by `mut`, which no caller sees.
    pub(super) fn head(&self) -> TokenStream {
        let function = self.function;
        let mut sig = function.sig.clone();
        let mut changed = false;
        for lent in self.lent().into_iter().filter(|lent| {
            lent.is_owned
                && !self
                    .hoisted()
                    .is_some_and(|block| block.is_moved(&lent.name))
        }) {
            let mutability = sig.inputs.iter_mut().find_map(|input| match input {
                FnArg::Receiver(receiver) => {
                    (lent.name == "self").then_some(&mut receiver.mutability)
                }
                FnArg::Typed(argument) => {
                    binding(&mut argument.pat, &lent.name).map(|name| &mut name.mutability)
                }
            });
            if let Some(mutability @ None) = mutability {
                *mutability = Some(syn::Token![mut](lent.name.span()));
                changed = true;
            }
        }
        let prefix = &function.prefix;
        if changed {
            quote!(#prefix #sig)
        } else {
            function.head.clone()
        }
    }

    /// Makes an async attempt borrow uniquely what it would otherwise share.
    pub(super) fn unique_borrows(&self) -> TokenStream {
        let borrows = self
            .lent()
            .into_iter()
            .filter(|lent| !self.is_rebound(&lent.name))
            .filter_map(|lent| {
                let cfg = &lent.cfg;
                let name = self.hoisted().map_or_else(
                    || Some(lent.name.clone()),
                    |block| block.name_of(&lent.name),
                )?;
                let place = if lent.is_owned {
                    quote!(#name)
                } else {
                    quote!(*#name)
                };
                Some(quote!(#(#cfg)* let _ = &mut #place;))
            });
        borrows.collect()
    }

    fn lent(&self) -> Vec<Lent> {
        // A sync body is no part of a future, and one that builds a future is over before it is awaited.
        match self.form {
            Form::Sync | Form::Future { block: None, .. } => Vec::new(),
            Form::Async | Form::Future { .. } => Lent::all(self.function),
        }
    }

    pub(super) fn hoisted(&self) -> Option<&Hoisted> {
        if let Form::Future { block, .. } = self.form {
            block.as_ref()
        } else {
            None
        }
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

/// Where a pattern binds this name.
fn binding<'p>(pattern: &'p mut Pat, name: &Ident) -> Option<&'p mut PatIdent> {
    match pattern {
        Pat::Ident(bound) if bound.ident == *name => Some(bound),
        Pat::Paren(paren) => binding(&mut paren.pat, name),
        Pat::Slice(slice) => slice.elems.iter_mut().find_map(|elem| binding(elem, name)),
        Pat::Struct(fields) => fields
            .fields
            .iter_mut()
            .find_map(|field| binding(&mut field.pat, name)),
        Pat::Tuple(tuple) => tuple.elems.iter_mut().find_map(|elem| binding(elem, name)),
        Pat::TupleStruct(tuple) => tuple.elems.iter_mut().find_map(|elem| binding(elem, name)),
        _ => None,
    }
}

pub(super) fn mutable_still(pattern: &PatIdent) -> TokenStream {
    let name = &pattern.ident;
    quote!(let _ = &mut #name;)
}
