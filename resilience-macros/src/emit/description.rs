//! The description of a layer, for the statistics of the operation.
//!
//! Input: `#[retry(max_retries = 5, base_delay = self.delay)]`. Output:
//! `Stack::add(__stack, &__RETRY, "max_retries").computed("base_delay");`. Snapshot: `stack`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Path;

use super::context::Context;
use super::span::{SpanEnds, local};
use crate::language::stage::Stage;
use crate::language::value::Setting;

/// One layer, as the statistics describe it.
#[derive(Default)]
pub(crate) struct Description {
    /// A `&'static` reference to the constant part of the configuration.
    pub(crate) config: TokenStream,
    /// The options with constant values. `option=value` is one that the configuration does not
    /// have.
    pub(crate) constant: Vec<&'static str>,
    /// The options with values that each call computes.
    pub(crate) computed: Vec<&'static str>,
    /// The expression that the configuration begins with, and when it is evaluated.
    pub(crate) base: Option<(SpanEnds, Stage)>,
    /// The name of the shared thing that the layer uses, if an option gives it.
    pub(crate) name: Option<TokenStream>,
}

impl Description {
    /// Adds the options of a setting.
    pub(crate) fn add(&mut self, setting: &Setting) {
        let options = if setting.stage == Stage::Constant {
            &mut self.constant
        } else {
            &mut self.computed
        };
        options.extend(&setting.options);
    }

    /// Adds the name of the shared thing.
    pub(crate) fn add_name(&mut self, name: &Setting) {
        if name.stage == Stage::Constant {
            self.name = Some(name.value.clone());
        } else {
            self.computed.push("name");
        }
    }
}

impl Context<'_> {
    /// Emits the statements that describe the stack. `taken` are the paths of the attributes below
    /// the top one.
    pub(super) fn described_stack(&self, layers: &[Description], taken: &[Path]) -> TokenStream {
        let places = taken
            .iter()
            .map(|path| SpanEnds::of(&path.to_token_stream()));
        let places = [SpanEnds::at(Span::call_site())].into_iter().chain(places);
        let layers = layers.iter().zip(places);
        let layers = layers.map(|(layer, place)| self.layer(layer, place));
        quote!(#(#layers;)*)
    }

    /// Emits one layer. The place of the call is the place of the attribute.
    fn layer(&self, layer: &Description, place: SpanEnds) -> TokenStream {
        let (stack, config, constant) = (local("stack"), &layer.config, layer.constant.join(" "));
        let arguments = quote!(#stack, #config, #constant);
        let mut described = self.call("Stack::add", None, arguments, place);
        if !layer.computed.is_empty() {
            let computed = layer.computed.join(" ");
            described.extend(quote!(.computed(#computed)));
        }
        if let Some(name) = &layer.name {
            described.extend(quote!(.name(#name)));
        }
        match layer.base {
            None => described,
            Some((ends, Stage::Constant)) => self.call("Layer::config", None, described, ends),
            Some((ends, _)) => self.call("Layer::computed_config", None, described, ends),
        }
    }
}
