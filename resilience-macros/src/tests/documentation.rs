//! The option tables stand in the guide and at the attributes, where people look for them. Both
//! are written from the rows of the option tables:
//! `BLESS=1 cargo test -p resilience-macros documentation` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

use crate::language::table::{Kind, OptionSpec, Table};
use crate::policy::{family, policies};

const EXAMPLES: &str = include_str!("../../../examples/README.md");

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// The row that documents an option.
fn row(spec: &OptionSpec) -> String {
    let name = spec.name;
    let written = match spec.kind {
        Kind::Pattern => format!("{name}(pattern)"),
        Kind::Function | Kind::Error => format!("{name} = f"),
        Kind::Value => format!("{name} = expr"),
        Kind::Name { .. } => format!("{name} = name"),
        Kind::CratePath => format!("{name} = path"),
        _ => spec.example.to_owned(),
    };
    format!("| `{written}` | {} | {} |", spec.default, spec.meaning)
}

/// `text` with the rows of the first table behind `heading` replaced; each line begins with
/// `margin`.
fn with_rows(text: &str, heading: &str, margin: &str, table: &Table) -> String {
    let start = text.find(heading).unwrap_or_else(|| panic!("no {heading}"));
    let head = format!("\n{margin}|---|---|---|\n");
    let rows = start + text[start..].find(&head).expect("a table") + head.len();
    let is_row = |line: &&str| line.starts_with(&format!("{margin}|"));
    let length: usize = text[rows..]
        .split_inclusive('\n')
        .take_while(is_row)
        .map(str::len)
        .sum();
    let mut written = String::new();
    for spec in table.options {
        written.extend([margin, &row(spec), "\n"]);
    }
    format!("{}{written}{}", &text[..rows], &text[rows + length..])
}

/// The file as it is, and as the option tables would have it.
fn documented(file: &str, with: impl Fn(&str, &Table) -> String) -> (String, String) {
    let text = fs::read_to_string(path(file)).expect("readable");
    let written = family()
        .into_iter()
        .fold(text.clone(), |text, table| with(&text, table));
    if std::env::var_os("BLESS").is_some() && text != written {
        fs::write(path(file), &written).expect("writable");
    }
    (text, written)
}

#[test]
fn the_guide_has_the_rows_of_the_option_tables() {
    let (text, written) = documented(
        "../resilience-runtime/src/guide/options.md",
        |text, table| with_rows(text, &format!("\n# `{table}`"), "", table),
    );
    assert!(text == written, "write the guide's tables with BLESS=1");
}

#[test]
fn the_attributes_have_the_rows_of_the_option_tables() {
    let (text, written) = documented("src/lib.rs", |text, table| {
        // The documentation stands above the function, so the section is the last one before it.
        let function = text
            .find(&format!("pub fn {}(", table.name))
            .expect("an attribute of this name");
        let section = text[..function].rfind("/// # Options").expect("a section");
        let (before, behind) = text.split_at(section);
        before.to_owned() + &with_rows(behind, "/// # Options", "/// ", table)
    });
    assert!(text == written, "write the tables of lib.rs with BLESS=1");
}

/// The names in a folder, without the ending of Rust files.
fn names(folder: &std::path::Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten();
    let name = |file: fs::DirEntry| file.file_name().into_string().expect("UTF-8");
    files
        .map(|file| name(file.expect("readable")).replace(".rs", ""))
        .collect()
}

/// The names of the packages, and of the programs of packages that have several.
fn examples() -> Vec<String> {
    let folder = path("../examples");
    let packages = names(&folder).into_iter();
    let packages = packages.filter(|name| folder.join(name).join("Cargo.toml").exists());
    packages
        .flat_map(|name| [names(&folder.join(&name).join("src/bin")), vec![name]].concat())
        .collect()
}

#[test]
fn the_list_of_examples_names_every_one() {
    for name in examples() {
        let is_named = EXAMPLES.contains(&format!("| `{name}` |"));
        assert!(
            is_named,
            "examples/README.md does not name the example {name}"
        );
    }
}

#[test]
fn the_programs_of_the_cookbook_are_examples() {
    let page = include_str!("../../../resilience-runtime/src/guide/cookbook.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("|---"));
    let rows = rows.skip(1).take_while(|line| line.starts_with('|'));
    let mut names = 0;
    for row in rows {
        let programs = row.trim_end_matches(" |").rsplit(" | ").next();
        for name in programs.into_iter().flat_map(|cell| cell.split(", ")) {
            names += 1;
            assert!(
                EXAMPLES.contains(&format!("| {name} |")),
                "examples/README.md has no {name}"
            );
        }
    }
    assert!(names > 7, "the page names {names} programs");
}

#[test]
fn every_example_is_an_option_that_expands() {
    let lex = |source: &str| source.parse::<TokenStream>().expect("lexes");
    let asynchronous = lex(
        "async fn fetch(&self, text: String, request: Request) -> Result<Page, ApiError> { self.get(text, request).await }",
    );
    let synchronous = lex(
        "fn fetch(text: String, request: Request) -> Result<Page, ApiError> { get(text, request) }",
    );
    for policy in policies() {
        for spec in policy.table.options {
            let required = super::required(policy, spec.name);
            let beside = match spec.name {
                "minimum_calls" | "window_calls" => "failure_rate = 0.5",
                "slow_rate" => "slow_call = 2s",
                "max_keys" | "idle" => "key = text",
                _ => "",
            };
            let beside = [required.as_str(), beside];
            let beside = beside.into_iter().filter(|options| !options.is_empty());
            let beside = beside.fold(String::new(), |all, options| all + options + ", ");
            let function = match spec.kind {
                Kind::Mode(_) => &synchronous,
                _ => &asynchronous,
            };
            let args = lex(&format!("{beside}{}", spec.example));
            let expanded = crate::attribute::expand(policy, args, function.clone()).to_string();
            assert!(
                !expanded.contains("compile_error"),
                "{policy}: `{}` gives {expanded}",
                spec.example
            );
        }
    }
}
