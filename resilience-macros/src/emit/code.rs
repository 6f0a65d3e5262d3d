//! Code that makes an outcome. The next layer takes it as a block, an expression or a future.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::description::Description;

pub(crate) struct LayerCode {
    pub(crate) declarations: Declarations,
    kind: CodeKind,
}

/// The declarations in front of every attempt.
#[derive(Default)]
pub(crate) struct Declarations {
    /// Items, and values computed from the arguments, once per call.
    pub(crate) values: TokenStream,
    /// Variables for the circuits of static sites. An attempt that is one future finds them itself,
    /// because a variable would be part of the user's future.
    pub(crate) look_ups: TokenStream,
    /// Variables that may borrow from an argument. They stand behind a move of the argument to a
    /// worker.
    pub(crate) borrows: TokenStream,
    /// Those of the values that are handles. They borrow from no argument, and each attempt that
    /// moves to a worker takes a clone.
    pub(crate) owned: Vec<Ident>,
    /// The layers, the outer one first.
    pub(crate) layers: Vec<Description>,
    /// True if one of them lists the operation in the statistics at the first call.
    pub(crate) enters_operation: bool,
    /// True if one of them has values of the configuration file.
    pub(crate) asks_file: bool,
}

impl Declarations {
    pub(crate) fn values(values: TokenStream) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    /// Joins the declarations of an outer layer, first, and of an inner one.
    pub(crate) fn and(mut self, inner: Self) -> Self {
        self.values.extend(inner.values);
        self.look_ups.extend(inner.look_ups);
        self.borrows.extend(inner.borrows);
        self.owned.extend(inner.owned);
        self.layers.extend(inner.layers);
        self.enters_operation |= inner.enters_operation;
        self.asks_file |= inner.asks_file;
        self
    }
}

enum CodeKind {
    /// The user's own braces, in a sync function.
    Body(Group),
    /// An expression that is a future of the outcome.
    Future(TokenStream),
    /// Layers around a body, which one future of the outcome drives.
    Layered {
        layered: Layered,
        /// The layers and the body as that future.
        future: TokenStream,
    },
    /// An expression that is a future, and the arms of the `match` that makes its output the
    /// outcome.
    Matched {
        future: TokenStream,
        arms: TokenStream,
    },
    /// Statements and an expression that is the outcome.
    Outcome {
        statements: TokenStream,
        value: TokenStream,
    },
}

/// Layers that one future drives around a body.
pub(crate) struct Layered {
    /// The layers, as an expression.
    pub(crate) layers: TokenStream,
    /// The same layers for an attempt of a retry, which asks them itself for the origin of an
    /// error.
    pub(crate) layers_of_attempt: TokenStream,
    /// True if a layer alone is better off as a future of its own.
    pub(crate) is_better_alone: bool,
    /// The number of layers.
    pub(crate) count: usize,
    /// The functions that make the errors of the layers, as a tuple of a tuple for each layer.
    pub(crate) conversions: TokenStream,
    /// The future of the body's outcome, as an expression.
    pub(crate) body: TokenStream,
}

impl LayerCode {
    pub(crate) fn body(body: Group) -> Self {
        Self {
            declarations: Declarations::default(),
            kind: CodeKind::Body(body),
        }
    }

    pub(crate) fn future(declarations: Declarations, future: TokenStream) -> Self {
        Self {
            declarations,
            kind: CodeKind::Future(future),
        }
    }

    pub(crate) fn layered(
        declarations: Declarations,
        layered: Layered,
        future: TokenStream,
    ) -> Self {
        Self {
            declarations,
            kind: CodeKind::Layered { layered, future },
        }
    }

    /// The layers and the body, if one future drives them.
    pub(crate) fn as_layered(&self) -> Option<&Layered> {
        match &self.kind {
            CodeKind::Layered { layered, .. } => Some(layered),
            _ => None,
        }
    }

    pub(crate) fn matched(
        declarations: Declarations,
        future: TokenStream,
        arms: TokenStream,
    ) -> Self {
        Self {
            declarations,
            kind: CodeKind::Matched { future, arms },
        }
    }

    pub(crate) fn value(
        declarations: Declarations,
        statements: TokenStream,
        value: TokenStream,
    ) -> Self {
        Self {
            declarations,
            kind: CodeKind::Outcome { statements, value },
        }
    }

    /// Emits the contents of a function's block. The `return` satisfies a crate that denies
    /// `clippy::implicit_return`, and no lint calls the `return` of a macro needless.
    pub(crate) fn returned(&self) -> TokenStream {
        match &self.kind {
            CodeKind::Body(body) => quote!(return #body;),
            CodeKind::Future(future) | CodeKind::Layered { future, .. } => {
                quote!(return #future.await;)
            }
            CodeKind::Matched { future, arms } => quote!(return match #future.await { #arms };),
            CodeKind::Outcome { statements, value } => quote!(#statements return #value;),
        }
    }

    /// Emits one expression that is the outcome; the declarations are left to the caller.
    pub(crate) fn expression(&self, boundary: impl Fn(&Group) -> TokenStream) -> TokenStream {
        match &self.kind {
            CodeKind::Body(body) => boundary(body),
            CodeKind::Future(future) | CodeKind::Layered { future, .. } => {
                quote!(#future.await)
            }
            CodeKind::Matched { future, arms } => quote!(match #future.await { #arms }),
            CodeKind::Outcome { statements, value } if statements.is_empty() => value.clone(),
            CodeKind::Outcome { statements, value } => quote!({ #statements #value }),
        }
    }

    /// Emits a variable that is the outcome; the declarations are left to the caller.
    pub(crate) fn bound(
        &self,
        outcome: &TokenStream,
        boundary: impl Fn(&Group) -> TokenStream,
    ) -> TokenStream {
        let value = self.expression(boundary);
        let allow = matches!(self.kind, CodeKind::Body(_)).then(large_error_allowed);
        quote!(#allow let #outcome = #value;)
    }

    /// Emits one expression that is a future; the declarations are left to the caller.
    pub(crate) fn as_future(&self) -> TokenStream {
        match &self.kind {
            CodeKind::Body(body) => quote!(async #body),
            CodeKind::Future(future) | CodeKind::Layered { future, .. } => future.clone(),
            CodeKind::Matched { future, arms } => quote!(async { match #future.await { #arms } }),
            CodeKind::Outcome { statements, value } => quote!(async { #statements #value }),
        }
    }

    /// Emits a future, and the arms of the `match` that makes its output the outcome. An async
    /// block in between would remember once more the variables that the future inside of it
    /// borrows.
    pub(crate) fn as_future_and_arms(&self) -> (TokenStream, Option<&TokenStream>) {
        match &self.kind {
            CodeKind::Matched { future, arms } => (future.clone(), Some(arms)),
            _ => (self.as_future(), None),
        }
    }

    /// Emits the block of a closure, with `front` first in it.
    pub(crate) fn block(&self, front: &TokenStream) -> TokenStream {
        match &self.kind {
            CodeKind::Body(body) if front.is_empty() => quote!(#body),
            CodeKind::Body(body) => {
                let labelled = labelled("'__resilience_body", body);
                let mut block = Group::new(Delimiter::Brace, quote!(#front #labelled));
                block.set_span(body.span());
                block.into_token_stream()
            }
            CodeKind::Future(future) | CodeKind::Layered { future, .. } => {
                quote!({ #front #future.await })
            }
            CodeKind::Matched { future, arms } => quote!({ #front match #future.await { #arms } }),
            CodeKind::Outcome { statements, value } => quote!({ #front #statements #value }),
        }
    }
}

/// Stands in front of a statement with a closure that returns the function's result. Without it
/// clippy would report the closure after it has reported the function, and the closure in an
/// implementation of a trait, where it does not report the function. The price is that clippy's
/// reports on closures inside of the body are lost.
pub(crate) fn large_error_allowed() -> TokenStream {
    quote!(#[allow(clippy::result_large_err)])
}

/// The user's braces inside ours. Without the label rustc calls them unnecessary; with the place of
/// the body, an error of the whole body's type is shown there.
pub(crate) fn labelled(label: &str, body: &Group) -> TokenStream {
    let label = syn::Lifetime::new(label, body.span());
    quote_spanned!(body.span()=> #label: #body)
}

/// `value`, in braces only if something stands in front of it.
pub(crate) fn block(statements: &TokenStream, value: TokenStream) -> TokenStream {
    if statements.is_empty() {
        value
    } else {
        quote!({ #statements #value })
    }
}
