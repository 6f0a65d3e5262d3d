//! The loop of `#[retry]`: a fresh attempt, then [`Attempt::next`] says whether to wait for another.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::cloned::Clones;
use super::code::{Code, Declarations};
use super::config::{Config, Start, operand};
use super::filter::UserFilter;
use super::span::Ends;
use super::{Context, declare_refused, local};
use crate::check::{ConfigPlan, RetryPlan, Stage};

impl Context<'_> {
    pub(super) fn retry(&self, at: usize, plan: &RetryPlan, inner: Code) -> Code {
        let config = self.policy_config("RetryConfig", &self.item(at, "retry"), &plan.config);
        let reference = config.reference();
        let runtime = &self.runtime;
        let (retry, outcome, error) = (local("retry"), local("outcome"), local("error"));
        let (failed, show, last) = (local("err"), local("show"), local("last"));
        let new = if plan.on_retry.is_some() {
            quote!(timed)
        } else {
            quote!(new)
        };

        let (operation, result) = (self.function.name(), self.outcome(&outcome));
        let returning = |method, value| {
            self.call(
                method,
                Some(&self.result.tokens),
                quote!(#value),
                self.result.ends,
            )
        };
        // A success leaves at once, unless it is to be seen: judged together with the failures it would lie in memory with
        // them, from where it would have to be copied.
        let is_success_seen = plan.retry_if_ok.is_some() || plan.on_retry.is_some();
        let judge = match (is_success_seen, self.is_async()) {
            (false, true) => quote!(failed(&mut #retry, #failed)),
            (false, false) => quote!(failed_blocking(&mut #retry, #failed)),
            (true, true) => quote!(after(&mut #retry, #outcome)),
            (true, false) => quote!(after_blocking(&mut #retry, #outcome)),
        };
        let ended = self.judged(at, plan, quote!(#runtime::Retry::#judge));
        let (leave, next) = if is_success_seen {
            let show = quote!(|#error| #runtime::Show::of(#error).__shown()(#error));
            let next = match &plan.on_retry {
                Some(hook) => {
                    let ends = Ends::of(&hook.to_token_stream());
                    let hook = self.closure(hook, &quote!(()));
                    self.call(
                        "Attempt::next_telling",
                        None,
                        quote!(#ended, #operation, #show, #hook),
                        ends,
                    )
                }
                None => quote!(#ended.next(#operation, #show)),
            };
            (TokenStream::new(), next)
        } else {
            let success = returning("Fallible::done", &outcome);
            let leave = quote! {
                let #failed @ #runtime::Err(_) = #outcome else { break #success };
                let #show = #runtime::Show::of_error(&#failed).__shown();
            };
            (leave, quote!(#ended.last(#operation, #show)))
        };
        let returned = returning("Fallible::last", &last);

        let attempt = inner.bound(&quote!(#outcome), |body| self.boundary(body));
        let is_outermost =
            self.asks_for_refusals(at) && !(0..at).any(|outer| self.asks_for_refusals(outer));
        let declare_refused = is_outermost.then(declare_refused);
        let statements =
            quote!(#declare_refused let mut #retry = #runtime::Retry::#new(#reference););
        let wait = if self.is_async() {
            quote!(wait(&#retry).await)
        } else {
            quote!(wait_blocking(&#retry))
        };
        let Clones {
            made,
            put_back_at_once,
            put_back,
        } = self.clones(&retry);
        let value = quote! {
            loop {
                #runtime::Retry::#wait;
                #made
                #attempt
                #put_back_at_once
                let #outcome = #result;
                #leave
                let #last = #next;
                let #runtime::None = #last else { break #returned };
                #put_back
            }
        };
        Code::value(
            Declarations::values(config.declarations).and(inner.declarations),
            statements,
            value,
        )
    }

    /// The user's filters around an ended attempt.
    fn judged(&self, at: usize, plan: &RetryPlan, ended: TokenStream) -> TokenStream {
        let mut ended = self.filtered(
            ended,
            [
                UserFilter::pattern("Attempt::retry_if", plan.retry_on.as_ref()),
                self.filter("Attempt::retry_if", plan.retry_if.as_ref(), &quote!(bool)),
                self.filter(
                    "Attempt::retry_if_ok",
                    plan.retry_if_ok.as_ref(),
                    &quote!(bool),
                ),
                UserFilter::pattern("Attempt::abort_if", plan.abort_on.as_ref()),
            ],
        );
        if self.asks_for_refusals(at) {
            let refused = local("refused");
            ended = quote!(#ended.unless_refused(#refused));
        }
        let runtime = &self.runtime;
        // Asked last, and so only for what will be retried.
        self.filtered(
            ended,
            [self.filter(
                "Attempt::delay_hint",
                plan.delay_hint.as_ref(),
                &quote!(#runtime::Option<#runtime::Duration>),
            )],
        )
    }

    /// The configuration of a policy that has defaults for everything.
    pub(super) fn policy_config(&self, ty: &str, name: &str, plan: &ConfigPlan) -> Config {
        let runtime = &self.runtime;
        let path = quote::format_ident!("{ty}");
        let default = quote!(#runtime::#path::new());
        let start = match &plan.base {
            Some((base, stage)) => Start {
                value: operand(base),
                stage: *stage,
                ends: Some(Ends::of(&base.to_token_stream())),
                default: Some(default),
            },
            None => Start {
                value: default,
                stage: Stage::Constant,
                ends: None,
                default: None,
            },
        };
        self.config(ty, name, &start, &plan.settings)
    }
}
