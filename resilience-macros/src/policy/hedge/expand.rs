//! `#[hedge]`: attempts at once in the caller's task, of which the first success wins.
//!
//! Input: the plan of the hedge, and the code of the layers below it. The output is, in short:
//!
//! ```text
//! __rt::outcome_of_attempts({
//!     let mut __hedged = __rt::pin!(__rt::Hedged::new(|| __rt::HedgedCall::new(&__HEDGE, &__OPERATION), || true));
//!     loop {
//!         __rt::Hedged::start(__hedged.as_mut(), async { … });
//!         if let Some(__ended) = __rt::Hedged::next(__hedged.as_mut(), …).await { break __ended }
//!     }
//! })
//! ```
//!
//! The snapshots `plain_hedge` and `hedge` show it whole.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::check::HedgePlan;
use crate::emit::cloned::Cloned;
use crate::emit::code::{Declarations, LayerCode};
use crate::emit::config::{Config, ConfigStart};
use crate::emit::context::{Context, declare_origin};
use crate::emit::filter::UserFilter;
use crate::emit::plan::Emit;
use crate::emit::properties::LoadHandle;
use crate::emit::span::{SpanEnds, local};
use crate::language::stage::Stage;
use crate::policy::budget::Budget;

/// The static of a budget.
const BUDGET: &str = "hedge_budget";

impl Context<'_> {
    /// Emits the loop that starts the attempts.
    fn hedge(&self, at: usize, plan: &HedgePlan, inner: LayerCode) -> LayerCode {
        let (runtime, operation) = (&self.runtime, self.operation());
        let (hedged, outcome) = (local("hedged"), local("outcome"));
        let (budget, config) = self.hedge_config(at, plan);
        let config = self.in_file(at, "HedgeConfig", config);
        let reference = config.reference();
        let load = self.takes_more_load(at);
        let mut call = quote!(#runtime::HedgedCall::new(#reference, #operation));
        let (item, latency) = self.latency(at, plan);
        call.extend(latency);
        // A budget that a layer outside draws on has the call already.
        let deposits = !self.is_deposited(at, plan.budget.as_ref());
        if let Some(file) = self.file_of_layer(at) {
            call.extend(quote!(.depositing_in_file(#file, #deposits)));
        } else if deposits {
            call.extend(quote!(.depositing()));
        }
        let (made, attempt) = self.concurrent_attempt(at, &inner);
        let pinned = quote!(#runtime::Pin::as_mut(&mut #hedged));
        // The type of an error is known behind the first start.
        let inspected = self.inspected(quote!(#outcome), "__traits");
        let arguments = quote!(#pinned, |#outcome| #inspected);
        let accept_on = UserFilter::pattern("Hedged::next_accepting", plan.accept_on.as_ref());
        let next = match accept_on {
            Some(filter) => self.applied(filter, &arguments),
            None => quote!(#runtime::Hedged::next(#arguments)),
        };
        let (result, ends) = (&self.result.tokens, self.result.ends);
        let output = if self.is_origin_told(at) {
            quote!((#result, #runtime::Origin))
        } else {
            result.clone()
        };
        let start = self.call(
            "Hedged::start",
            Some(&output),
            quote!(#pinned, #attempt),
            ends,
        );
        let ended = local("ended");
        // The attempts are dropped while a success is its value alone, because a result would be
        // copied over the drop as a whole.
        let ended = quote!({
            let mut #hedged = #runtime::pin!(#runtime::Hedged::new(|| #call, #load));
            loop {
                #made
                #start;
                if let #runtime::Some(#ended) = #next.await {
                    break #ended;
                }
            }
        });
        let value = self.outcome_of_attempts(at, &ended);
        let converted = self.conversions(at);
        let declarations = Declarations::values(quote!(#budget #item))
            .and(config.into_declarations())
            .and(inner.declarations);
        LayerCode::value(declarations, quote!(#converted), value)
    }

    /// Emits the clones of an attempt, and its future. The attempt owns its clones, and borrows the
    /// other arguments. If a layer asks where an error comes from, each attempt has a variable of
    /// its own for the origin.
    fn concurrent_attempt(&self, at: usize, inner: &LayerCode) -> (TokenStream, TokenStream) {
        let (outcome, origin) = (local("outcome"), local("origin"));
        let future = inner.as_future();
        let is_origin_told = self.is_origin_told(at);
        if self.cloned.is_empty() && !is_origin_told {
            return (TokenStream::new(), future);
        }
        let cloned = self.cloned.iter();
        let (made, moved): (TokenStream, TokenStream) =
            cloned.map(|cloned| self.clone_of_attempt(cloned)).unzip();
        if !is_origin_told {
            return (made, quote!(async { #moved #future.await }));
        }
        let declare = declare_origin();
        let attempt = quote! {
            async { #moved #declare let #outcome = #future.await; (#outcome, #origin) }
        };
        (made, attempt)
    }

    /// Emits the outcome of the call from the end of its attempts.
    fn outcome_of_attempts(&self, at: usize, ended: &TokenStream) -> TokenStream {
        let (outcome, inside) = (local("outcome"), local("origin_inside"));
        let runtime = &self.runtime;
        let answered = quote!(#runtime::outcome_of_attempts(#ended));
        if !self.is_origin_told(at) {
            return answered;
        }
        let noted = self.note_origin(at, &inside.to_token_stream());
        if noted.is_empty() {
            quote!(#answered.0)
        } else {
            quote!({ let (#outcome, #inside) = #answered; #noted #outcome })
        }
    }

    /// True if a layer inside may have noted where the error of an attempt comes from.
    fn is_origin_told(&self, at: usize) -> bool {
        self.asks_for_origin(at)
    }

    /// Emits a clone of an argument for an attempt, and the statement that moves it into the
    /// attempt's future.
    fn clone_of_attempt(&self, cloned: &Cloned) -> (TokenStream, TokenStream) {
        let (runtime, Cloned { name, cfg, .. }) = (&self.runtime, cloned);
        let argument = quote_spanned!(name.span()=> &#name);
        let clone = if self.must_be_cloned(cloned) {
            quote!(#runtime::HedgeArgument::again(#argument))
        } else {
            quote!(#runtime::CloneIfPossible::of(#argument).__for_attempt(#argument))
        };
        let variable = local(&format!("clone_of_{name}"));
        let mutable = syn::Token![mut](name.span());
        let allow = quote!(#[allow(unused_mut, clippy::shadow_same, clippy::shadow_unrelated)]);
        (
            quote!(#cfg let #variable = #runtime::OwnedByAttempt::new(#clone);),
            quote!(#cfg #allow let #mutable #name = #runtime::OwnedByAttempt::take(#variable);),
        )
    }

    /// Emits the question if the circuits below take more load.
    fn takes_more_load(&self, at: usize) -> TokenStream {
        let runtime = &self.runtime;
        let inside = self.layers.iter().enumerate().skip(at + 1);
        let questions = inside.filter_map(|(at, layer)| {
            let LoadHandle {
                handle,
                is_owned,
                ty,
            } = layer.load.as_ref()?;
            let handle = Ident::new(&self.item(at, handle), Span::mixed_site());
            let borrow = is_owned.then(|| quote!(&));
            let ty = Ident::new(ty, Span::call_site());
            Some(quote!(#runtime::#ty::takes_more_load(#borrow #handle)))
        });
        let questions: Vec<_> = questions.collect();
        if questions.is_empty() {
            quote!(|| true)
        } else {
            quote!(|| #(#questions)&&*)
        }
    }

    /// Emits the static that measures the function, if `after` may be a percentile, as the
    /// configuration file may say.
    fn latency(&self, at: usize, plan: &HedgePlan) -> (TokenStream, TokenStream) {
        if !plan.measures && !self.asks_file {
            return Default::default();
        }
        let (runtime, name) = (&self.runtime, self.item(at, "latency").to_uppercase());
        let name = Ident::new(&name, Span::call_site());
        (
            quote!(static #name: #runtime::Latency = #runtime::Latency::new();),
            quote!(.measured_by(&#name)),
        )
    }

    /// True if a layer outside draws on the same budget and repeats the call.
    fn is_deposited(&self, at: usize, budget: Option<&Budget>) -> bool {
        let name = budget.and_then(Budget::shared_name);
        name.is_some() && self.outside(at).any(|layer| layer.budget == name)
    }

    /// The declaration of the budget, and the configuration.
    fn hedge_config(&self, at: usize, plan: &HedgePlan) -> (TokenStream, Config) {
        let runtime = &self.runtime;
        let item = self.item(at, "hedge");
        let mut settings = plan.config.clone();
        let default = quote!(#runtime::HedgeConfig::without_budget());
        if let Some(base) = &plan.config.base {
            let declaration = plan.budget.as_ref();
            let declaration =
                declaration.map(|budget| budget.emit(self, at, BUDGET, &mut settings));
            let start = ConfigStart::of_user(base, default).with_static(true);
            let config = self.config("HedgeConfig", &item, &start, &settings.settings);
            return (declaration.unwrap_or_default(), config);
        }
        // The check refuses a hedge without both.
        let Some(budget) = &plan.budget else {
            let start = ConfigStart::of_constant(TokenStream::new()).with_static(true);
            return (
                TokenStream::new(),
                self.config("HedgeConfig", &item, &start, &[]),
            );
        };
        let code = budget.code(self, at, BUDGET);
        let ends = SpanEnds::of(&code.value);
        // A constant block must not refer to a static with atomics.
        let mut later = settings.settings.iter();
        let is_later = later.any(|setting| setting.stage == Stage::Generic);
        let start = ConfigStart {
            value: self.call("HedgeConfig::new", None, code.value, ends),
            stage: if is_later { Stage::Runtime } else { code.stage },
            ends: None,
            option: Some("budget"),
            default: Some(default),
            is_static: true,
        };
        let config = self.config("HedgeConfig", &item, &start, &settings.settings);
        (code.declaration, config)
    }
}

impl Emit for HedgePlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.hedge(at, self, inner)
    }
}
