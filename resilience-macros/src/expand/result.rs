//! The function's outcome type as the expansion may write it.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, ReturnType, Type};

use crate::check::Form;
use crate::item::{Function, ungroup};

pub(super) struct ResultType {
    /// `Result<T, E>` or an alias of it; `impl Trait` in it is `_`, which may stand in a body (E0562).
    pub(super) tokens: TokenStream,
    pub(super) span: Span,
    /// Where the error type begins and ends.
    pub(super) error_span: (Span, Span),
    /// What a function that returns a future returns.
    pub(super) returned: TokenStream,
}

impl ResultType {
    pub(super) fn of(function: &Function, form: &Form) -> Self {
        let ReturnType::Type(_, returned) = &function.sig.output else {
            let span = function.sig.ident.span();
            return Self { tokens: TokenStream::new(), span, error_span: (span, span), returned: TokenStream::new() };
        };
        let ty = match form {
            Form::Future { output, .. } => &output.0,
            Form::Sync | Form::Async => &**returned,
        };
        let span = ends(&ty.to_token_stream()).0;
        Self {
            tokens: erase_impl(ty.to_token_stream()),
            span,
            error_span: ends(&error_type(ty).to_token_stream()),
            returned: erase_impl(returned.to_token_stream()),
        }
    }
}

/// The `E` of `Result<T, E>`; of an alias, all of it.
fn error_type(ty: &Type) -> &Type {
    let Type::Path(path) = ungroup(ty) else { return ty };
    let Some(PathArguments::AngleBracketed(arguments)) = path.path.segments.last().map(|last| &last.arguments) else {
        return ty;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(_)), Some(GenericArgument::Type(error)), None) => error,
        _ => ty,
    }
}

/// The spans of the first and the last token: on stable, no span covers both.
fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::call_site);
    (first, spans.last().unwrap_or(first))
}

/// `Result<impl Iterator<Item = u8>, E>` → `Result<_, E>`
fn erase_impl(tokens: TokenStream) -> TokenStream {
    let mut erased = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(keyword) if keyword == "impl" => {
                erased.extend([TokenTree::Ident(proc_macro2::Ident::new("_", keyword.span()))]);
                let (mut depth, mut arrow) = (0_u32, false);
                while let Some(token) = tokens.peek() {
                    let punct = if let TokenTree::Punct(punct) = token { punct.as_char() } else { ' ' };
                    match punct {
                        '<' => depth += 1,
                        '>' if arrow => {}
                        ',' | '>' if depth == 0 => break,
                        '>' => depth -= 1,
                        _ => {}
                    }
                    arrow = punct == '-';
                    tokens.next();
                }
            }
            TokenTree::Group(group) => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), erase_impl(group.stream()));
                inner.set_span(group.span());
                erased.extend([TokenTree::Group(inner)]);
            }
            token => erased.extend([token]),
        }
    }
    erased
}
