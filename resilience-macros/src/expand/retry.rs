//! The loop of `#[retry]`: a fresh attempt, then [`Retry::after`] says whether to wait for another.

use quote::quote;

use super::Context;
use super::code::Code;
use super::config::{Config, Start};
use crate::check::{ConfigPlan, RetryPlan, Stage};

impl Context<'_> {
    pub(super) fn retry(&self, at: usize, plan: &RetryPlan, inner: Code) -> Code {
        let config = self.policy_config("RetryConfig", &self.item(at, "retry"), &plan.config);
        let reference = config.reference();
        let runtime = &self.runtime;
        let (retry, outcome, delay, error) =
            (self.local("retry"), self.local("outcome"), self.local("delay"), self.local("error"));
        let new = if plan.on_retry.is_some() { quote!(timed) } else { quote!(new) };

        let refused = self.local("refused");
        let unless_refused = self.asks_for_refusals(at).then(|| quote!(.unless_refused(#refused)));
        let retry_on = plan.retry_on.iter().map(|filter| self.predicate(filter));
        let abort_on = plan.abort_on.iter().map(|filter| self.predicate(filter));
        let (retry_if, retry_if_ok, hint) = (plan.retry_if.iter(), plan.retry_if_ok.iter(), plan.delay_hint.iter());
        let within_deadline = (!self.is_async()).then(|| quote!(.within_deadline()));
        let on_retry = plan.on_retry.as_ref().map_or_else(|| quote!(|_| {}), |hook| quote!(#hook));
        let operation = self.function.name();

        let attempt = inner.expression(|body| self.boundary(body));
        let wait = if self.is_async() { quote!(backoff(#delay).await) } else { quote!(sleep_blocking(#delay)) };
        let is_outermost = self.asks_for_refusals(at) && !(0..at).any(|outer| self.asks_for_refusals(outer));
        let declare_refused = is_outermost.then(|| self.declare_refused());
        let statements = quote!(#declare_refused let mut #retry = #runtime::Retry::#new(#reference););
        // The outcome is dropped before the wait: a future must not hold what need not be `Send`.
        let value = quote! {
            loop {
                let #outcome = #attempt;
                let #runtime::Some(#delay) = #runtime::Retry::after(&mut #retry, &#outcome)
                    #unless_refused
                    #(.retry_if(#retry_on))*
                    #(.retry_if(#retry_if))*
                    #(.retry_if_ok(#retry_if_ok))*
                    #(.abort_if(#abort_on))*
                    #(.delay_hint(#hint))*
                    #within_deadline
                    .next(#operation, |#error| #runtime::Show::new(#error).__resilience_show(), #on_retry)
                else {
                    break #outcome;
                };
                #runtime::drop(#outcome);
                #runtime::#wait;
            }
        };
        Code::value([config.declarations, inner.declarations], statements, value)
    }

    /// The configuration of a policy that has defaults for everything.
    pub(super) fn policy_config(&self, ty: &str, name: &str, plan: &ConfigPlan) -> Config {
        let runtime = &self.runtime;
        let path = quote::format_ident!("{ty}");
        let default = quote!(#runtime::#path::new());
        let start = match &plan.base {
            Some((base, stage)) => Start { value: quote!(#base), stage: *stage, default: Some(default) },
            None => Start { value: default, stage: Stage::Constant, default: None },
        };
        self.config(ty, name, &start, &plan.settings)
    }
}
