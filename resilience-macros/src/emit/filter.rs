//! The user's filters around an outcome: patterns as predicates, and functions as they are.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, Lit, Pat, PatIdent};

use super::context::Context;
use super::span::SpanEnds;
use super::span::local;
use crate::function::pattern::bound_names;
use crate::language::entry::Filter;

/// A filter as the argument of a call, and the place where the user wrote it.
pub(crate) struct UserFilter {
    method: &'static str,
    argument: TokenStream,
    ends: SpanEnds,
}

impl UserFilter {
    /// `|error| matches!(error, pattern if guard)`, without the macro.
    pub(crate) fn pattern(method: &'static str, filter: Option<&Filter>) -> Option<Self> {
        let Filter { pattern, guard } = filter?;
        let error = local("error");
        let guard = guard.as_ref().map(|guard| quote!(if #guard));
        let matched = by_value(pattern);
        let argument = quote! {
            |#error| match #error {
                #matched #guard => true,
                #[allow(unreachable_patterns)]
                _ => false,
            }
        };
        Some(Self {
            method,
            argument,
            ends: SpanEnds::of(&pattern.to_token_stream()),
        })
    }
}

/// A constant or a text as the whole pattern is of the error's own type, so it is matched behind
/// the reference; rustc does so for any other pattern, but not for these.
fn by_value(pattern: &Pat) -> TokenStream {
    let has_constant = match plain_pattern(pattern) {
        Pat::Or(or) => or.cases.iter().any(is_constant),
        pattern => is_constant(pattern),
    };
    if !has_constant || !bound_names(pattern).into_iter().all(is_capital) {
        return pattern.to_token_stream();
    }
    let ends = SpanEnds::of(&pattern.to_token_stream());
    let reference = ends.locate(quote!(&));
    match pattern {
        Pat::Or(_) => {
            let mut group = Group::new(Delimiter::Parenthesis, pattern.to_token_stream());
            group.set_span(ends.span());
            quote!(#reference #group)
        }
        _ => quote!(#reference #pattern),
    }
}

fn plain_pattern(mut pattern: &Pat) -> &Pat {
    while let Pat::Paren(paren) = pattern {
        pattern = &paren.pat;
    }
    pattern
}

/// `BUSY`, `Status::BUSY`, `"busy"` and `b"busy"`.
fn is_constant(pattern: &Pat) -> bool {
    match plain_pattern(pattern) {
        Pat::Ident(name) => is_capital(name),
        Pat::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| is_upper(&last.ident)),
        Pat::Lit(lit) => matches!(lit.lit, Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_)),
        _ => false,
    }
}

/// A name that is a constant and binds nothing.
fn is_capital(name: &PatIdent) -> bool {
    let is_plain = name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none();
    is_plain && is_upper(&name.ident)
}

fn is_upper(name: &Ident) -> bool {
    let name = name.to_string();
    name.contains(char::is_uppercase) && !name.contains(char::is_lowercase)
}

impl Context<'_> {
    /// Emits a function of the user's as a filter. `method` is the runtime's function that applies
    /// the filter, `fn(Judged, filter) -> Judged`, and `returned` is the type that the filter
    /// returns.
    pub(crate) fn filter(
        &self,
        method: &'static str,
        function: Option<&Expr>,
        returned: &TokenStream,
    ) -> Option<UserFilter> {
        let function = function?;
        Some(UserFilter {
            method,
            ends: SpanEnds::of(&function.to_token_stream()),
            argument: self.closure(function, returned),
        })
    }

    /// Emits a function that returns anything that converts into a hint.
    pub(crate) fn hint(&self, method: &'static str, function: Option<&Expr>) -> Option<UserFilter> {
        let function = function?;
        Some(UserFilter {
            method,
            ends: SpanEnds::of(&function.to_token_stream()),
            argument: self.closure_of("HintFunction", &quote!(_, _), function),
        })
    }

    /// A user's function as a closure. The runtime's `OptionFunction` refuses a function of another
    /// signature, and says the right one. A value that can be called is left to rustc, because
    /// passing it on would move it.
    pub(crate) fn closure(&self, function: &Expr, returned: &TokenStream) -> TokenStream {
        self.closure_of("OptionFunction", &quote!(_, #returned, _), function)
    }

    /// Does the same by another trait of the runtime, which says another signature.
    fn closure_of(&self, name: &str, generics: &TokenStream, function: &Expr) -> TokenStream {
        if matches!(plain(function), Expr::Closure(_)) {
            return function.to_token_stream();
        }
        let ends = SpanEnds::of(&function.to_token_stream());
        // The name is of the user's own context, because rustc would otherwise add that the error
        // is in a macro's expansion.
        let given = ends.name("__given");
        if !self.is_item(function) {
            let call = ends.call(function, given.to_token_stream());
            return quote!(|#given| #call);
        }
        let passing = self.passing(function, &quote!((#given,)), ends);
        let call = self.trait_call(
            name,
            generics,
            "call",
            quote!(#given, #passing, #function),
            ends,
        );
        quote!(|#given| #call)
    }

    /// Finds out how the function takes its argument.
    pub(crate) fn passing(
        &self,
        function: &Expr,
        given: &TokenStream,
        ends: SpanEnds,
    ) -> TokenStream {
        let found = ends.name("__found");
        let passing = self.call("Passing::of", None, quote!(&#function, &#given), ends);
        quote!(#passing.#found())
    }

    /// True for the path of a function, and false for an argument or a static, because that may be
    /// a value that can be called.
    pub(crate) fn is_item(&self, function: &Expr) -> bool {
        let Expr::Path(path) = plain(function) else {
            return false;
        };
        let is_argument = path
            .path
            .get_ident()
            .is_some_and(|name| self.function.argument(name).is_some());
        let is_static = path
            .path
            .segments
            .last()
            .is_some_and(|last| is_upper(&last.ident));
        !is_argument && !is_static
    }

    /// `method(method(judged, filter), filter)`, in order.
    pub(crate) fn filtered(
        &self,
        judged: TokenStream,
        filters: impl IntoIterator<Item = Option<UserFilter>>,
    ) -> TokenStream {
        let filters = filters.into_iter().flatten();
        filters.fold(judged, |judged, filter| self.applied(filter, &judged))
    }

    /// `method(arguments, filter)`.
    pub(crate) fn applied(&self, filter: UserFilter, arguments: &TokenStream) -> TokenStream {
        let UserFilter {
            method,
            argument,
            ends,
        } = filter;
        self.call(method, None, quote!(#arguments, #argument), ends)
    }
}

/// The expression behind parentheses and the invisible groups of `macro_rules!`.
fn plain(mut expr: &Expr) -> &Expr {
    while let Expr::Group(syn::ExprGroup { expr: inner, .. })
    | Expr::Paren(syn::ExprParen { expr: inner, .. }) = expr
    {
        expr = inner;
    }
    expr
}
