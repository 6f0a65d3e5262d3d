//! The expansions, pretty-printed and reviewed: `snapshots/NAME.rs` is what a person writes, `NAME.expanded.rs` what
//! rustc is given. `BLESS=1 cargo test -p resilience-macros` writes them anew.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Item, Meta};

use crate::policy::Policy;

/// Expands every family attribute that is the top one of its function.
fn expand(item: Item) -> TokenStream {
    let Item::Fn(mut function) = item else { return expand_methods(item) };
    let top = function.attrs.iter().position(|attr| Policy::of(attr.path()).is_some());
    let Some(top) = top else { return function.into_token_stream() };
    let attr = function.attrs.remove(top);
    let args = match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    crate::attribute(Policy::of(attr.path()).expect("found above"), args, function.into_token_stream())
}

fn expand_methods(item: Item) -> TokenStream {
    let Item::Impl(mut block) = item else { return item.into_token_stream() };
    for item in &mut block.items {
        let expanded = expand(syn::parse2(item.to_token_stream()).expect("a method reads like a function"));
        *item = syn::ImplItem::Verbatim(expanded);
    }
    block.into_token_stream()
}

#[test]
fn expansions_are_as_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let bless = std::env::var_os("BLESS").is_some();
    let mut seen = 0;
    let mut entries: Vec<_> =
        fs::read_dir(&folder).expect("snapshots/").map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let Some(stem) = name.strip_suffix(".rs").filter(|stem| !stem.ends_with(".expanded")) else { continue };
        let input = syn::parse_file(&fs::read_to_string(&path).expect("readable")).expect("Rust");
        let expanded: TokenStream = input.items.into_iter().map(expand).collect();
        let printed = prettyplease::unparse(&syn::parse2(expanded).expect("the expansion is Rust"));
        let golden = folder.join(format!("{stem}.expanded.rs"));
        if bless {
            fs::write(&golden, &printed).expect("writable");
        }
        let reviewed = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(printed, reviewed, "{name} expands differently; look at it, then BLESS=1");
        seen += 1;
    }
    assert!(seen > 0, "no snapshots found");
}
