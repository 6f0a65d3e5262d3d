//! The expansions, pretty-printed and reviewed: a person writes `snapshots/NAME.rs`, and rustc is
//! given `NAME.expanded.rs`. `BLESS=1 cargo test -p resilience-macros` writes them anew, in the
//! house's format.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Item, Meta};

use crate::features::Features;
use crate::policy;

/// Lines that an expansion may add to a plain function: for one attribute, and for the stack of
/// three. The answer of an async fallback may be a future or not, so it takes more lines. An async
/// retry waits only if an attempt has failed, which takes two more.
const BUDGETS: [(&str, usize); 7] = [
    ("plain_stack", 70),
    ("plain_fallback_in_file", 37),
    ("plain_fallback", 34),
    ("plain_hedge_in_file", 41),
    ("plain_hedge", 38),
    ("plain_retry", 35),
    ("plain", 33),
];

/// The name of each snapshot, and its two files.
fn snapshots() -> Vec<(String, PathBuf, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let names = fs::read_dir(&folder)
        .expect("snapshots/")
        .map(|entry| entry.expect("readable").file_name());
    let stems = names.filter_map(|name| {
        let stem = name.to_string_lossy().strip_suffix(".rs")?.to_owned();
        (!stem.ends_with(".expanded")).then_some(stem)
    });
    let mut snapshots: Vec<_> = stems
        .map(|stem| {
            (
                stem.clone(),
                folder.join(format!("{stem}.rs")),
                folder.join(format!("{stem}.expanded.rs")),
            )
        })
        .collect();
    snapshots.sort();
    assert!(!snapshots.is_empty(), "no snapshots found");
    snapshots
}

/// Expands the top family attribute of every function. The values of those in a file whose name
/// ends with `in_file` can be set by the configuration file, and the functions of one whose name
/// ends with `in_scope` run in the scope of a test.
fn expand(item: Item, features: Features) -> TokenStream {
    match item {
        Item::Fn(mut function) => {
            let top = function
                .attrs
                .iter()
                .position(|attr| policy::of(attr.path()).is_some())
                .expect("an attribute");
            let attr = function.attrs.remove(top);
            let args = match &attr.meta {
                Meta::List(list) => list.tokens.clone(),
                _ => TokenStream::new(),
            };
            crate::attribute::expand_for(
                policy::of(attr.path()).expect("found above"),
                args,
                function.into_token_stream(),
                features,
            )
        }
        Item::Impl(mut block) => {
            for item in &mut block.items {
                let method =
                    syn::parse2(item.to_token_stream()).expect("a method reads like a function");
                *item = syn::ImplItem::Verbatim(expand(method, features));
            }
            block.into_token_stream()
        }
        other => panic!("no function: {}", other.to_token_stream()),
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// In the house's format, by the toolchain's own rustfmt.
fn formatted(tokens: &TokenStream) -> String {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("rustfmt runs");
    rustfmt
        .stdin
        .take()
        .expect("piped")
        .write_all(tokens.to_string().as_bytes())
        .expect("rustfmt reads");
    let output = rustfmt.wait_with_output().expect("rustfmt ends");
    assert!(output.status.success(), "no Rust: {tokens}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn expansions_are_as_reviewed() {
    for (name, written, golden) in snapshots() {
        let items = syn::parse_file(&read(&written)).expect("Rust").items;
        let features = Features {
            config: name.ends_with("in_file"),
            test_util: name.ends_with("in_scope"),
        };
        let expanded = items.into_iter().map(|item| expand(item, features));
        let expanded = formatted(&expanded.collect());
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &expanded).expect("writable");
        }
        assert!(
            expanded == read(&golden),
            "{name} expands to something else:\n{expanded}\nIf that is better, bless it with BLESS=1 and read the difference"
        );
    }
}

#[test]
fn expansions_are_small() {
    // They are being written anew beside this test.
    if std::env::var_os("BLESS").is_some() {
        return;
    }
    for (name, written, golden) in snapshots() {
        let Some((_, budget)) = BUDGETS.iter().find(|(prefix, _)| name.starts_with(prefix)) else {
            continue;
        };
        let lines = |path: &Path| {
            read(path)
                .lines()
                .filter(|line| !line.starts_with("#["))
                .count()
        };
        let added = lines(&golden) - lines(&written);
        assert!(
            added <= *budget,
            "{name} adds {added} lines, more than {budget}"
        );
    }
}
