//! The function's arguments inside of an attempt, before the user's body sees them.

use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FnArg, Pat, PatIdent};

use super::cloned::Cloned;
use super::code::labelled;
use super::context::Context;
use super::span::braces;
use crate::function::form::{AsyncBlock, Form};
use crate::function::lending::Lending;
use crate::function::parameter::{Parameter, Passing};
use crate::function::pattern::make_mutable;
use crate::function::tokens::{assigns, names};

impl Context<'_> {
    /// Visibility and signature. A parameter is bound by `mut` if an attempt borrows it uniquely,
    /// or if it is set again before the next attempt. No caller sees that.
    pub(crate) fn head(&self) -> TokenStream {
        let function = self.function;
        let mut sig = function.sig.clone();
        let mut changed = false;
        for name in self.mutable_names() {
            if self.async_block().is_some_and(|block| block.is_moved(name)) {
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
    pub(crate) fn moves(&self, block: &AsyncBlock) -> TokenStream {
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
            .filter(|parameter| {
                parameter.passing == Passing::Owned && !self.is_handed_over(parameter)
            })
            .map(|parameter| &parameter.name);
        let set_again = self
            .cloned
            .iter()
            .filter(|cloned| self.is_set_again(cloned));
        let names = borrowed.chain(set_again.map(|cloned| &cloned.name));
        names.filter(|name| !self.is_converted(name))
    }

    /// True if a layer sets the argument of the function again. Below a layer whose attempts run at
    /// once each attempt has a variable of its own.
    pub(super) fn is_set_again(&self, cloned: &Cloned) -> bool {
        let mut layers = self.layers.iter();
        let outermost = layers.find(|layer| layer.used_after.has(&cloned.name));
        outermost.is_none_or(|layer| !layer.is_concurrent)
    }

    /// Makes an async attempt borrow arguments uniquely that it would share otherwise.
    pub(crate) fn unique_borrows(&self) -> TokenStream {
        let borrows = self
            .uniquely_borrowed()
            .filter(|parameter| !self.is_rebound(parameter) && !self.is_handed_over(parameter))
            .map(unique_borrow);
        borrows.collect()
    }

    /// Makes a sync attempt capture a whole variable that it assigns to. If the closure captured
    /// one field, rustc would say that the value is never read, although the caller, or a panic in
    /// between, reads it.
    fn whole_captures(&self) -> TokenStream {
        let body = &self.function.body;
        let assigned = self.parameters.iter().filter(|parameter| {
            let is_changed = match parameter.passing {
                Passing::Owned => parameter.is_mutable,
                Passing::Unique => true,
                Passing::Shared => false,
            };
            is_changed
                && !parameter.is_part
                && !self.is_rebound(parameter)
                && assigns(body.stream(), &parameter.name.to_string())
        });
        assigned.map(unique_borrow).collect()
    }

    /// Moves arguments into a body that runs once, because the body may hand out a borrow that they
    /// hold. A borrow of the argument itself ends with the function.
    pub(crate) fn handed_over(&self) -> TokenStream {
        let runtime = &self.runtime;
        let moved = self
            .parameters
            .iter()
            .filter(|parameter| self.is_handed_over(parameter))
            .map(|parameter| {
                let (cfg, name) = (parameter.cfg(), &parameter.name);
                quote!(#cfg #runtime::take(#name);)
            });
        moved.collect()
    }

    fn is_handed_over(&self, parameter: &Parameter<'_>) -> bool {
        let may_be_handed_out = match parameter.passing {
            // A sync body captures what it needs of an owned argument by itself.
            Passing::Owned => {
                self.is_uniquely_borrowed(parameter)
                    && parameter.may_hold_borrow()
                    && self.result.may_hold_borrow()
            }
            // A closure or a block of the edition 2018 would borrow the reference instead of its
            // target.
            Passing::Unique => {
                !parameter.is_part
                    && self.form.names(self.function, &parameter.name)
                    && (parameter.lifetime.is_some() || self.result.may_hold_borrow())
            }
            Passing::Shared => false,
        };
        may_be_handed_out
            && !self.is_needed_again(&parameter.name)
            && !names(self.read_later.clone(), &parameter.name.to_string())
    }

    fn uniquely_borrowed(&self) -> impl Iterator<Item = &Parameter<'_>> {
        self.parameters
            .iter()
            .filter(|parameter| self.is_uniquely_borrowed(parameter))
    }

    /// An argument that the body does not name is not captured, and rustc is to find it unused.
    fn is_uniquely_borrowed(&self, parameter: &Parameter<'_>) -> bool {
        // Attempts that run at once share their arguments.
        if self.is_concurrent() {
            return false;
        }
        if let Some(lending) = self.lending(parameter) {
            return lending.is_unique();
        }
        // A sync body is no part of a future, and one that builds a future is over before it is
        // awaited.
        let is_borrowed = !matches!(self.form, Form::Sync | Form::Future { block: None, .. });
        is_borrowed
            && parameter.needs_unique_borrow()
            && self.form.names(self.function, &parameter.name)
    }

    /// The references that each attempt binds anew.
    ///
    /// `let mut text = text;` for `mut text: &str`: the captured reference has the caller's
    /// lifetime and could not be set to a reference to a local of the body.
    /// `let buffer = &mut *buffer;` for `buffer: &mut [u8]`: the body may hand it on by value, and
    /// the next attempt needs it again.
    /// `let path = &path;` for `path: impl AsRef<Path>`, for the same reason.
    pub(crate) fn rebinds(&self) -> TokenStream {
        let rebinds = self.parameters.iter().filter_map(|parameter| {
            let (cfg, name) = (parameter.cfg(), &parameter.name);
            if let Some(lending) = self.lending(parameter) {
                return Some(self.lent(parameter, lending));
            }
            let pattern = match self.mutable_reference(parameter) {
                Some(pattern) => pattern.to_token_stream(),
                None if self.is_borrowed_anew(parameter) => name.to_token_stream(),
                None => return None,
            };
            let reference = if parameter.passing == Passing::Unique {
                quote_spanned!(name.span()=> &mut *#name)
            } else {
                quote!(#name)
            };
            let allow = quote!(#[allow(clippy::shadow_same, clippy::shadow_reuse)]);
            Some(quote!(#cfg #allow let #pattern = #reference;))
        });
        rebinds.collect()
    }

    /// The body of a sync function, with the rebinds in front.
    pub(crate) fn rebound(&self, body: &Group) -> Group {
        let (captures, rebinds) = (self.whole_captures(), self.rebinds());
        // A body that makes a future does not return the outcome.
        let handed_over = match self.form {
            Form::Sync => self.handed_over(),
            _ => TokenStream::new(),
        };
        if rebinds.is_empty() && captures.is_empty() && handed_over.is_empty() {
            return body.clone();
        }
        let taken = (!handed_over.is_empty()).then(|| self.never_reached(&handed_over));
        let labelled = labelled("'__bound", body);
        braces(body, quote!(#taken #captures #rebinds #labelled))
    }

    /// Uses the `mut` of an argument that is bound anew. The argument does not need it any more,
    /// and rustc would call the user's `mut` unused.
    pub(crate) fn mutable_still(&self) -> TokenStream {
        self.parameters
            .iter()
            .filter(|parameter| {
                self.mutable_reference(parameter).is_some() || self.is_changed_by_attempt(parameter)
            })
            .map(|parameter| {
                let (cfg, still) = (parameter.cfg(), mutable_still(&parameter.name));
                quote!(#cfg #still)
            })
            .collect()
    }

    /// True for an argument that the user declared `mut`, if the body changes a clone of it.
    fn is_changed_by_attempt(&self, parameter: &Parameter<'_>) -> bool {
        let mut cloned = self.cloned.iter();
        parameter.is_mutable
            && parameter.passing == Passing::Owned
            && self.async_block().is_none()
            && cloned.any(|cloned| cloned.name == parameter.name && !self.is_set_again(cloned))
    }

    fn is_rebound(&self, parameter: &Parameter<'_>) -> bool {
        self.mutable_reference(parameter).is_some()
            || self.is_borrowed_anew(parameter)
            || self.lending(parameter).is_some()
    }

    /// The way in which the body is lent an owned argument that is needed again. A worker and a
    /// clone own it.
    fn lending(&self, parameter: &Parameter<'_>) -> Option<Lending> {
        let is_owned_by_attempt = !self.is_needed_again(&parameter.name)
            || self.layers.iter().any(|layer| layer.moves_to_worker)
            || self
                .cloned
                .iter()
                .any(|cloned| cloned.name == parameter.name);
        if is_owned_by_attempt || !self.form.names(self.function, &parameter.name) {
            return None;
        }
        Lending::of(parameter, self.function, self.form)
            .filter(|lending| !(lending.is_unique() && self.is_concurrent()))
    }

    /// Binds the argument's name to a reference. If the user declared it `mut`, the body may not
    /// need that of a reference to it.
    fn lent(&self, parameter: &Parameter<'_>, lending: Lending) -> TokenStream {
        let (runtime, cfg, name) = (&self.runtime, parameter.cfg(), &parameter.name);
        let unique = quote_spanned!(name.span()=> &mut #name);
        let reference = match lending {
            Lending::Shared => quote_spanned!(name.span()=> &#name),
            Lending::Unique => unique,
            Lending::InOption => quote!(#runtime::Option::as_deref_mut(#unique)),
            Lending::Pinned => quote!(#runtime::Pin::as_mut(#unique)),
        };
        let mutable = parameter.is_mutable.then(|| syn::Token![mut](name.span()));
        let has_another_type = matches!(lending, Lending::Shared | Lending::Unique);
        let unused = (parameter.is_mutable && has_another_type).then(|| quote!(unused_mut,));
        let allow = quote!(#[allow(#unused clippy::shadow_same, clippy::shadow_reuse)]);
        quote!(#cfg #allow let #mutable #name = #reference;)
    }

    /// The pattern of `mut name: &T` or `mut name: &mut T`.
    pub(crate) fn mutable_reference(&self, parameter: &Parameter<'_>) -> Option<&PatIdent> {
        // The contents of a lone async block are behind a boundary of the user's own.
        if self.async_block().is_some() || parameter.passing == Passing::Owned {
            return None;
        }
        match &*self.function.argument(&parameter.name)?.pat {
            Pat::Ident(pattern) if pattern.mutability.is_some() && pattern.by_ref.is_none() => {
                Some(pattern)
            }
            _ => None,
        }
    }

    /// True for a `&mut` that is needed again although the body may hand it on by value, or whose
    /// target a body assigns to. If the closure or the block around the body captured the target
    /// alone, rustc would say that the value is never read.
    fn is_borrowed_anew(&self, parameter: &Parameter<'_>) -> bool {
        let name = &parameter.name;
        parameter.passing == Passing::Unique
            && !parameter.is_part
            && name != "self"
            && self.form.names(self.function, name)
            && (self.is_needed_again(name)
                || assigns(self.function.body.stream(), &name.to_string()))
    }
}

fn unique_borrow(parameter: &Parameter<'_>) -> TokenStream {
    let (cfg, name) = (parameter.cfg(), &parameter.name);
    if parameter.passing == Passing::Owned {
        quote!(#cfg let _ = &mut #name;)
    } else {
        quote!(#cfg let _ = &mut *#name;)
    }
}

pub(crate) fn mutable_still(name: &Ident) -> TokenStream {
    quote!(let _ = &mut #name;)
}
