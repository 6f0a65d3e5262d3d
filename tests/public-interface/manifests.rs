//! The manifests say what the page of a package on crates.io needs.

use std::fs;

use resilience_public_interface_tests::{Package, published, root};
use serde_json::Value;

/// The categories of crates.io that fit this library. Another slug is refused when a package is
/// published.
const CATEGORIES: [&str; 6] = [
    "asynchronous",
    "network-programming",
    "rust-patterns",
    "web-programming",
    "visualization",
    "database",
];

fn texts(value: &Value) -> Vec<&str> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).collect()
}

#[test]
fn each_package_has_what_its_page_shows() {
    for Package { name, manifest, .. } in published() {
        for field in [
            "description",
            "documentation",
            "license",
            "readme",
            "rust_version",
        ] {
            let value = manifest[field].as_str().unwrap_or_default();
            assert!(!value.is_empty(), "{name} has no {field}");
        }
        let keywords = texts(&manifest["keywords"]);
        assert!(
            (3..=5).contains(&keywords.len()),
            "{name} has the keywords {keywords:?}"
        );
        for keyword in keywords {
            let is_valid = keyword.len() <= 20
                && keyword
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-+".contains(&byte));
            assert!(is_valid, "{name}: crates.io refuses the keyword {keyword}");
        }
        let categories = texts(&manifest["categories"]);
        assert!(
            (1..=5).contains(&categories.len()),
            "{name} has the categories {categories:?}"
        );
        for category in categories {
            assert!(
                CATEGORIES.contains(&category),
                "{name}: is {category} a category of crates.io?"
            );
        }
        let docs = &manifest["metadata"]["docs"]["rs"];
        assert_eq!(
            docs["all-features"], true,
            "{name}: docs.rs shows all features"
        );
    }
}

#[test]
fn ci_packs_each_package_and_the_users_crate_uses_it() {
    let ci = fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    let list = ci
        .lines()
        .find_map(|line| line.strip_prefix("published=(")?.strip_suffix(')'))
        .expect("the list in .ci/run");
    let listed: Vec<_> = list.split(' ').collect();
    let user = fs::read_to_string(root().join("tests/user/Cargo.toml")).expect("tests/user");
    for Package { name, .. } in published() {
        assert!(listed.contains(&&*name), "{name} is not packed by .ci/run");
        // The macros come with the runtime, and the fleet needs a later Rust than the user's crate
        // has.
        let is_exempt = ["resilience-macros", "resilience-fleet"].contains(&&*name);
        let is_used = is_exempt || user.contains(&format!("\n{name} = "));
        assert!(is_used, "tests/user does not use {name}");
    }
}
