//! The handle of the circuit that guards the function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;

use super::check::Circuit;
use crate::emit::code::Declarations;
use crate::emit::config::Config;
use crate::emit::context::Context;
use crate::emit::span::SpanEnds;
use crate::function::parameter::Passing;
use crate::function::tokens::any_ident;
use crate::language::stage::Stage;
use crate::language::value::Setting;
use crate::language::values::ConfigPlan;

impl Context<'_> {
    /// Emits the declarations of a handle, and a `&CircuitBreaker` expression.
    ///
    /// - Input: `#[circuit_breaker(name = "jira", failure_threshold = 5)]`
    /// - Output:
    ///   `const __CIRCUIT_CONFIG: CircuitBreakerConfig = …; static __CIRCUIT: Site = Site::new("jira", &__OPERATION); let __circuit = Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);`
    pub(super) fn circuit(&self, at: usize, circuit: &Circuit) -> (Declarations, TokenStream) {
        let handle = Ident::new(&self.item(at, "circuit"), Span::mixed_site());
        let declarations = match circuit {
            Circuit::Given(breaker) => self.given_circuit(&handle, breaker),
            Circuit::Named { name, config } => {
                self.named_circuit(at, &handle, name.as_ref(), config)
            }
        };
        (declarations, handle.into_token_stream())
    }

    /// `breaker = expr`
    fn given_circuit(&self, handle: &Ident, breaker: &Expr) -> Declarations {
        let runtime = &self.runtime;
        // The type stands where the value does, because rustc shows both.
        let ends = SpanEnds::of(&breaker.to_token_stream());
        let ty = ends.locate(quote!(#runtime::CircuitBreaker));
        let borrow = ends.locate(quote!(&));
        // A breaker that is part of an argument is cloned if the body needs the argument for
        // itself; the clone is a handle.
        let value = if self.is_needed_inside(breaker) {
            quote!(&<#ty as #runtime::Clone>::clone(#breaker))
        } else {
            breaker.to_token_stream()
        };
        Declarations {
            borrows: quote!(let #handle: #borrow #ty = #value;),
            ..Declarations::default()
        }
    }

    /// A circuit of the registry.
    fn named_circuit(
        &self,
        at: usize,
        handle: &Ident,
        name: Option<&Setting>,
        config: &ConfigPlan,
    ) -> Declarations {
        let runtime = &self.runtime;
        let item = self.item(at, "circuit_config");
        let config = self.policy_config("CircuitBreakerConfig", &item, config);
        let operation = self.operation();
        let is_static = name.is_none_or(|name| name.stage == Stage::Constant);
        if is_static && self.is_operation_static() {
            let site = match name {
                Some(Setting { value, .. }) => quote!(new(#value, #operation)),
                None => quote!(unnamed(#operation)),
            };
            return self.static_circuit(at, handle, config, &site);
        }
        // A name that differs between the instances of a generic cannot be kept in one static.
        let name = match name {
            Some(Setting { value, .. }) => value.clone(),
            None => quote!(#runtime::Operation::name(#operation)),
        };
        let config_value = config.value();
        let borrows =
            quote!(let #handle = &#runtime::registry::get_or_register(#name, #config_value););
        Declarations {
            values: config.declarations,
            borrows,
        }
    }

    /// A circuit that is looked up once, because its name is constant.
    fn static_circuit(
        &self,
        at: usize,
        handle: &Ident,
        config: Config,
        new: &TokenStream,
    ) -> Declarations {
        let (runtime, reference) = (&self.runtime, config.reference());
        let site = Ident::new(&self.item(at, "circuit").to_uppercase(), Span::call_site());
        // One static serves all instances of a generic, and their configurations may differ.
        let circuit = if config.stage == Stage::Constant {
            quote!(circuit)
        } else {
            quote!(circuit_checked)
        };
        let mut declarations = config.declarations;
        declarations.extend(quote! {
            static #site: #runtime::Site = #runtime::Site::#new;
            let #handle = #runtime::Site::#circuit(&#site, #reference);
        });
        Declarations::values(declarations)
    }

    /// True if the expression names an argument that the body may move or borrow mutably.
    fn is_needed_inside(&self, expr: &Expr) -> bool {
        self.parameters.iter().any(|parameter| {
            parameter.passing != Passing::Shared
                && any_ident(expr.to_token_stream(), &|ident| parameter.name == ident)
        })
    }
}
