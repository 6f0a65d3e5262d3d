//! The user's crate in `tests/user` has every option of every attribute, so that a build of it with
//! another toolchain, or with other versions of the dependencies, compiles the expansion of each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::policy::family;

/// The tokens of all files of the crate.
fn user_crate() -> TokenStream {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/user/src");
    let files = fs::read_dir(folder).expect("a folder");
    let text = |file: fs::DirEntry| fs::read_to_string(file.path()).expect("readable");
    let texts = files.map(|file| text(file.expect("readable")));
    texts
        .flat_map(|text| text.parse::<TokenStream>().expect("tokens"))
        .collect()
}

/// The names at the start of the options of every `#[name(...)]` in `tokens`.
fn used(name: &str, tokens: TokenStream, found: &mut BTreeSet<String>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_name = matches!(&token, TokenTree::Ident(ident) if ident == name);
        match (token, tokens.peek()) {
            (_, Some(TokenTree::Group(options))) if is_name => {
                found.extend(names(options.stream()));
            }
            (TokenTree::Group(group), _) if group.delimiter() != Delimiter::None => {
                used(name, group.stream(), found);
            }
            _ => {}
        }
    }
}

/// The first word of each part between commas.
fn names(options: TokenStream) -> Vec<String> {
    let tokens: Vec<_> = options.into_iter().collect();
    let parts =
        tokens.split(|token| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ','));
    parts
        .filter_map(|part| part.first())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_users_crate_has_every_option() {
    let user = user_crate();
    for table in family() {
        let mut found = BTreeSet::new();
        used(table.name, user.clone(), &mut found);
        let missing: Vec<_> = table
            .options
            .iter()
            .map(|spec| spec.name)
            .filter(|name| !found.contains(*name))
            .collect();
        assert!(
            missing.is_empty(),
            "tests/user has no {table} with {missing:?}: add it, and a function that runs it"
        );
    }
}
