//! The layer of a limiter, a shared thing that admits calls, and the handle of that thing.
//!
//! - Input: `#[bulkhead(25, name = "db")]`
//! - Output:
//!   `static __BULKHEAD: BulkheadSite = BulkheadSite::new("db", &__OPERATION); let __bulkhead = BulkheadSite::single(&__BULKHEAD, &__BULKHEAD_CONFIG);`
//!
//! Snapshots: `plain_bulkhead`, and `bulkhead_per_key` with a key.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Expr;

use super::code::{Declarations, LayerCode, block};
use super::config::{Config, ConfigStart};
use super::context::Context;
use super::plan::Emit;
use super::shared::{SiteOrName, checked};
use super::span::{SpanEnds, local};
use crate::language::value::{Literal, Setting};
use crate::language::values::ConfigPlan;

/// The names of a policy in the runtime and in the expansion.
pub(crate) struct LimiterNames {
    /// The handle: its type, and the variable that holds it.
    pub(crate) ty: &'static str,
    pub(crate) variable: &'static str,
    /// The option that is its limit.
    pub(crate) limit: &'static str,
    /// The error of a refusal, and the variable that holds it.
    pub(crate) refusal: &'static str,
    pub(crate) refused: &'static str,
    /// True if a call holds something until it ends.
    pub(crate) has_permit: bool,
}

/// A limiter as the attribute describes it.
pub(crate) struct LimiterPlan {
    pub(crate) names: &'static LimiterNames,
    pub(crate) name: Option<Setting>,
    pub(crate) key: Option<Expr>,
    pub(crate) config: ConfigPlan,
    pub(crate) error: Option<Expr>,
}

impl Emit for LimiterPlan {
    fn emit(&self, context: &Context<'_>, at: usize, inner: LayerCode) -> LayerCode {
        context.limiter(at, self, inner)
    }
}

/// The parts of an emitted limiter.
struct Handle {
    declarations: Declarations,
    /// A reference to the limiter.
    limiter: TokenStream,
    /// A reference to the configuration.
    config: TokenStream,
    /// Gives the refusal the key of the caller.
    named: Option<TokenStream>,
}

impl Context<'_> {
    /// Emits a layer that admits calls or refuses them.
    ///
    /// - Input: `#[bulkhead(25)] async fn query() -> Result<Row, Error> { … }`
    /// - Output:
    ///   `match BulkheadFuture::new(__bulkhead, &__BULKHEAD_CONFIG, &__OPERATION, async { … }).await { Ok(__outcome) => __outcome, Err(__full) => … }`
    ///
    /// The snapshots `plain_bulkhead` and `plain_bulkhead_sync` show it whole, and
    /// `plain_rate_limit` and `plain_rate_limit_sync` a limiter whose calls hold nothing.
    fn limiter(&self, at: usize, plan: &LimiterPlan, inner: LayerCode) -> LayerCode {
        let handle = self.limiter_handle(at, plan);
        let runtime = &self.runtime;
        let refused = local(plan.names.refused);
        let note_refused = self.note_origin(at, &quote!(#runtime::Origin::Refused));
        let note_body = self.note_origin(at, &quote!(#runtime::Origin::Body));
        let error = self.error(plan.names.refusal, plan.error.as_ref(), &refused);
        let named = &handle.named;
        let refusal = block(&quote!(#note_refused #named), error);
        if self.is_async() {
            self.limited_future(plan.names, handle, inner, &note_body, &refusal)
        } else {
            self.limited_body(at, plan.names, handle, inner, &note_body, &refusal)
        }
    }

    fn limited_future(
        &self,
        names: &LimiterNames,
        handle: Handle,
        inner: LayerCode,
        note_body: &TokenStream,
        refusal: &TokenStream,
    ) -> LayerCode {
        let (runtime, operation) = (&self.runtime, self.operation());
        let (outcome, refused) = (local("outcome"), local(names.refused));
        let mut future = inner.as_future();
        if self.is_users_future() {
            // The user's future is made after the admission.
            future = quote!(async { #future.await });
        }
        let Handle {
            declarations,
            limiter,
            config,
            ..
        } = handle;
        let ty = format_ident!("{}Future", names.ty);
        let future = quote!(#runtime::#ty::new(#limiter, #config, #operation, #future));
        let arms = quote! {
            #runtime::Ok(#outcome) => #outcome,
            #runtime::Err(#refused) => #refusal,
        };
        let declarations = declarations.and(inner.declarations);
        if note_body.is_empty() {
            return LayerCode::matched(declarations, future, arms);
        }
        // The origin is noted before the admission, so that a refusal further inside is not
        // forgotten.
        let value = quote!(match #future.await { #arms });
        LayerCode::value(declarations, note_body.clone(), value)
    }

    fn limited_body(
        &self,
        at: usize,
        names: &LimiterNames,
        handle: Handle,
        inner: LayerCode,
        note_body: &TokenStream,
        refusal: &TokenStream,
    ) -> LayerCode {
        let (runtime, operation) = (&self.runtime, self.operation());
        let (outcome, refused, permit) = (local("outcome"), local(names.refused), local("permit"));
        // rustc warns of a label inside of one with the same name, and other layers have labels,
        // too.
        let label = self.item(at, &format!("{}_call", names.variable));
        let label = syn::Lifetime::new(&format!("'{label}"), Span::mixed_site());
        let leave = if at == 0 {
            quote!(return)
        } else {
            quote!(break #label)
        };
        let Handle {
            declarations,
            limiter,
            config,
            ..
        } = handle;
        let ty = Ident::new(names.ty, Span::call_site());
        let admit = quote!(#runtime::#ty::admit(#limiter, #config, #operation));
        let admission = if names.has_permit {
            quote! {
                let #permit = match #admit {
                    #runtime::Ok(#permit) => #permit,
                    #runtime::Err(#refused) => #leave #refusal,
                };
            }
        } else {
            quote!(if let #runtime::Err(#refused) = #admit { #leave #refusal; })
        };
        let attempt = inner.bound(&outcome.to_token_stream(), |body| self.boundary(body));
        let statements = quote!(#admission #note_body #attempt);
        let declarations = declarations.and(inner.declarations);
        if at == 0 {
            return LayerCode::value(declarations, statements, outcome.into_token_stream());
        }
        let value = quote!(#label: { #statements #outcome });
        LayerCode::value(declarations, TokenStream::new(), value)
    }

    /// Emits the declarations of the handle.
    fn limiter_handle(&self, at: usize, plan: &LimiterPlan) -> Handle {
        let names = plan.names;
        let mut config = self.limiter_config(at, names, &plan.config);
        let name = plan.name.as_ref();
        let name = name.map(|name| self.shared_name(at, names.variable, name, &mut config));
        // The limiter is shared by name and takes the values of the file itself. The function asks
        // only how long it waits.
        let declared = config.reference();
        let config = self.in_file(at, &format!("{}Config", names.ty), config);
        let reference = config.reference();
        let way = self.site_or_name(name.as_ref());
        let mut handle = match &plan.key {
            Some(key) => self.keyed_limiter(at, names, &way, key, (config, declared)),
            None => self.single_limiter(at, names, &way, (config, declared)),
        };
        handle.config = reference;
        // The site lists the operation when it looks the limiter up, which costs a call nothing.
        handle.declarations.enters_operation = matches!(way, SiteOrName::Site(_));
        handle
    }

    fn single_limiter(
        &self,
        at: usize,
        names: &LimiterNames,
        way: &SiteOrName,
        (config, reference): (Config, TokenStream),
    ) -> Handle {
        let runtime = &self.runtime;
        let site_type = format_ident!("{}Site", names.ty);
        let variable = Ident::new(&self.item(at, names.variable), Span::mixed_site());
        let function = checked("single", &config);
        let mut declarations = config.into_declarations();
        match way {
            SiteOrName::Site(new) => {
                let site = self.static_name(at, names.variable);
                declarations.values.extend(quote! {
                    static #site: #runtime::#site_type = #runtime::#site_type::#new;
                    let #variable = #runtime::#site_type::#function(&#site, #reference);
                });
            }
            SiteOrName::Name(name) => {
                declarations.borrows = quote! {
                    let #variable = &#runtime::#site_type::of_name(#name, #reference);
                };
            }
        }
        Handle {
            declarations,
            limiter: variable.into_token_stream(),
            config: TokenStream::new(),
            named: None,
        }
    }

    fn keyed_limiter(
        &self,
        at: usize,
        names: &LimiterNames,
        way: &SiteOrName,
        key: &Expr,
        (mut config, reference): (Config, TokenStream),
    ) -> Handle {
        let (runtime, text) = (&self.runtime, self.key_text(key));
        let (site_type, keyed) = (
            format_ident!("{}Site", names.ty),
            format_ident!("Keyed{}", names.ty),
        );
        let variable = Ident::new(&self.item(at, names.variable), Span::mixed_site());
        let function = checked("of_key", &config);
        config.description.computed.push("key");
        let mut declarations = config.into_declarations();
        declarations.values.extend(match way {
            SiteOrName::Site(new) => {
                let site = self.static_name(at, names.variable);
                quote! {
                    static #site: #runtime::#site_type = #runtime::#site_type::#new;
                    let #variable = #runtime::#site_type::#function(&#site, #reference, #text);
                }
            }
            SiteOrName::Name(name) => quote! {
                let #variable = #runtime::#site_type::key_of_name(#name, #reference, #text);
            },
        });
        declarations.owned.push(variable.clone());
        let refused = local(names.refused);
        Handle {
            declarations,
            limiter: quote!(#runtime::#keyed::limiter(&#variable)),
            config: TokenStream::new(),
            // Several keys may share a limiter, and the refusal has the key of this call.
            named: Some(quote!(let #refused = #runtime::#keyed::named(&#variable, #refused);)),
        }
    }

    /// A configuration that starts from nothing or from the user's. The options without a default
    /// are settings, too.
    fn limiter_config(&self, at: usize, names: &LimiterNames, plan: &ConfigPlan) -> Config {
        let runtime = &self.runtime;
        let (ty, item) = (
            format!("{}Config", names.ty),
            self.item(at, &format!("{}_config", names.variable)),
        );
        let path = Ident::new(&ty, Span::call_site());
        let unset = quote!(#runtime::#path::unset());
        let start = match &plan.base {
            Some(base) => ConfigStart::of_user(base, unset),
            None => ConfigStart::of_constant(unset),
        };
        let settings = plan.settings.iter().map(|setting| match setting {
            limit if limit.setter == names.limit => self.checked_calls(limit),
            other => other.clone(),
        });
        let settings: Vec<_> = settings.collect();
        self.config(&ty, &item, &start, &settings)
    }

    /// The limit. A constant or a variable may be a whole configuration by mistake, so rustc is
    /// shown a function whose bound names the right option. The type of any other expression may
    /// depend on the setter's.
    fn checked_calls(&self, limit: &Setting) -> Setting {
        let is_path = syn::parse2::<syn::ExprPath>(limit.source.clone()).is_ok();
        let mut checked = limit.clone();
        if limit.literal == Literal::Unknown && is_path {
            let ends = SpanEnds::of(&limit.source);
            checked.value = self.call("call_limit", None, limit.value.clone(), ends);
        }
        checked
    }
}
