//! Layers around a body that one future drives.
//!
//! Input: a layer, and the code of the layers inside. Output:
//! `Layered::new(layer, || &(conversion,), async { … }, …)`, or
//! `Layered::new(Nested::new(layer, …), || &((conversion,), …), async { … }, …)` around another
//! layer of this kind. The snapshots `plain_circuit_breaker` and `plain_stack` show both.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

use super::code::{Declarations, LayerCode, Layered};
use super::context::Context;

/// A layer that makes no error without the function of its conversion.
pub(crate) struct Layer {
    /// The layer, as an expression.
    pub(crate) value: TokenStream,
    /// The same layer for an attempt of a retry, which asks it itself for the origin of an error.
    pub(crate) of_attempt: TokenStream,
    /// The function that makes the error of a call that the layer ends.
    pub(crate) conversion: TokenStream,
    /// The future of the layer, if there is a shorter one for a layer with no other one beside it.
    pub(crate) alone: Option<TokenStream>,
}

impl Context<'_> {
    /// Puts a layer around the code inside of it.
    pub(crate) fn layered(
        &self,
        declarations: Declarations,
        layer: Layer,
        inner: LayerCode,
    ) -> LayerCode {
        let Layer {
            value,
            of_attempt,
            conversion,
            alone,
        } = layer;
        let layered = match inner.as_layered() {
            Some(inner) => {
                let runtime = &self.runtime;
                let (inside, in_attempt) = (&inner.layers, &inner.layers_of_attempt);
                let conversions = &inner.conversions;
                Layered {
                    layers: quote!(#runtime::Nested::new(#value, #inside)),
                    layers_of_attempt: quote!(#runtime::Nested::new(#of_attempt, #in_attempt)),
                    count: inner.count + 1,
                    is_better_alone: false,
                    conversions: quote!((#conversion, #conversions)),
                    body: inner.body.clone(),
                }
            }
            None => Layered {
                layers: value,
                layers_of_attempt: of_attempt,
                count: 1,
                is_better_alone: alone.is_some(),
                conversions: conversion,
                body: inner.as_future(),
            },
        };
        let future = alone.unwrap_or_else(|| self.future_of_layers(&layered));
        LayerCode::layered(declarations.and(inner.declarations), layered, future)
    }

    /// Emits the layers and the body as one future.
    fn future_of_layers(&self, layered: &Layered) -> TokenStream {
        let runtime = &self.runtime;
        let Layered {
            layers,
            conversions,
            body,
            ..
        } = layered;
        let traits = self.traits();
        quote!(#runtime::Layered::new(#layers, || &#conversions, #body, #traits))
    }

    /// Emits the function that makes the function's own error from a layer's error of the type
    /// `given`. A trait of ours refuses an error type that cannot hold it, as for
    /// [`converted`](Self::converted).
    ///
    /// It is a path, because a closure would be a type of its own, and its code would be compiled
    /// for each function. The type of the future must not hold the path, because rustc would then
    /// report an unmet bound of it at each place of that type.
    pub(crate) fn conversion(&self, given: &str) -> TokenStream {
        let ends = self.result.error_ends;
        let (runtime, from) = (
            ends.name(&self.runtime.to_string()),
            Ident::new("from", ends.last),
        );
        let function = if self.result.is_error_generic {
            let given = ends.name(given);
            quote_spanned!(ends.first=> #runtime::From::<#runtime::#given>::#from)
        } else {
            let conversion = ends.name(&format!("From{given}"));
            quote_spanned!(ends.first=> #runtime::#conversion::#from)
        };
        quote!((#function,))
    }
}
