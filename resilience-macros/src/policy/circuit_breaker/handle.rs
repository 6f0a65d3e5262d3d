//! The handle of the circuit that guards the function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;

use super::check::Circuit;
use crate::emit::code::Declarations;
use crate::emit::config::Config;
use crate::emit::context::Context;
use crate::emit::description::Description;
use crate::emit::shared::{SiteOrName, checked};
use crate::emit::span::SpanEnds;
use crate::function::parameter::Passing;
use crate::function::tokens::any_ident;
use crate::language::stage::Stage;
use crate::language::value::Setting;
use crate::language::values::ConfigPlan;

impl Context<'_> {
    /// Emits the declarations of a handle, and an expression that is a reference to the handle.
    ///
    /// - Input: `#[circuit_breaker(name = "jira", failure_threshold = 5)]`
    /// - Output:
    ///   `const __CIRCUIT_CONFIG: CircuitBreakerConfig = …; static __CIRCUIT: Site = Site::new("jira", &__OPERATION); let __circuit = Site::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG);`
    pub(super) fn circuit(&self, at: usize, circuit: &Circuit) -> (Declarations, TokenStream) {
        let handle = Ident::new(&self.item(at, "circuit"), Span::mixed_site());
        match circuit {
            Circuit::Given(breaker) => {
                let declarations = self.given_circuit(at, &handle, breaker);
                (declarations, handle.into_token_stream())
            }
            Circuit::Named { name, config } => {
                let declarations = self.named_circuit(at, &handle, name.as_ref(), config);
                (declarations, handle.into_token_stream())
            }
            Circuit::Keyed { name, key, config } => {
                let declarations = self.keyed_circuit(at, &handle, name.as_ref(), key, config);
                (declarations, quote!(&#handle))
            }
        }
    }

    /// `breaker = expr`
    fn given_circuit(&self, at: usize, handle: &Ident, breaker: &Expr) -> Declarations {
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
        let item = Ident::new(
            &self.item(at, "circuit_config").to_uppercase(),
            Span::call_site(),
        );
        let description = Description {
            config: quote!(&#item),
            constant: Vec::new(),
            computed: vec!["name"],
            base: Some((ends, Stage::Runtime)),
            name: None,
        };
        Declarations {
            // The configuration of the breaker is not known here. This one only names the settings.
            values: quote! {
                const #item: #runtime::CircuitBreakerConfig = #runtime::CircuitBreakerConfig::new();
            },
            borrows: quote!(let #handle: #borrow #ty = #value;),
            layers: vec![description],
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
        let mut config = self.policy_config("CircuitBreakerConfig", &item, config);
        let name = name.map(|name| self.shared_name(at, "circuit", name, &mut config));
        let name = match self.site_or_name(name.as_ref()) {
            SiteOrName::Site(site) => return self.static_circuit(at, handle, config, &site),
            SiteOrName::Name(name) => name,
        };
        let config_value = config.value();
        let borrows =
            quote!(let #handle = &#runtime::registry::get_or_register(#name, #config_value););
        Declarations {
            borrows,
            ..config.into_declarations()
        }
    }

    /// Emits the look-up of the circuit of a key, in front of every attempt.
    ///
    /// - Input: `#[circuit_breaker(name = "search", key = tenant)]`
    /// - Output:
    ///   `static __CIRCUIT: KeyedSite = KeyedSite::new("search", &__OPERATION); let __circuit = KeyedSite::circuit(&__CIRCUIT, &__CIRCUIT_CONFIG, Key::of(&tenant).__text());`
    ///
    /// The snapshot `circuit_per_key` shows it whole.
    fn keyed_circuit(
        &self,
        at: usize,
        handle: &Ident,
        name: Option<&Setting>,
        key: &Expr,
        config: &ConfigPlan,
    ) -> Declarations {
        let runtime = &self.runtime;
        let item = self.item(at, "circuit_config");
        let mut config = self.policy_config("CircuitBreakerConfig", &item, config);
        let name = name.map(|name| self.shared_name(at, "circuit", name, &mut config));
        let (text, reference) = (self.key_text(key), config.reference());
        let look_up = match self.site_or_name(name.as_ref()) {
            SiteOrName::Site(new) => {
                let (site, circuit) =
                    (self.static_name(at, "circuit"), checked("circuit", &config));
                quote! {
                    static #site: #runtime::KeyedSite = #runtime::KeyedSite::#new;
                    let #handle = #runtime::KeyedSite::#circuit(&#site, #reference, #text);
                }
            }
            SiteOrName::Name(name) => {
                quote!(let #handle = #runtime::KeyedSite::circuit_of_name(#name, #reference, #text);)
            }
        };
        config.description.computed.push("key");
        let mut declarations = config.into_declarations();
        declarations.values.extend(look_up);
        declarations.owned.push(handle.clone());
        declarations
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
        let (site, circuit) = (self.static_name(at, "circuit"), checked("circuit", &config));
        let is_constant = config.stage == Stage::Constant;
        let mut declarations = config.into_declarations();
        declarations
            .values
            .extend(quote!(static #site: #runtime::Site = #runtime::Site::#new;));
        let look_up = quote!(let #handle = #runtime::Site::#circuit(&#site, #reference););
        if is_constant {
            declarations.look_ups.extend(look_up);
        } else {
            declarations.values.extend(look_up);
        }
        // The site lists it when it looks the circuit up, which costs a call nothing.
        declarations.enters_operation = true;
        declarations
    }

    /// True if the expression names an argument that the body may move or borrow mutably.
    fn is_needed_inside(&self, expr: &Expr) -> bool {
        self.parameters.iter().any(|parameter| {
            parameter.passing != Passing::Shared
                && any_ident(expr.to_token_stream(), &|ident| parameter.name == ident)
        })
    }
}
