//! The option tables stand twice, in the README and at the attributes, where people look for them. This keeps both
//! the same, and the same as the options that are read.

use crate::parse::options;
use crate::policy::Policy;

const README: &str = include_str!("../../README.md");
const ATTRIBUTES: &str = include_str!("lib.rs");

fn in_readme(policy: Policy) -> Vec<&'static str> {
    table(README, &format!("### `{policy}`"), "")
}

fn at_attribute(policy: Policy) -> Vec<&'static str> {
    // The documentation stands above the function, so the table is the last one before it.
    let function = ATTRIBUTES
        .find(&format!("pub fn {}(", policy.name()))
        .expect("an attribute of this name");
    let above = &ATTRIBUTES[..function];
    let section = above.rfind("/// # Options").expect("a section on options");
    table(&above[section..], "/// # Options", "/// ")
}

/// The rows of the first table behind `heading`, without its two header lines.
fn table(text: &'static str, heading: &str, margin: &str) -> Vec<&'static str> {
    let lines = text.lines().skip_while(|line| *line != heading);
    let rows = lines
        .filter_map(|line| line.strip_prefix(margin))
        .skip_while(|line| !line.starts_with('|'));
    rows.take_while(|line| line.starts_with('|'))
        .skip(2)
        .collect()
}

/// `max_retries` of ``| `max_retries = 3` | …``, `retry_on` of ``| `retry_on(pattern)` | …``.
fn option(row: &str) -> &str {
    let code = row
        .strip_prefix("| `")
        .expect("a row begins with its option");
    code.split([' ', '(']).next().unwrap_or(code)
}

#[test]
fn the_readme_names_every_example() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).expect("examples/");
    let names = files.filter_map(|file| {
        let name = file
            .expect("readable")
            .file_name()
            .into_string()
            .expect("UTF-8");
        name.strip_suffix(".rs").map(str::to_owned)
    });
    for name in names {
        let is_named =
            README.contains(&format!("`{name}`")) || README.contains(&format!("--example {name}"));
        assert!(is_named, "README does not name the example {name}");
    }
}

#[test]
fn the_tables_list_every_option_in_its_order() {
    for policy in Policy::ALL {
        let documented: Vec<_> = in_readme(policy).into_iter().map(option).collect();
        let read: Vec<_> = options(policy).iter().map(|spec| spec.name).collect();
        assert_eq!(documented, read, "{policy}");
    }
}

#[test]
fn the_attributes_say_what_the_readme_says() {
    for policy in Policy::ALL {
        assert_eq!(at_attribute(policy), in_readme(policy), "{policy}");
    }
}
