//! Code that makes an outcome, in the shape in which the next layer can take it.

use proc_macro2::{Group, TokenStream};
use quote::quote;

pub(super) struct Code {
    /// What must stand once per call, in front of every attempt: const items, and values computed from the arguments.
    pub(super) declarations: TokenStream,
    shape: Shape,
}

enum Shape {
    /// The user's own braces, in a sync function.
    Body(Group),
    /// An expression that is a future of the outcome.
    Future(TokenStream),
    /// An expression that is a future, and the arms of the `match` that makes its output the outcome.
    Matched { future: TokenStream, arms: TokenStream },
    /// Statements and an expression that is the outcome.
    Value { statements: TokenStream, value: TokenStream },
}

impl Code {
    pub(super) fn body(body: Group) -> Self {
        Self { declarations: TokenStream::new(), shape: Shape::Body(body) }
    }

    pub(super) fn future(future: TokenStream) -> Self {
        Self { declarations: TokenStream::new(), shape: Shape::Future(future) }
    }

    pub(super) fn matched(declarations: [TokenStream; 2], future: TokenStream, arms: TokenStream) -> Self {
        Self { declarations: declarations.into_iter().collect(), shape: Shape::Matched { future, arms } }
    }

    pub(super) fn value(declarations: [TokenStream; 2], statements: TokenStream, value: TokenStream) -> Self {
        Self { declarations: declarations.into_iter().collect(), shape: Shape::Value { statements, value } }
    }

    /// As the contents of a block, declarations included.
    pub(super) fn statements(self) -> TokenStream {
        let declarations = self.declarations;
        match self.shape {
            Shape::Body(body) => quote!(#declarations #body),
            Shape::Future(future) => quote!(#declarations #future.await),
            Shape::Matched { future, arms } => quote!(#declarations match #future.await { #arms }),
            Shape::Value { statements, value } => quote!(#declarations #statements #value),
        }
    }

    /// As one expression that is the outcome; the declarations are left to the caller.
    pub(super) fn expression(&self, boundary: impl Fn(&Group) -> TokenStream) -> TokenStream {
        match &self.shape {
            Shape::Body(body) => boundary(body),
            Shape::Future(future) => quote!(#future.await),
            Shape::Matched { future, arms } => quote!(match #future.await { #arms }),
            Shape::Value { statements, value } if statements.is_empty() => value.clone(),
            Shape::Value { statements, value } => quote!({ #statements #value }),
        }
    }

    /// As one expression that is a future; the declarations are left to the caller.
    pub(super) fn as_future(&self) -> TokenStream {
        match &self.shape {
            Shape::Body(body) => quote!(async #body),
            Shape::Future(future) => future.clone(),
            Shape::Matched { future, arms } => quote!(async { match #future.await { #arms } }),
            Shape::Value { statements, value } => quote!(async { #statements #value }),
        }
    }

    /// As a future, and what makes its output the outcome: without an async block in between, which would remember once
    /// more what the future inside it borrows.
    pub(super) fn as_future_and_arms(&self) -> (TokenStream, Option<&TokenStream>) {
        match &self.shape {
            Shape::Matched { future, arms } => (future.clone(), Some(arms)),
            _ => (self.as_future(), None),
        }
    }

    /// As the block of a closure.
    pub(super) fn block(&self) -> TokenStream {
        match &self.shape {
            Shape::Body(body) => quote!(#body),
            Shape::Future(future) => quote!({ #future.await }),
            Shape::Matched { future, arms } => quote!({ match #future.await { #arms } }),
            Shape::Value { statements, value } => quote!({ #statements #value }),
        }
    }

    /// As the block of a closure that takes the declarations with it.
    pub(super) fn block_with_declarations(&self) -> TokenStream {
        if self.declarations.is_empty() {
            return self.block();
        }
        let (declarations, block) = (&self.declarations, self.block());
        quote!({ #declarations #block })
    }
}

/// `value`, in braces only if something stands in front of it.
pub(super) fn block(statements: &TokenStream, value: TokenStream) -> TokenStream {
    if statements.is_empty() { value } else { quote!({ #statements #value }) }
}
