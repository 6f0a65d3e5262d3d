//! The deadline around an async body, or around a sync one on a worker thread or in place.

use proc_macro2::{Group, TokenStream};
use quote::quote;

use super::code::{Code, block};
use super::config::{Config, Start};
use super::span::{Ends, pipes};
use super::{Context, declare_refused, local};
use crate::check::{LayerPlan, Mode, Setting, Stage, TimeoutPlan};
use crate::item::bound_names;

impl Context<'_> {
    pub(super) fn timeout(&self, at: usize, plan: &TimeoutPlan, inner: Code) -> Code {
        let config = self.timeout_config(at, plan);
        let runtime = &self.runtime;
        let (outcome, late) = (local("outcome"), local("late"));
        let error = self.error("timed_out_into", plan.error.as_ref(), &late);
        // Only a breaker inside can have left the flag set.
        let has_breaker = self.has_inside(at, |layer| matches!(layer, LayerPlan::CircuitBreaker(_)));
        let note = if has_breaker { self.note_refused(at, &quote!(false)) } else { TokenStream::new() };
        let expired = block(&note, error);
        let expired = quote!(#runtime::Err(#late) => #expired,);

        let timed = if self.is_async() {
            let (reference, future) = (config.reference(), inner.as_future());
            quote!(#runtime::TimeoutFuture::new(#reference, #future).await)
        } else if plan.mode == Mode::Cooperative {
            let (value, result, block) = (config.value(), &self.result.tokens, inner.block());
            quote!(#runtime::TimeoutConfig::run_cooperative(#value, || -> #result #block))
        } else {
            return self.threaded(at, config, &inner, &expired, has_breaker);
        };
        let value = quote! {
            match #timed {
                #runtime::Ok(#outcome) => #outcome,
                #expired
            }
        };
        Code::value([config.declarations, inner.declarations], TokenStream::new(), value)
    }

    /// Everything inside moves to the worker: the declarations of the inner layers too, which may borrow from an argument.
    fn threaded(&self, at: usize, config: Config, inner: &Code, expired: &TokenStream, has_breaker: bool) -> Code {
        let (runtime, result, config_value) = (&self.runtime, &self.result.tokens, config.value());
        let (outcome, refused, was_refused) = (local("outcome"), local("refused"), local("was_refused"));
        let is_retried = self.has_outside(at, |layer| matches!(layer, LayerPlan::Retry(_)));
        let copies = if is_retried { self.copies() } else { TokenStream::new() };
        let note = if has_breaker { self.note_refused(at, &quote!(#was_refused)) } else { TokenStream::new() };
        let (job, finished) =
            if !note.is_empty() && self.has_inside(at, |layer| matches!(layer, LayerPlan::CircuitBreaker(_))) {
                // The worker's own flag comes back with the outcome.
                let (declare, declarations) = (declare_refused(), &inner.declarations);
                let attempt = inner.expression(|body| self.boundary(body));
                (
                    quote!(move || { #declare #declarations let #outcome: #result = #attempt; (#outcome, #refused) }),
                    quote!((#outcome, #was_refused)),
                )
            } else {
                let block = inner.block_with_declarations();
                (quote!(move || -> #result #block), quote!(#outcome))
            };
        let finish = block(&note, quote!(#outcome));
        let value = quote! {
            match #runtime::TimeoutConfig::run_thread(#config_value, #job) {
                #runtime::Ok(#finished) => #finish,
                #expired
            }
        };
        Code::value([config.declarations, TokenStream::new()], copies, value)
    }

    /// A sync body behind a closure, passed on as an `FnOnce` so that it may return a reborrow of a `&mut` argument
    /// (tokio-rs/tracing#2857).
    pub(super) fn boundary(&self, body: &Group) -> TokenStream {
        let (runtime, result) = (&self.runtime, &self.result.tokens);
        let pipes = pipes(body);
        quote!(#runtime::attempt(#pipes -> #result #body))
    }

    /// Under a retry each attempt's worker needs arguments of its own, for an abandoned one keeps what it was given.
    fn copies(&self) -> TokenStream {
        let runtime = &self.runtime;
        let names = self.function.arguments().flat_map(|argument| bound_names(&argument.pat));
        let copies = names.map(|name| {
            let (mutability, name) = (&name.mutability, &name.ident);
            quote! {
                #[allow(unused_variables, unused_mut, clippy::shadow_reuse)]
                let #mutability #name = #runtime::copy_for_worker(&#name);
            }
        });
        copies.collect()
    }

    fn timeout_config(&self, at: usize, plan: &TimeoutPlan) -> Config {
        let mut settings: Vec<Setting> = plan.config.settings.clone();
        let start = match (&plan.config.base, &plan.limit) {
            (Some((base, stage)), limit) => {
                settings.extend(limit.clone());
                Start { value: quote!(#base), stage: *stage, default: None }
            }
            (None, Some(limit)) => {
                // A limit computed from what is left of a budget may be zero: that is no mistake in the code.
                let constructor =
                    if limit.stage == Stage::Runtime { "TimeoutConfig::at_most" } else { "TimeoutConfig::new" };
                let value = self.call(constructor, None, limit.value.clone(), Ends::of(&limit.written));
                Start { value, stage: limit.stage, default: None }
            }
            // Refused by the check.
            (None, None) => Start { value: TokenStream::new(), stage: Stage::Constant, default: None },
        };
        if !settings.iter().any(|setting| setting.setter == "operation") {
            settings.push(Setting::generated("operation_or", &self.function.name()));
        }
        self.config("TimeoutConfig", &self.item(at, "timeout"), &start, &settings)
    }
}
