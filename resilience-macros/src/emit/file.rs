//! The configuration file of the runtime, as the expansion asks it for the values of a function.
//!
//! Input: `#[retry(max_retries = 3)]`, with the feature `config`. Output:
//! `let __file = Operation::enter(&__OPERATION); let mut __retry = Retry::in_file(&__RETRY, __file, 0, &__OPERATION);`.
//! Snapshots: those that end with `in_file`. Without the feature nothing is emitted.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use super::config::Config;
use super::context::Context;
use super::span::local;
use crate::language::stage::Stage;

/// The variable with the values of the function.
fn file() -> Ident {
    local("file")
}

impl Context<'_> {
    /// The arguments by which a layer asks for its values: those of the function, and the position
    /// of the layer.
    pub(crate) fn file_of_layer(&self, at: usize) -> Option<TokenStream> {
        let (file, position) = (file(), Literal::usize_unsuffixed(at));
        self.asks_file.then(|| quote!(#file, #position))
    }

    /// Lets the file set values of a configuration. `ty` is its name in the runtime crate, and `at`
    /// the position of its layer. A value that each call computes, or that each instance of a
    /// generic has for itself, wins over the file.
    pub(crate) fn in_file(&self, at: usize, ty: &str, mut config: Config) -> Config {
        if !self.asks_file {
            return config;
        }
        config.asks_file = true;
        let (runtime, file) = (&self.runtime, file());
        let ty = Ident::new(ty, Span::call_site());
        let position = Literal::usize_unsuffixed(at);
        if config.stage == Stage::Constant {
            let reference = config.reference();
            config.in_file =
                Some(quote!(#runtime::FileLayer::in_file(#reference, #file, #position)));
        } else {
            let value = config.value();
            config.stage = Stage::Runtime;
            let name = config.value();
            config.declarations.extend(quote! {
                let #name: #runtime::#ty = #runtime::FileLayer::computed_in_file(#value, #file, #position);
            });
        }
        config
    }

    /// Emits the statement that begins a call: it lists the operation at the first call, and asks
    /// for the values of the file.
    pub(super) fn enter(
        &self,
        operation: &TokenStream,
        is_listed: bool,
        asks: bool,
    ) -> TokenStream {
        let (runtime, file) = (&self.runtime, file());
        match (self.asks_file && asks, is_listed) {
            (true, _) => quote!(let #file = #runtime::Operation::enter(#operation);),
            (false, false) => quote!(#runtime::Operation::enter(#operation);),
            (false, true) => TokenStream::new(),
        }
    }
}
