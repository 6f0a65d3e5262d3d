//! DESIGN.md says why each public type has its name.

use std::collections::BTreeSet;
use std::fs;

use resilience_public_interface_tests::{published, root};

/// The words of the section on public names.
fn explained() -> BTreeSet<String> {
    let page = fs::read_to_string(root().join("DESIGN.md")).expect("readable");
    let (_, section) = page.split_once("\n## Public names").expect("a section");
    let words = section.split(|letter: char| !letter.is_alphanumeric());
    words.map(str::to_owned).collect()
}

/// The type that a line of the golden declares.
fn declared(line: &str) -> Option<&str> {
    let declaration = line
        .trim_start_matches("#[non_exhaustive] ")
        .strip_prefix("pub ")?;
    let (kind, path) = declaration.split_once(' ')?;
    let path = path.split([' ', '<', '(', '{', ';']).next()?;
    let name = path.trim_end_matches(':').rsplit("::").next();
    name.filter(|_| ["struct", "enum", "trait"].contains(&kind))
}

#[test]
fn design_says_why_each_public_type_has_its_name() {
    let explained = explained();
    let mut types = 0;
    let mut missing = Vec::new();
    for package in published() {
        let golden = root().join(format!(
            "tests/public-interface/goldens/{}.txt",
            package.name
        ));
        let golden = fs::read_to_string(golden).expect("readable");
        for name in golden.lines().filter_map(declared) {
            types += 1;
            if !explained.contains(name) {
                missing.push(format!("{}: {name}", package.name));
            }
        }
    }
    assert!(types > 100, "the goldens have {types} types");
    assert!(
        missing.is_empty(),
        "add a row to `Public names` in DESIGN.md for {missing:#?}"
    );
}
