//! The list between the parentheses of an attribute. A bad option is reported and skipped, so that
//! the next one is still read and a half-typed list still gives the rest.

use proc_macro2::{Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Pat, Token, token};

use super::entry::{Arguments, Entry, EntryValue, Filter};
use super::nameless;
use super::rest::{behind_key, skip_to_comma, up_to_comma};
use super::shared::duration;
use super::table::{Bare, Family, OptionSpec, Syntax, Table};
use super::unknown::{is_told, unknown};
use crate::errors::Errors;
use crate::source_text::source_text;

/// Returns the options that could be read, and true if there were others.
pub(crate) fn parse(
    table: &'static Table,
    family: &Family,
    args: TokenStream,
    errors: &mut Errors,
) -> (Vec<Entry>, bool) {
    let mut entries: Vec<Entry> = Vec::new();
    let mut incomplete = false;
    let read = |input: ParseStream<'_>| {
        while !input.is_empty() {
            match entry(table, family, input, &entries) {
                Ok(entry) => accept(table, entry, &mut entries, errors),
                Err(error) => {
                    errors.push(error);
                    incomplete = true;
                    skip_to_comma(input);
                }
            }
            if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                let rest: TokenStream = input.fork().parse()?;
                let next = rest.into_iter().next();
                errors.at(
                    next,
                    "expected `,` before this: options are separated by commas",
                );
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

fn accept(table: &Table, entry: Entry, entries: &mut Vec<Entry>, errors: &mut Errors) {
    let name = entry.spec.name;
    if entries.iter().any(|earlier| earlier.spec.name == name) {
        errors.at(
            &entry.key,
            format!("`{name}` is given twice in {table}: keep one"),
        );
    } else {
        entries.push(entry);
    }
}

fn entry(
    table: &'static Table,
    family: &Family,
    input: ParseStream<'_>,
    earlier: &[Entry],
) -> syn::Result<Entry> {
    if let Some(error) = nameless::value(table, input) {
        return Err(error);
    }
    if let Bare::Is(name) = table.bare {
        // Behind the bare value, a word that stands alone is an option without its value.
        let has_value = earlier.iter().any(|entry| entry.spec.name == name);
        let is_option =
            input.peek(Token![,]) || is_named(table, name, input) || (has_value && is_word(input));
        if let Some(spec) = table.find(name).filter(|_| !is_option) {
            return bare(spec, input);
        }
    }
    let Ok(key) = input.call(Ident::parse_any) else {
        if input.peek(Token![,]) {
            return Err(input.error(format!(
                "an option of {table} is missing in front of this comma, or the comma is one too many"
            )));
        }
        return Err(nameless::literal(table, &up_to_comma(input)));
    };
    let Some(spec) = table.options.iter().find(|spec| key == spec.name) else {
        let is_foreign = is_told(table, family, &key.to_string());
        return Err(match nameless::call(table, &key, input) {
            Some(error) if !is_foreign => error,
            _ => unknown(table, family, &key, &behind_key(input)),
        });
    };
    let value = match spec.syntax() {
        Syntax::Value => EntryValue::Value(value(&key, spec, input)?),
        Syntax::Pattern => EntryValue::Pattern(pattern(&key, spec, input)?),
        Syntax::Arguments => EntryValue::Arguments(arguments(&key, spec, input)?),
    };
    Ok(Entry { key, spec, value })
}

/// True for a name in small letters that stands alone, or with a list in parentheses.
fn is_word(input: ParseStream<'_>) -> bool {
    let fork = input.fork();
    fork.call(Ident::parse_any)
        .is_ok_and(|name| !name.to_string().contains(char::is_uppercase))
        && (fork.is_empty() || fork.peek(Token![,]) || fork.peek(token::Paren))
}

/// True for `name =` (but not `name ==`), and for a known option name that stands alone, unless it
/// is the one that may be bare.
fn is_named(table: &Table, bare: &str, input: ParseStream<'_>) -> bool {
    if !input.peek(Ident::peek_any) {
        return false;
    }
    let fork = input.fork();
    let is_option = fork.call(Ident::parse_any).is_ok_and(|name| {
        let mut options = table.options.iter();
        options.any(|spec| name == spec.name && name != bare)
    });
    let ends = fork.is_empty() || fork.peek(Token![,]) || fork.peek(token::Paren);
    (fork.peek(Token![=]) && !fork.peek(Token![==])) || (is_option && ends)
}

/// The value of the option that may stand without its name, as in `#[timeout(5s)]`.
fn bare(spec: &'static OptionSpec, input: ParseStream<'_>) -> syn::Result<Entry> {
    let written = up_to_comma(input);
    let value: Expr = input.parse().map_err(|error| explained(&error, spec))?;
    let span = written
        .into_iter()
        .next()
        .map_or_else(proc_macro2::Span::call_site, |token| token.span());
    Ok(Entry {
        key: Ident::new(spec.name, span),
        spec,
        value: EntryValue::Value(value),
    })
}

fn value(key: &Ident, spec: &OptionSpec, input: ParseStream<'_>) -> syn::Result<Expr> {
    if input.peek(token::Paren) {
        if let Some(error) = nameless::call_of_an_option(spec, key, input) {
            return Err(error);
        }
        let (group, value) = (up_to_comma(input), behind_key(input));
        return Err(syn::Error::new_spanned(
            group,
            format!(
                "`{key}` takes a value behind `=`: write `{}`",
                spec.spelt(spec.name, &value)
            ),
        ));
    }
    let Ok(equals) = input.parse::<Token![=]>() else {
        return Err(syn::Error::new_spanned(
            key,
            format!("`{key}` needs a value, as in `{}`", spec.example),
        ));
    };
    if input.is_empty() || input.peek(Token![,]) {
        let pair = quote::quote!(#key #equals);
        return Err(syn::Error::new_spanned(
            pair,
            format!("`{key}` needs a value, as in `{}`", spec.example),
        ));
    }
    let value: Expr = input.parse().map_err(|error| explained(&error, spec))?;
    match unit_behind(&value, input) {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// The error for a unit with a space before it, `100 ms`. The number alone would be read as a value
/// without a unit, and the unit as an option without a comma.
fn unit_behind(value: &Expr, input: ParseStream<'_>) -> Option<syn::Error> {
    let unit = input.fork().call(Ident::parse_any).ok()?;
    let number = source_text(&value.to_token_stream());
    duration::parse(&format!("{number}{unit}")).ok()?;
    let message = format!("a duration is one word: write `{number}{unit}`");
    Some(syn::Error::new_spanned(
        quote::quote!(#value #unit),
        message,
    ))
}

/// The error for an option whose content stands in parentheses, if it is written without them.
fn without_parentheses(
    key: &Ident,
    spec: &OptionSpec,
    input: ParseStream<'_>,
    content: &str,
) -> syn::Error {
    let (found, value) = (up_to_comma(input), behind_key(input));
    let found = if found.is_empty() {
        key.to_token_stream()
    } else {
        found
    };
    syn::Error::new_spanned(
        found,
        format!(
            "`{key}` takes {content} in parentheses: write `{}`",
            spec.spelt(spec.name, &value)
        ),
    )
}

fn pattern(key: &Ident, spec: &OptionSpec, input: ParseStream<'_>) -> syn::Result<Filter> {
    if !input.peek(token::Paren) {
        return Err(without_parentheses(key, spec, input, "a pattern"));
    }
    let content;
    syn::parenthesized!(content in input);
    let result = filter(key, spec, &content);
    // The rest of the parentheses is part of the same mistake, so it is skipped.
    content.parse::<TokenStream>()?;
    result
}

fn filter(key: &Ident, spec: &OptionSpec, content: ParseStream<'_>) -> syn::Result<Filter> {
    if content.is_empty() {
        return Err(syn::Error::new_spanned(
            key,
            format!("`{key}` needs a pattern, as in `{}`", spec.example),
        ));
    }
    let all = content.fork().parse::<TokenStream>()?;
    let pattern =
        Pat::parse_multi_with_leading_vert(content).map_err(|error| explained(&error, spec))?;
    let guard = match content.parse::<Option<Token![if]>>()? {
        Some(_) => Some(content.parse().map_err(|error| explained(&error, spec))?),
        None => None,
    };
    if content.is_empty() {
        return Ok(Filter { pattern, guard });
    }
    let rest = content.fork().parse::<TokenStream>()?;
    let joined = all.into_iter().map(|token| match &token {
        TokenTree::Punct(comma) if comma.as_char() == ',' => {
            TokenTree::Punct(Punct::new('|', Spacing::Alone))
        }
        _ => token,
    });
    let message = if content.peek(Token![,]) && guard.is_none() {
        let joined = source_text(&joined.collect());
        format!(
            "several patterns are joined by `|`: write `{key}({})`",
            joined.trim_end_matches([' ', '|'])
        )
    } else {
        format!(
            "expected the end of the pattern: `{key}` is written as in `{}`",
            spec.example
        )
    };
    Err(syn::Error::new_spanned(rest, message))
}

fn arguments(key: &Ident, spec: &OptionSpec, input: ParseStream<'_>) -> syn::Result<Arguments> {
    if !input.peek(token::Paren) {
        return Err(without_parentheses(
            key,
            spec,
            input,
            "arguments of the function",
        ));
    }
    let content;
    syn::parenthesized!(content in input);
    let written = content.parse::<TokenStream>()?;
    if written.is_empty() {
        return Err(syn::Error::new_spanned(
            key,
            format!(
                "`{key}` needs the name of an argument, as in `{}`; `{key}(..)` names every owned one",
                spec.example
            ),
        ));
    }
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    if let Ok(names) =
        (|input: ParseStream<'_>| names(input, Ident::parse_any)).parse2(written.clone())
    {
        return Ok(Arguments::Named(names.into_iter().collect()));
    }
    let all = |input: ParseStream<'_>| {
        input.parse::<Token![..]>()?;
        input.parse::<Option<Token![,]>>()
    };
    if all.parse2(written.clone()).is_ok() {
        return Ok(Arguments::All);
    }
    let message = format!(
        "`{key}` takes names of arguments and nothing else, as in `{}`, or `{key}(..)` for every owned one",
        spec.example
    );
    Err(syn::Error::new_spanned(written, message))
}

/// The error of the parser in its own words, followed by the form of the option.
fn explained(error: &syn::Error, spec: &OptionSpec) -> syn::Error {
    syn::Error::new(
        error.span(),
        format!(
            "{error}: `{}` is written as in `{}`",
            spec.name, spec.example
        ),
    )
}
