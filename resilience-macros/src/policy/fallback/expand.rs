//! `#[fallback]`: the body, and the answer that takes the place of its error.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::check::FallbackPlan;
use crate::emit::code::{Declarations, LayerCode};
use crate::emit::context::Context;
use crate::emit::description::Description;
use crate::emit::filter::UserFilter;
use crate::emit::kept::configured;
use crate::emit::plan::Emit;
use crate::emit::span::local;

impl Context<'_> {
    /// Emits the body and the answer to its error.
    ///
    /// - Input:
    ///   `#[fallback(cached)] async fn search(query: &str) -> Result<Vec<Issue>, Error> { … }`
    /// - Output:
    ///   `let __outcome = …; let __error = match …into_result(__outcome) { Err(__error) => __error, __result => return …succeeded(__result) }; fell_back(&__OPERATION, …, &__error); return … cached(&__error, query) …;`
    ///
    /// The snapshots `plain_fallback` and `fallback` show it whole.
    fn with_fallback(&self, at: usize, plan: &FallbackPlan, inner: LayerCode) -> LayerCode {
        let runtime = &self.runtime;
        let (outcome, result, error) = (local("outcome"), local("result"), local("error"));
        let attempt = inner.bound(&quote!(#outcome), |body| self.boundary(body));
        // The label is numbered as the other names of a policy that stands twice, because rustc
        // warns of a label inside of one with the same name.
        let label = syn::Lifetime::new(
            &format!("'{}", self.item(at, "fallback")),
            Span::mixed_site(),
        );
        let leave = if at == 0 {
            quote!(return)
        } else {
            quote!(break #label)
        };
        let (made, set_again) = self.kept_for_answer(plan);
        let into_result = self.outcome(&outcome);
        let succeeded = self.call(
            "Fallible::succeeded",
            Some(&self.result.tokens),
            quote!(#result),
            self.result.ends,
        );
        let file = self.file_of_layer(at);
        let unanswered = self.unanswered_errors(plan, &error, &leave, file.as_ref());
        let (told, note) = (self.told(&error), self.note_answer(at));
        let answer = self.answer(&plan.answer, &error);
        let statements = quote! {
            #made
            #attempt
            let #error = match #into_result {
                #runtime::Err(#error) => #error,
                #result => #leave #succeeded,
            };
            #set_again
            #unanswered
            #told
            #note
        };
        let description = Description {
            config: quote!(&#runtime::Fallback),
            ..Description::default()
        };
        let declarations = Declarations {
            layers: vec![description],
            asks_file: file.is_some(),
            ..Declarations::default()
        };
        let declarations = declarations.and(inner.declarations);
        if at == 0 {
            return LayerCode::value(declarations, statements, answer);
        }
        LayerCode::value(
            declarations,
            TokenStream::new(),
            quote!(#label: { #statements #answer }),
        )
    }

    /// Notes that the answer is no refusal. Without a refusal inside nothing else was noted, and a
    /// circuit outside holds the variable.
    fn note_answer(&self, at: usize) -> TokenStream {
        let runtime = &self.runtime;
        let may_be_noted = self
            .inside(at)
            .any(|layer| layer.refuses || layer.moves_to_worker);
        if may_be_noted {
            self.note_origin(at, &quote!(#runtime::Origin::Body))
        } else {
            TokenStream::new()
        }
    }

    /// Emits the clones of the arguments that the answer uses and the body may consume, and the
    /// statements that set these arguments again.
    fn kept_for_answer(&self, plan: &FallbackPlan) -> (TokenStream, TokenStream) {
        let (mut made, mut set_again) = (TokenStream::new(), TokenStream::new());
        let cloned = self.cloned.iter().enumerate();
        for (number, cloned) in cloned.filter(|(_, cloned)| plan.used.has(&cloned.name)) {
            let cfg = &cloned.cfg;
            let kept = format_ident!("__kept_{}", number, span = Span::mixed_site());
            let original = self.kept(cloned, "FallbackArgument");
            made.extend(quote!(#cfg let #kept = #original;));
            set_again.extend(configured(cfg, self.set_again(cloned, &kept)));
        }
        (made, set_again)
    }

    /// Emits the ways out for an error that is not answered: the configuration file takes the layer
    /// away, or the filters do not accept the error.
    fn unanswered_errors(
        &self,
        plan: &FallbackPlan,
        error: &Ident,
        leave: &TokenStream,
        file: Option<&TokenStream>,
    ) -> TokenStream {
        let runtime = &self.runtime;
        let returned = self.call(
            "Fallible::failed",
            Some(&self.result.tokens),
            quote!(#error),
            self.result.ends,
        );
        let disabled =
            file.map(|file| quote!(if #runtime::Fallback::is_disabled(#file) { #leave #returned }));
        let filters = [
            UserFilter::pattern("FailedCall::on", plan.on.as_ref()),
            self.filter("FailedCall::when", plan.when.as_ref(), &quote!(bool)),
        ];
        if filters.iter().all(Option::is_none) {
            return disabled.unwrap_or_default();
        }
        let failed = self.filtered(quote!(#runtime::FailedCall::of(&#error)), filters);
        quote!(#disabled if !#runtime::FailedCall::is_answered(#failed) { #leave #returned })
    }

    /// Counts the use, and tells the log and the subscribers of it.
    fn told(&self, error: &Ident) -> TokenStream {
        let (operation, traits) = (self.operation(), local("traits"));
        let inspected = self.inspected_error(quote!(&#error), "__traits");
        let arguments = quote!(#operation, &#error, #traits);
        let told = self.call("Fallback::told", None, arguments, self.result.error_ends);
        quote!(let #traits = #inspected; #told;)
    }
}

impl Emit for FallbackPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.with_fallback(at, self, inner)
    }
}
