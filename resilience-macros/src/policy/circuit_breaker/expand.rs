//! Admission, the guarded body, the verdict; and the answer when the circuit refuses.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use super::check::{Circuit, CircuitBreakerPlan, Fallback};
use crate::emit::code::{Code, Declarations, block};
use crate::emit::context::{Context, declare_origin};
use crate::emit::filter::UserFilter;
use crate::emit::plan::Emit;
use crate::emit::span::SpanEnds;
use crate::emit::span::local;
use crate::function::parameter::Passing;
use crate::function::tokens::any_ident;
use crate::language::stage::Stage;

/// For a function of so many arguments, and a receiver, the runtime's `FallbackFunction` is implemented.
const MOST_CHECKED_ARGUMENTS: usize = 7;

impl Context<'_> {
    pub(super) fn circuit_breaker(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        inner: Code,
    ) -> Code {
        let (declarations, circuit) = self.circuit(at, &plan.circuit);
        let runtime = &self.runtime;
        let (permit, outcome, open) = (local("permit"), local("outcome"), local("open"));

        let (is_judged, recorded) = self.recorded(at, plan, &outcome, &permit);
        let (guarded, recorded) = if self.is_async() {
            let (future, arms) = inner.as_future_and_arms();
            // The permit comes back only for what has to be done under it after the future is gone.
            if is_judged || arms.is_some() || self.is_users_future() {
                let judge = arms.map(|arms| quote!(let #outcome = match #outcome { #arms };));
                (
                    quote!(let (#permit, #outcome) = #runtime::GuardedFuture::new(#permit, #future).await; #judge),
                    recorded,
                )
            } else {
                let traits = self.traits();
                (
                    TokenStream::new(),
                    quote!(#runtime::RecordedFuture::new(#permit, #future, #traits).await),
                )
            }
        } else {
            let attempt = inner.bound(&quote!(#outcome), |body| self.boundary(body));
            (attempt, recorded)
        };
        let declare_origin = self.declares_origin(at).then(declare_origin);
        let refusal = match &plan.fallback {
            Some(fallback) => {
                let note = self.note_origin(at, &quote!(#runtime::Origin::Body));
                let answer = self.fallback(fallback, &open);
                block(&note, answer)
            }
            None => self.error("CircuitOpen", plan.error.as_ref(), &open),
        };
        // The origin is noted at admission, so that a refusal further inside is not forgotten.
        let flag = local("origin");
        let admit = if self.is_asked_for_origin(at) {
            quote!(admit_noting(#circuit, &mut #flag))
        } else {
            quote!(admit(#circuit))
        };
        let label = syn::Lifetime::new("'__call", Span::mixed_site());
        let leave = if at == 0 {
            quote!(return)
        } else {
            quote!(break #label)
        };
        // The body is in no arm of the match: the future would keep what is matched for as long as it awaits there.
        let statements = quote! {
            #declare_origin
            let #permit = match #runtime::CircuitBreaker::#admit {
                #runtime::Ok(#permit) => #permit,
                #runtime::Err(#open) => #leave #refusal,
            };
            #guarded
        };
        let declarations = declarations.and(inner.declarations);
        if at == 0 {
            return Code::value(declarations, statements, recorded);
        }
        Code::value(
            declarations,
            TokenStream::new(),
            quote!(#label: { #statements #recorded }),
        )
    }

    /// True if more than the error's origin decides, and the expression that records the outcome under the permit.
    fn recorded(
        &self,
        at: usize,
        plan: &CircuitBreakerPlan,
        outcome: &Ident,
        permit: &Ident,
    ) -> (bool, TokenStream) {
        let (runtime, traits, origin) = (&self.runtime, self.traits(), local("origin"));
        let filters = [
            UserFilter::pattern("Classified::failure_on", plan.failure_on.as_ref()),
            self.filter(
                "Classified::failure_if",
                plan.failure_if.as_ref(),
                &quote!(bool),
            ),
            self.filter(
                "Classified::failure_if_ok",
                plan.failure_if_ok.as_ref(),
                &quote!(bool),
            ),
            UserFilter::pattern("Classified::ignore_if", plan.ignore.as_ref()),
        ];
        let is_told_origin = self.asks_for_origin(at);
        if filters.iter().any(Option::is_some) {
            let result = self.outcome(outcome);
            let from_stack = is_told_origin.then(|| quote!(.from_stack(#origin)));
            let classified = quote!(#runtime::Classified::of(#result, #traits)#from_stack);
            let classified = self.filtered(classified, filters);
            return (true, self.returned(quote!(#classified.record(#permit))));
        }
        let origin = if is_told_origin {
            origin.into_token_stream()
        } else {
            quote!(#runtime::Origin::Body)
        };
        let recorded = self.call(
            "record",
            Some(&{
                let result = &self.result.tokens;
                quote!(#result, _, _)
            }),
            quote!(#outcome, #permit, #origin, #traits),
            self.result.ends,
        );
        (is_told_origin, recorded)
    }

    /// Finds out what the error type allows, from the type of an outcome alone.
    fn traits(&self) -> TokenStream {
        let (runtime, outcome) = (&self.runtime, local("outcome"));
        quote!(|#outcome| #runtime::Inspect::of(#outcome).__traits())
    }

    /// What must be declared, and a `&CircuitBreaker` expression.
    fn circuit(&self, at: usize, circuit: &Circuit) -> (Declarations, TokenStream) {
        let runtime = &self.runtime;
        let item = self.item(at, "circuit");
        let local = Ident::new(&item, Span::mixed_site());
        let (name, config) = match circuit {
            Circuit::Given(breaker) => {
                // The type stands where the value does, for rustc shows both.
                let ends = SpanEnds::of(&breaker.to_token_stream());
                let ty = ends.place(quote!(#runtime::CircuitBreaker));
                let borrow = ends.place(quote!(&));
                // Borrowed from what the body needs for itself: a handle of its own is cheap.
                let value = if self.is_needed_inside(breaker) {
                    quote!(&<#ty as #runtime::Clone>::clone(#breaker))
                } else {
                    breaker.to_token_stream()
                };
                let borrows = quote!(let #local: #borrow #ty = #value;);
                return (
                    Declarations {
                        borrows,
                        ..Declarations::default()
                    },
                    local.into_token_stream(),
                );
            }
            Circuit::Named { name, config } => (name, config),
        };
        let config = self.policy_config(
            "CircuitBreakerConfig",
            &self.item(at, "circuit_config"),
            config,
        );
        let (reference, config_value, stage) = (config.reference(), config.value(), config.stage);
        let mut declarations = config.declarations;
        let function = self.function.name();
        let (value, name_stage) = match name {
            Some(name) => (name.value.clone(), name.stage),
            None => (
                quote!(#runtime::concat!(#runtime::module_path!(), "::", #function)),
                Stage::Constant,
            ),
        };
        if name_stage == Stage::Constant {
            let site = Ident::new(&item.to_uppercase(), Span::call_site());
            let new = if name.is_some() {
                quote!(new)
            } else {
                quote!(unnamed)
            };
            declarations
                .extend(quote!(static #site: #runtime::Site = #runtime::Site::#new(#value);));
            // One static serves all instances of a generic, whose configurations may differ.
            let circuit = if stage == Stage::Constant {
                quote!(circuit)
            } else {
                quote!(circuit_checked)
            };
            declarations.extend(quote!(let #local = #runtime::Site::#circuit(&#site, #reference);));
            return (
                Declarations::values(declarations),
                local.into_token_stream(),
            );
        }
        // A name that differs between the instances of a generic cannot be kept in one static.
        let borrows =
            quote!(let #local = &#runtime::registry::get_or_register(#value, #config_value););
        (
            Declarations {
                values: declarations,
                borrows,
            },
            local.into_token_stream(),
        )
    }

    /// Does the expression name an argument that the body may move or borrow mutably?
    fn is_needed_inside(&self, expr: &Expr) -> bool {
        self.parameters.iter().any(|parameter| {
            parameter.passing != Passing::Shared
                && any_ident(expr.to_token_stream(), &|ident| parameter.name == ident)
        })
    }

    fn fallback(&self, fallback: &Fallback, open: &Ident) -> TokenStream {
        let (Fallback::Closure(written) | Fallback::Path(written)) = fallback;
        let ends = SpanEnds::of(&written.to_token_stream());
        let (result, any) = (&self.result.tokens, ends.name("_").to_token_stream());
        let open = ends.place(quote_spanned!(Span::mixed_site()=> &#open));
        let answer = match fallback {
            Fallback::Closure(closure) => {
                let returned = if self.is_async() { &any } else { result };
                self.call(
                    "call",
                    Some(&quote!(#any, #returned)),
                    quote!(#closure, #open),
                    ends,
                )
            }
            Fallback::Path(path) => {
                let whole = self
                    .parameters
                    .iter()
                    .filter(|parameter| !parameter.is_part);
                let arguments: Vec<_> = whole.map(|whole| ends.place(whole.lent())).collect();
                if arguments.len() > MOST_CHECKED_ARGUMENTS || !self.is_item(path) {
                    ends.call(path, quote!(#open #(, #arguments)*))
                } else {
                    let (given, how) = (ends.name("__given"), ends.name("__how"));
                    let passing = self.passing(path, &given.to_token_stream(), ends);
                    let call = self.trait_call(
                        "FallbackFunction",
                        &quote!(_, #result, _),
                        "call",
                        quote!(#given, #how, #path),
                        ends,
                    );
                    let call =
                        quote!(let #given = (#open, #(#arguments,)*); let #how = #passing; #call);
                    ends.block(call).into_token_stream()
                }
            }
        };
        if self.is_async() {
            let answered = self.trait_call(
                "Answer",
                &quote!(#result, #any),
                "into_answer",
                answer,
                ends,
            );
            let (runtime, answer, later) = (&self.runtime, local("answer"), local("later"));
            // An answer that is there already leaves before the await: the future would keep it, and it need not be `Send`.
            return quote! {
                '__answer: {
                    let #later = match #answered {
                        #runtime::Answered::Now(#answer) => break '__answer #answer,
                        #runtime::Answered::Later(#later) => #later,
                    };
                    #later.await
                }
            };
        }
        match fallback {
            Fallback::Closure(_) => answer,
            Fallback::Path(_) => self.trait_call("Same", result, "same", answer, ends),
        }
    }
}

impl Emit for CircuitBreakerPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: Code) -> Code {
        context.circuit_breaker(at, self, inner)
    }
}
