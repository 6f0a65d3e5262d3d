//! Whatever a person or an editor hands to an attribute: it never panics, and the function is still
//! there.
//!
//! `PROPTEST_CASES=1000000 cargo test --release -p resilience-macros fuzz` runs it long.

use std::collections::HashMap;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use proptest::prelude::*;
use quote::quote;

use crate::policy::spec::Policy;
use crate::policy::{self, family};

/// Tokens of argument lists, in any order.
const ARGUMENTS: [&str; 56] = [
    "=",
    "=",
    "=",
    ",",
    ",",
    ",",
    "|",
    "||",
    "_",
    "..",
    "..=",
    "&",
    "-",
    "!",
    "::",
    ":",
    ";",
    "#",
    "?",
    "if",
    "mut",
    "move",
    "async",
    "self",
    "Self",
    "crate",
    "fn",
    "match",
    "true",
    "0",
    "3",
    "-1",
    "0.5",
    "1e9",
    "5s",
    "250ms",
    "1m30s",
    "0s",
    "5x",
    "\"5s\"",
    "\"\"",
    "\"jira\"",
    "b\"x\"",
    "'c'",
    "'a",
    "LIMIT",
    "ApiError::Busy",
    "|error| true",
    "|_, _|",
    "linear",
    "decorrelated",
    "thread",
    "cooperative",
    "Duration::MAX",
    "concat!(\"a\")",
    "r#type",
];

const ITEM: [&str; 52] = [
    "#[retry]",
    "#[timeout(5s)]",
    "#[timeout = 5s]",
    "#[circuit_breaker(name = \"a\")]",
    "#[doc = \"d\"]",
    "#[a::timeout]",
    "#[retry(__taken)]",
    "pub",
    "pub(crate)",
    "default",
    "const",
    "async",
    "unsafe",
    "extern \"C\"",
    "fn",
    "fn f",
    "fn r#fn",
    "struct S",
    "impl S",
    "trait T",
    "mod m",
    "macro_rules! m",
    "()",
    "(self)",
    "(&self)",
    "(&mut self)",
    "(mut self: Self)",
    "(x: &str)",
    "(x: u32, y: &'a mut T)",
    "((a, b): (u8, u8))",
    "(x: Q<'_>)",
    "(n: u32, ...)",
    "<T>",
    "<'a, const N: u32>",
    "-> Result<u32, E>",
    "-> Result<&mut u32, E>",
    "-> io::Result<()>",
    "-> u32",
    "-> !",
    "-> impl Future<Output = R>",
    "-> Pin<Box<dyn Future<Output = R> + Send + '_>>",
    "where T: Clone",
    ";",
    "{}",
    "{ Ok(1) }",
    "{ async move { Ok(1) } }",
    "{ Box::pin(async move { let x = x; Ok(x) }) }",
    "{ use a::__private as __rt; }",
    "{ x. }",
    "{ #[allow(a)] { 1 } }",
    "= 3",
    "'a",
];

fn policies() -> impl Strategy<Value = &'static Policy> {
    proptest::sample::select(policy::policies().collect::<Vec<_>>())
}

/// Words, and any text that lexes.
fn tokens(words: Vec<String>, most: usize) -> impl Strategy<Value = TokenStream> {
    let word = proptest::sample::select(words);
    let text = "[a-z0-9_ .,=|<>(){}&'\"!?+#:;-]{0,24}".prop_map(|text| {
        if text.parse::<TokenStream>().is_ok() {
            text
        } else {
            String::new()
        }
    });
    let piece = prop_oneof![12 => word.boxed(), 1 => text.boxed()];
    let flat = proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.join(" "));
    let nested = flat.prop_recursive(3, 24, 4, |inner| {
        let group = (
            inner.clone(),
            proptest::sample::select(vec!["()", "[]", "{}"]),
            inner,
        );
        group.prop_map(|(before, delimiters, inside)| {
            let (open, close) = delimiters.split_at(1);
            format!("{before} {open} {inside} {close}")
        })
    });
    nested.prop_map(|text| {
        text.parse()
            .unwrap_or_else(|error| panic!("made of what lexes: {text}: {error}"))
    })
}

fn arguments() -> impl Strategy<Value = TokenStream> {
    let options = || family().into_iter().flat_map(|table| table.options);
    let names = options().map(|spec| spec.name.to_owned());
    let whole = options().map(|spec| format!("{} ,", spec.example));
    tokens(
        ARGUMENTS
            .iter()
            .map(ToString::to_string)
            .chain(names)
            .chain(whole)
            .collect(),
        12,
    )
}

fn items() -> impl Strategy<Value = TokenStream> {
    tokens(ITEM.iter().map(ToString::to_string).collect(), 10)
}

/// Counts each token, in groups, too.
fn count(tokens: TokenStream, counts: &mut HashMap<String, usize>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                if group.delimiter() != Delimiter::None {
                    *counts
                        .entry(format!("{:?}", group.delimiter()))
                        .or_default() += 1;
                }
                count(group.stream(), counts);
            }
            token => *counts.entry(token.to_string()).or_default() += 1,
        }
    }
}

/// No token of `kept` is gone, wherever it stands now.
fn contains(expanded: &TokenStream, kept: &TokenStream) -> Result<(), TestCaseError> {
    let (mut have, mut want) = (HashMap::new(), HashMap::new());
    count(expanded.clone(), &mut have);
    count(kept.clone(), &mut want);
    for (token, times) in want {
        let found = have.get(&token).copied().unwrap_or_default();
        prop_assert!(found >= times, "`{token}` of `{kept}` is gone: {expanded}");
    }
    Ok(())
}

/// The item as it is defined in the end: without the family's attributes in front, and inner ones
/// outside.
fn defined(item: &TokenStream) -> TokenStream {
    let (rest, _) =
        crate::function::item::without_attributes(item.clone(), |path| policy::of(path).is_some());
    rest.into_iter()
        .filter(|token| token.to_string() != "!")
        .collect()
}

proptest! {
    // A failure becomes a test of its own, not a file.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_arguments_leave_the_function(policy in policies(), args in arguments(), is_async: bool) {
        let asyncness = is_async.then(|| quote!(async));
        let head = quote!(pub #asyncness fn fetch<T: Clone>(&self, url: &T, mut page: u32) -> Result<T, ApiError>);
        let body = quote!({ let client = self.client; page += 1; client.get(url, page)? });
        // A `mut` in front of an argument is no part of the signature.
        let expanded = crate::attribute::expand(policy, args, quote!(#[doc = "kept"] #head #body)).to_string().replace("mut url : T", "url : T");
        for kept in [quote!(#[doc = "kept"] #head).to_string(), body.to_string()] {
            prop_assert!(expanded.contains(&kept), "`{kept}` is not in {expanded}");
        }
    }

    #[test]
    fn any_item_is_still_defined(policy in policies(), args in arguments(), item in items()) {
        let expanded = crate::attribute::expand(policy, args, item.clone());
        contains(&expanded, &defined(&item))?;
    }

    #[test]
    fn any_signature_is_still_defined(policy in policies(), item in items(), body in arguments()) {
        let item = quote!(#item fn fetch() -> Result<u32, ApiError> { #body });
        let expanded = crate::attribute::expand(policy, quote!(), item.clone());
        contains(&expanded, &defined(&item))?;
    }
}
