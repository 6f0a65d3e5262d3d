//! A value that stands without the name of its option. The errors here say the option that was
//! probably meant.

use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Token};

use super::rest::up_to_comma;
use super::table::{Bare, Kind, OptionSpec, Table};
use crate::source_text::source_text;

/// The error for a configuration, or for any other expression that does not begin like an option.
pub(super) fn value(table: &Table, input: ParseStream<'_>) -> Option<syn::Error> {
    configuration(table, input).or_else(|| {
        let value = up_to_comma(input);
        (matches!(table.bare, Bare::Means(_)) && is_expression(&value))
            .then(|| object(table, &value))
    })
}

/// The error for a literal. Positional arguments of other libraries mean one option, so the error
/// names that option.
pub(super) fn literal(table: &Table, value: &TokenStream) -> syn::Error {
    let (Bare::Means(name) | Bare::Is(name)) = table.bare;
    let ours = table
        .find(name)
        .map_or_else(String::new, |spec| spec.spelt(spec.name, value));
    syn::Error::new_spanned(
        value,
        format!("options of {table} have a name: write `{ours}`"),
    )
}

/// The error for a call of the user's own function, `my_settings()`. Any other list behind a name
/// is the value of an option that does not exist.
pub(super) fn call(table: &Table, name: &Ident, input: ParseStream<'_>) -> Option<syn::Error> {
    let behind = up_to_comma(input);
    is_call(&behind).then(|| object(table, &quote!(#name #behind)))
}

/// The error for a call of a function that has the name of an option, `config()`.
pub(super) fn call_of_an_option(
    spec: &OptionSpec,
    name: &Ident,
    input: ParseStream<'_>,
) -> Option<syn::Error> {
    let behind = up_to_comma(input);
    if !matches!(spec.kind, Kind::Value) || !is_call(&behind) {
        return None;
    }
    let call = quote!(#name #behind);
    let text = source_text(&call);
    Some(syn::Error::new_spanned(
        call,
        format!("`{name}` takes a value behind `=`: write `{name} = {text}`"),
    ))
}

/// The error for a configuration that stands without `config =`: a constant, a path or a call that
/// begins with a capital letter. A constant of `#[timeout]` may be its limit.
fn configuration(table: &Table, input: ParseStream<'_>) -> Option<syn::Error> {
    let fork = input.fork();
    let borrow = fork.parse::<Option<Token![&]>>().ok()?;
    let value = up_to_comma(&fork);
    let name = fork.call(Ident::parse_any).ok()?.to_string();
    let mut behind = value.clone().into_iter().skip(1);
    let is_capital = name.starts_with(char::is_uppercase);
    let is_configuration = name == table.config;
    if !is_capital
        || matches!(behind.next(), Some(TokenTree::Punct(equals)) if equals.as_char() == '=')
        || (matches!(table.bare, Bare::Is(_)) && !is_configuration)
    {
        return None;
    }
    let attribute = table.name;
    let message = match (is_configuration, value.clone().into_iter().nth(1)) {
        (true, Some(TokenTree::Group(settings))) => format!(
            "{table} takes the settings of a `{name}` as options: write `#[{attribute}({})]`, or `config = …` with a value",
            source_text(&as_options(&settings))
        ),
        _ => format!(
            "options of {table} have a name, and a configuration is behind `config`: write `config = {}`",
            source_text(&value)
        ),
    };
    Some(syn::Error::new_spanned(quote!(#borrow #value), message))
}

/// The settings as options, `max_retries = 3`, where they stand as in a struct, `max_retries: 3`.
fn as_options(settings: &Group) -> TokenStream {
    let is_struct = settings.delimiter() == Delimiter::Brace;
    let tokens = settings.stream().into_iter().map(|token| match &token {
        TokenTree::Punct(colon)
            if is_struct && colon.as_char() == ':' && colon.spacing() == Spacing::Alone =>
        {
            TokenTree::Punct(Punct::new('=', Spacing::Alone))
        }
        _ => token,
    });
    tokens.collect()
}

/// True for a borrow, a path of several segments, and a field or method of a name.
fn is_expression(value: &TokenStream) -> bool {
    let mut tokens = value.clone().into_iter();
    match tokens.next() {
        Some(TokenTree::Punct(borrow)) => borrow.as_char() == '&',
        Some(TokenTree::Ident(_)) => {
            matches!(tokens.next(), Some(TokenTree::Punct(next)) if matches!(next.as_char(), '.' | ':'))
        }
        _ => false,
    }
}

/// True for a list that is empty or has a method call behind it, because the list of an option is
/// neither.
fn is_call(behind: &TokenStream) -> bool {
    let mut tokens = behind.clone().into_iter();
    match tokens.next() {
        Some(TokenTree::Group(list)) if list.delimiter() == Delimiter::Parenthesis => {
            list.stream().is_empty()
                || matches!(tokens.next(), Some(TokenTree::Punct(dot)) if dot.as_char() == '.')
        }
        _ => false,
    }
}

/// The error for an expression, which is a configuration or the object that the attribute takes. A
/// place is borrowed, because a configuration is copied but every other object is a reference.
fn object(table: &Table, value: &TokenStream) -> syn::Error {
    let text = source_text(value);
    let ours = match table.object {
        _ if text.to_lowercase().contains("config") => format!("config = {text}"),
        "config" => format!("config = {text}"),
        object if text.starts_with('&') || text.ends_with(')') => format!("{object} = {text}"),
        object => format!("{object} = &{text}"),
    };
    syn::Error::new_spanned(
        value.to_token_stream(),
        format!("options of {table} have a name: write `{ours}`"),
    )
}
