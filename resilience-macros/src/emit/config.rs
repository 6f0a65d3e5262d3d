//! A configuration as a value of the expansion: a const item where that is possible, and otherwise
//! a value that each call computes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Expr;

use super::code::Declarations;
use super::context::Context;
use super::description::Description;
use super::span::SpanEnds;
use crate::language::stage::Stage;
use crate::language::value::{Literal, Setting};
use crate::language::values::ConfigPlan;

pub(crate) struct Config {
    /// Stands in front of every attempt.
    pub(crate) declarations: TokenStream,
    /// The stage at which its value is known.
    pub(crate) stage: Stage,
    name: Ident,
    pub(crate) description: Description,
    /// A reference to the configuration with the values of the configuration file.
    pub(super) in_file: Option<TokenStream>,
    /// True if the call asks the configuration file for values.
    pub(super) asks_file: bool,
}

impl Config {
    /// The declarations and the description of the layer.
    pub(crate) fn into_declarations(self) -> Declarations {
        Declarations {
            layers: vec![self.description],
            asks_file: self.asks_file,
            ..Declarations::values(self.declarations)
        }
    }

    /// A `&Config` expression.
    pub(crate) fn reference(&self) -> TokenStream {
        if let Some(in_file) = &self.in_file {
            return in_file.clone();
        }
        let name = &self.name;
        match self.stage {
            Stage::Generic => quote!(#name),
            Stage::Constant | Stage::Runtime => quote!(&#name),
        }
    }

    /// A `&'static Config` expression without the values of the configuration file, if there is one
    /// that the file may change.
    pub(crate) fn constant_reference(&self) -> Option<TokenStream> {
        let name = &self.name;
        self.in_file.as_ref().map(|_| quote!(&#name))
    }

    /// A `Config` expression.
    pub(crate) fn value(&self) -> TokenStream {
        if let Some(in_file) = &self.in_file {
            return quote!(*#in_file);
        }
        let name = &self.name;
        match self.stage {
            Stage::Generic => quote!(*#name),
            Stage::Constant | Stage::Runtime => quote!(#name),
        }
    }
}

/// The value that a configuration starts from, before its settings.
pub(crate) struct ConfigStart {
    pub(crate) value: TokenStream,
    pub(crate) stage: Stage,
    /// The place of the user's expression; `None` for a value of ours, because that has the right
    /// type.
    pub(crate) ends: Option<SpanEnds>,
    /// The option that the value comes from, if one does.
    pub(crate) option: Option<&'static str>,
    /// The configuration without any setting, for constants that must be checked and described
    /// apart from a start that is not constant.
    pub(crate) default: Option<TokenStream>,
    /// See [`ConfigPlan::is_static`].
    pub(crate) is_static: bool,
}

impl ConfigStart {
    /// Starts from the user's configuration. `default` is the one without any setting.
    pub(crate) fn of_user((base, stage): &(Expr, Stage), default: TokenStream) -> Self {
        Self {
            value: operand(base),
            stage: *stage,
            ends: Some(SpanEnds::of(&base.to_token_stream())),
            option: None,
            default: Some(default),
            is_static: false,
        }
    }

    /// Starts from a constant of ours.
    pub(crate) fn of_constant(value: TokenStream) -> Self {
        Self {
            value,
            stage: Stage::Constant,
            ends: None,
            option: None,
            default: None,
            is_static: false,
        }
    }

    pub(crate) fn with_static(self, is_static: bool) -> Self {
        Self { is_static, ..self }
    }
}

/// A user's expression that setters can be called on: `*config.setter()` is another thing than
/// `(*config).setter()`.
fn operand(expr: &Expr) -> TokenStream {
    if matches!(expr, Expr::Unary(_)) {
        quote!((#expr))
    } else {
        quote!(#expr)
    }
}

/// Describes a configuration by its constant part, which is the item `name`.
fn description(name: &Ident, start: &ConfigStart, settings: &[Setting]) -> Description {
    let mut description = Description {
        config: quote!(&#name),
        constant: Vec::new(),
        computed: Vec::new(),
        base: start.ends.map(|ends| (ends, start.stage)),
        name: None,
    };
    match start.stage {
        Stage::Constant => description.constant.extend(start.option),
        Stage::Generic | Stage::Runtime => description.computed.extend(start.option),
    }
    for setting in settings {
        description.add(setting);
    }
    description
}

impl Context<'_> {
    /// Emits a configuration. `ty` is its name in the runtime crate, and `name` its name in the
    /// expansion.
    ///
    /// - Input: `#[retry(max_retries = 3, base_delay = self.delay)]`
    /// - Output:
    ///   `const __RETRY: RetryConfig = RetryConfig::new().max_retries(3); let __retry: RetryConfig = RetryConfig::base_delay(__RETRY, self.delay);`
    ///
    /// The snapshots `retry_sync` and `plain_retry` show one of run time and a constant one.
    pub(crate) fn config(
        &self,
        ty: &str,
        name: &str,
        start: &ConfigStart,
        settings: &[Setting],
    ) -> Config {
        let runtime = &self.runtime;
        let name_of_type = Ident::new(ty, Span::call_site());
        let path = quote!(#runtime::#name_of_type);
        let stage = settings
            .iter()
            .map(|setting| setting.stage)
            .fold(start.stage, Stage::max);
        let of = |stage: Stage| {
            settings
                .iter()
                .filter(move |setting| setting.stage == stage)
        };
        let upper = Ident::new(&name.to_uppercase(), Span::call_site());
        let lower = Ident::new(name, Span::mixed_site());

        let description = description(&upper, start, settings);
        let (mut declarations, mut value) = self.constant_part(ty, &path, &upper, start, settings);
        value = self.chain(ty, value, None, of(Stage::Generic));
        let name = match stage {
            Stage::Constant => upper,
            Stage::Generic => {
                // The reference is promoted to a static one, so that a future keeps a reference and
                // no copy.
                declarations.extend(quote!(let #lower: &'static #path = &const { #value };));
                lower
            }
            Stage::Runtime => {
                if start.stage < Stage::Runtime && of(Stage::Generic).next().is_some() {
                    value = quote!(const { #value });
                }
                value = self.chain(ty, value, None, of(Stage::Runtime));
                declarations.extend(quote!(let #lower: #path = #value;));
                lower
            }
        };
        Config {
            declarations,
            stage,
            name,
            description,
            in_file: None,
            asks_file: false,
        }
    }

    /// The declarations of the constant part, and the value with its constant settings. The
    /// constant settings of a start that is not constant are checked apart from it.
    fn constant_part(
        &self,
        ty: &str,
        path: &TokenStream,
        name: &Ident,
        start: &ConfigStart,
        settings: &[Setting],
    ) -> (TokenStream, TokenStream) {
        let constants = settings
            .iter()
            .filter(|setting| setting.stage == Stage::Constant);
        let value = self.chain(ty, start.value.clone(), start.ends, constants.clone());
        let item = if start.is_static {
            quote!(static)
        } else {
            quote!(const)
        };
        if start.stage == Stage::Constant {
            let declarations = quote!(#item #name: #path = #value;);
            return (declarations, name.to_token_stream());
        }
        let default = start.default.clone();
        let declarations = default.map(|default| {
            let checked = self.chain(ty, default, None, constants);
            quote!(#item #name: #path = #checked;)
        });
        (declarations.unwrap_or_default(), value)
    }

    /// Emits `value.setter(x).setter(y)`. A literal is checked already. Any other value is set by a
    /// call that stands, for the compiler, where the user wrote the value, because a panic in the
    /// setter is shown there. So does every setter of a value that has `user_ends`, because that
    /// may be of another type.
    fn chain<'s>(
        &self,
        ty: &str,
        value: TokenStream,
        user_ends: Option<SpanEnds>,
        settings: impl Iterator<Item = &'s Setting> + Clone,
    ) -> TokenStream {
        let (known, checked): (Vec<_>, Vec<_>) =
            settings.partition(|setting| setting.literal != Literal::Unknown);
        let value = known.into_iter().fold(value, |value, setting| {
            let (setter, argument) = (
                Ident::new(setting.setter, Span::call_site()),
                &setting.value,
            );
            match user_ends {
                Some(ends) => self.call(
                    &format!("{ty}::{setter}"),
                    None,
                    quote!(#value, #argument),
                    ends,
                ),
                None => quote!(#value.#setter(#argument)),
            }
        });
        checked.into_iter().fold(value, |value, setting| {
            let argument = &setting.value;
            self.call(
                &format!("{ty}::{}", setting.setter),
                None,
                quote!(#value, #argument),
                SpanEnds::of(&setting.source),
            )
        })
    }

    /// The configuration of a policy that has defaults for everything.
    pub(crate) fn policy_config(&self, ty: &str, name: &str, plan: &ConfigPlan) -> Config {
        let runtime = &self.runtime;
        let path = quote::format_ident!("{ty}");
        let default = quote!(#runtime::#path::new());
        let start = match &plan.base {
            Some(base) => ConfigStart::of_user(base, default),
            None => ConfigStart::of_constant(default),
        };
        let start = start.with_static(plan.is_static);
        self.config(ty, name, &start, &plan.settings)
    }
}
