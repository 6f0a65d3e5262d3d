//! Each message that the library has for a fault of a configuration is in a golden. The messages
//! are the texts in the source of the code that reports faults.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The files and folders whose texts are messages of faults, below `resilience-runtime/src`.
const SOURCES: [&str; 22] = [
    "budget/file.rs",
    "bulkhead/file.rs",
    "circuit/file.rs",
    "config/load.rs",
    "config/names.rs",
    "config/read.rs",
    "config/watch.rs",
    "fallback/file.rs",
    "file/contradictions.rs",
    "file/key.rs",
    "file/overrides.rs",
    "file/parse.rs",
    "file/section.rs",
    "file/shared",
    "file/values.rs",
    "hedge/file.rs",
    "limiter/in_file.rs",
    "metrics/file.rs",
    "operation/times.rs",
    "rate_limit/file.rs",
    "retry/file.rs",
    "timeout/file.rs",
];

/// Texts of the rules that attributes and file have in common, about a literal that no file has:
/// one with a suffix, and a time that is no text. Their goldens are those of the compiler's
/// messages.
const OF_ATTRIBUTES: [&str; 3] = [
    " of type `u32`",
    ", not a duration",
    "`{name}` cannot be negative: write it as in `{example}`",
];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of one entry of [`SOURCES`].
fn files(of: &str) -> Vec<PathBuf> {
    let path = package().join("../../resilience-runtime/src").join(of);
    if path.is_file() {
        return vec![path];
    }
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    entries
        .map(|entry| entry.expect("readable").path())
        .collect()
}

/// Adds the texts of the code, without those of attributes, of tests, of the log and of `expect`.
fn add_texts(code: TokenStream, texts: &mut BTreeSet<String>) {
    let tokens: Vec<_> = code.into_iter().collect();
    let mut is_test = false;
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).map(|at| tokens[at].to_string());
        match token {
            TokenTree::Group(group) => {
                let first = before(1).unwrap_or_default();
                let is_attribute =
                    first == "#" || first == "!" && before(2).as_deref() == Some("#");
                is_test |= is_attribute && group.stream().to_string().starts_with("cfg (test");
                let is_body = group.delimiter() == Delimiter::Brace;
                if is_body && is_test {
                    is_test = false;
                    continue;
                }
                let macro_name = (first == "!").then(|| before(2)).flatten();
                let is_log = matches!(macro_name.as_deref(), Some("error" | "warn" | "info"));
                if !is_attribute && !is_log && first != "expect" {
                    add_texts(group.stream(), texts);
                }
            }
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    texts.insert(text.value());
                }
            }
            _ => {}
        }
    }
}

/// The parts of a message between its variables. A text of fewer than three words is no message,
/// but a name, or a part of a message that another text has.
fn parts(text: &str) -> Vec<String> {
    if text.split_whitespace().count() < 3 {
        return Vec::new();
    }
    let mut parts = vec![String::new()];
    let mut is_variable = false;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '{' | '}' if characters.peek() == Some(&character) => {
                characters.next();
                parts.last_mut().expect("one").push(character);
            }
            '{' => is_variable = true,
            '}' => {
                is_variable = false;
                parts.push(String::new());
            }
            _ if is_variable => {}
            _ => parts.last_mut().expect("one").push(character),
        }
    }
    parts.retain(|part| part.trim().len() > 2);
    parts
}

/// True if one line of a golden has all parts in their order.
fn is_in(golden: &str, parts: &[String]) -> bool {
    golden.lines().any(|line| {
        let mut rest = line;
        parts.iter().all(|part| {
            let part = part.trim_end_matches('\n');
            let found = rest.find(part);
            rest = found.map_or("", |at| &rest[at + part.len()..]);
            found.is_some()
        })
    })
}

/// All goldens with that extension below a folder of this directory.
fn goldens(folder: &str, ending: &str) -> String {
    let mut folders = vec![package().join(folder)];
    let mut reports = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("goldens") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == ending)
            {
                reports.push_str(&fs::read_to_string(path).expect("readable"));
            }
        }
    }
    reports
}

#[test]
fn each_message_of_a_fault_is_in_a_golden() {
    let mut texts = BTreeSet::new();
    for file in SOURCES.iter().flat_map(|source| files(source)) {
        let source = fs::read_to_string(&file).expect("readable");
        add_texts(source.parse().expect("Rust"), &mut texts);
    }
    let messages: Vec<_> = texts
        .iter()
        .map(|text| (text, parts(text)))
        .filter(|(_, parts)| !parts.is_empty())
        .collect();
    assert!(messages.len() > 60, "{} messages", messages.len());
    let of_files = goldens("faults", "txt");
    let of_attributes = goldens("../ui", "stderr");
    let missing: Vec<_> = messages
        .iter()
        .filter(|(text, parts)| {
            let is_of_attributes = OF_ATTRIBUTES.contains(&text.as_str());
            let goldens = if is_of_attributes {
                &of_attributes
            } else {
                &of_files
            };
            !is_in(goldens, parts)
        })
        .map(|(text, _)| text)
        .collect();
    assert!(
        missing.is_empty(),
        "no golden below faults/ shows: {missing:#?}"
    );
    for text in OF_ATTRIBUTES {
        assert!(texts.contains(text), "`{text}` is no message any more");
    }
}

/// The list of sources is whole: no other file makes a fault.
#[test]
fn no_other_file_makes_a_fault() {
    let root = package().join("../../resilience-runtime/src");
    let known: BTreeSet<_> = SOURCES.iter().flat_map(|source| files(source)).collect();
    let mut folders = vec![root.clone()];
    let mut others = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "rs") || known.contains(&path) {
                continue;
            }
            let source = fs::read_to_string(&path).expect("readable");
            let makes = [
                "ConfigFault::of_file(",
                "ConfigFault::at(",
                "Contradiction::exclusive(",
            ];
            // The words of a contradiction that comes from a setter are those of the setter.
            let is_worded =
                source.contains("Contradiction::new(") && !source.contains("error.setting()");
            if is_worded || makes.iter().any(|make| source.contains(make)) {
                others.push(path.strip_prefix(&root).expect("inside").to_owned());
            }
        }
    }
    others.retain(|path| !path.starts_with("file"));
    assert!(others.is_empty(), "add to SOURCES: {others:?}");
}
