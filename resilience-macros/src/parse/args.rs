//! The list between the parentheses of an attribute. A bad option is reported and skipped, so that the next one is
//! still read and a half-typed list still gives the rest.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Pat, Token, token};

use super::options::{Form, unknown};
use super::{Entry, Filter, OptionSpec, Raw, options};
use crate::errors::Errors;
use crate::policy::Policy;

/// The options that could be read, and whether there were others.
pub(super) fn parse(policy: Policy, args: TokenStream, errors: &mut Errors) -> (Vec<Entry>, bool) {
    let mut entries: Vec<Entry> = Vec::new();
    let mut incomplete = false;
    let read = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match entry(policy, input) {
                Ok(entry) => accept(policy, entry, &mut entries, errors),
                Err(error) => {
                    errors.push(error);
                    incomplete = true;
                    skip_to_comma(input);
                }
            }
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                let rest: TokenStream = input.fork().parse()?;
                let next = rest.into_iter().next();
                errors.at(next, "expected `,` before this: options are separated by commas");
                skip_to_comma(input);
                input.parse::<Option<Token![,]>>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = read.parse2(args) {
        errors.push(error);
    }
    (entries, incomplete)
}

fn accept(policy: Policy, entry: Entry, entries: &mut Vec<Entry>, errors: &mut Errors) {
    let name = entry.spec.name;
    if entries.iter().any(|earlier| earlier.spec.name == name) {
        errors.at(&entry.key, format!("`{name}` is given twice in {policy}: keep one"));
    } else {
        entries.push(entry);
    }
}

fn entry(policy: Policy, input: ParseStream<'_>) -> syn::Result<Entry> {
    if policy == Policy::Timeout && !is_named(input) {
        return limit(input);
    }
    let Ok(key) = input.call(Ident::parse_any) else {
        let example = options(policy)[0].example;
        return Err(input.error(format!("expected an option of {policy}, like `{example}`")));
    };
    let Some(spec) = options(policy).iter().find(|spec| key == spec.name) else {
        return Err(unknown(policy, &key));
    };
    let value = match spec.form() {
        Form::Value => Raw::Value(value(&key, spec, input)?),
        Form::Pattern => Raw::Pattern(pattern(&key, spec, input)?),
    };
    Ok(Entry { key, spec, value })
}

/// `name = …`, and not a comparison.
fn is_named(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==])
}

/// The positional limit of `#[timeout(5s)]`.
fn limit(input: ParseStream<'_>) -> syn::Result<Entry> {
    let value: Expr = input.parse()?;
    let span = value.to_token_stream().into_iter().next().map_or_else(proc_macro2::Span::call_site, |t| t.span());
    let spec = super::options::LIMIT;
    Ok(Entry { key: Ident::new(spec.name, span), spec, value: Raw::Value(value) })
}

fn value(key: &Ident, spec: &OptionSpec, input: ParseStream<'_>) -> syn::Result<Expr> {
    if input.peek(token::Paren) {
        return Err(input.error(format!("`{key}` takes a value: `{}`", spec.example)));
    }
    let Ok(equals) = input.parse::<Token![=]>() else {
        return Err(syn::Error::new_spanned(key, format!("`{key}` needs a value: `{}`", spec.example)));
    };
    if input.is_empty() || input.peek(Token![,]) {
        let pair = quote::quote!(#key #equals);
        return Err(syn::Error::new_spanned(pair, format!("`{key}` needs a value: `{}`", spec.example)));
    }
    input.parse()
}

fn pattern(key: &Ident, spec: &OptionSpec, input: ParseStream<'_>) -> syn::Result<Filter> {
    if !input.peek(token::Paren) {
        let found = if input.is_empty() { key.to_token_stream() } else { input.fork().parse()? };
        return Err(syn::Error::new_spanned(
            found.into_iter().take_while(|token| token.to_string() != ",").collect::<TokenStream>(),
            format!("`{key}` takes a pattern in parentheses: `{}`", spec.example),
        ));
    }
    let content;
    syn::parenthesized!(content in input);
    if content.is_empty() {
        return Err(syn::Error::new_spanned(key, format!("`{key}` needs a pattern: `{}`", spec.example)));
    }
    let pattern = Pat::parse_multi_with_leading_vert(&content)?;
    let guard = match content.parse::<Option<Token![if]>>()? {
        Some(_) => Some(content.parse()?),
        None => None,
    };
    if !content.is_empty() {
        return Err(content.error(format!(
            "expected the end of the pattern; several patterns are joined by `|`: `{}`",
            spec.example
        )));
    }
    Ok(Filter { pattern, guard })
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<proc_macro2::TokenTree>().is_err() {
            return;
        }
    }
}
