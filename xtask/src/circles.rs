//! Circles between the modules of a crate: files that use each other, and folders that do so
//! through their files.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::{Crate, Edge, Path};

/// Modules that use each other, and one place for each of the uses.
pub(crate) struct Circle {
    pub(crate) members: Vec<String>,
    pub(crate) uses: Vec<String>,
}

/// The circles between files, and between the entries of each folder.
pub(crate) fn find(modules: &Crate) -> Vec<Circle> {
    let edges = modules.edges();
    let mut circles = between(modules, &edges, |path| Some(name(path)));
    let folders: BTreeSet<_> = modules
        .modules
        .keys()
        .flat_map(|path| (0..path.len()).map(|length| path[..length].to_owned()))
        .collect();
    for folder in folders {
        let found = between(modules, &edges, |path| entry(&folder, path));
        for circle in found {
            let is_known = |known: &Circle| {
                circle
                    .members
                    .iter()
                    .all(|member| known.members.contains(member))
            };
            if !circles.iter().any(is_known) {
                circles.push(circle);
            }
        }
    }
    circles
}

fn name(path: &[String]) -> String {
    if path.is_empty() {
        "crate".to_owned()
    } else {
        path.join("::")
    }
}

/// The entry of `folder` that holds the module: a file or folder in it, or the file of the folder
/// itself.
fn entry(folder: &Path, path: &Path) -> Option<String> {
    let inside = path.strip_prefix(folder.as_slice())?;
    Some(name(&path[..folder.len() + inside.len().min(1)]))
}

/// The circles of the graph whose nodes are the names that `node` gives to the modules.
fn between(modules: &Crate, edges: &[Edge], node: impl Fn(&Path) -> Option<String>) -> Vec<Circle> {
    let mut uses: BTreeMap<(String, String), String> = BTreeMap::new();
    for edge in edges {
        if let (Some(from), Some(to)) = (node(&edge.from), node(&edge.to)) {
            let file = modules.modules[&edge.from].file.display();
            let place = format!("{file}:{} uses {}", edge.line, name(&edge.to));
            if from != to {
                uses.entry((from, to)).or_insert(place);
            }
        }
    }
    let reached = reached(&uses);
    let mut circles: Vec<Circle> = Vec::new();
    for (from, others) in &reached {
        let members: Vec<_> = others
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(from)))
            .map(|member| (*member).to_owned())
            .collect();
        if members.len() > 1 && !circles.iter().any(|circle| circle.members == members) {
            let uses = uses
                .iter()
                .filter(|((from, to), _)| members.contains(from) && members.contains(to))
                .map(|(_, place)| place.clone())
                .collect();
            circles.push(Circle { members, uses });
        }
    }
    circles
}

/// The nodes that each node reaches.
fn reached(uses: &BTreeMap<(String, String), String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in uses.keys() {
        next.entry(from).or_default().push(to);
    }
    let starts = next.keys().copied();
    starts
        .map(|start| {
            let mut reached = BTreeSet::new();
            let mut waiting = vec![start];
            while let Some(node) = waiting.pop() {
                for to in next.get(node).into_iter().flatten() {
                    if reached.insert(*to) {
                        waiting.push(to);
                    }
                }
            }
            (start, reached)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::imports;
    use crate::lexer::lex;
    use crate::source::{File, Package};

    fn circles(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let files = files.iter().map(|(path, text)| File {
            path: PathBuf::from("package/src").join(path),
            lines: 0,
            wide_comments: Vec::new(),
            source: lex(text),
        });
        let package = Package {
            name: "package".to_owned(),
            files: files.collect(),
        };
        let circles = find(&imports::read(&package));
        circles.into_iter().map(|circle| circle.members).collect()
    }

    #[test]
    fn files_that_use_each_other_are_a_circle() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B; fn f() { super::a::A; }"),
        ]);
        assert_eq!(found, [["a", "b"]]);
    }

    #[test]
    fn a_reexport_leads_to_the_module_that_defines_the_name() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b; pub use a::{A, inner::Inner};"),
            (
                "a/mod.rs",
                "mod inner; pub(crate) use inner::Inner as Renamed; pub struct A;",
            ),
            ("a/inner.rs", "pub struct Inner;"),
            ("b.rs", "use crate::{A, Inner}; use crate::a::Renamed;"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_child_that_uses_its_folders_file_is_a_circle_if_the_file_uses_the_child() {
        let found = circles(&[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod inner; pub use inner::Inner; pub struct A;"),
            ("a/inner.rs", "pub struct Inner(super::A);"),
        ]);
        assert_eq!(found, [["a", "a::inner"]]);
    }

    #[test]
    fn folders_are_a_circle_through_different_files() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod one; mod two;"),
            ("a/one.rs", "use crate::b::three::Three;"),
            ("a/two.rs", "pub struct Two;"),
            ("b/mod.rs", "pub mod three; mod four;"),
            ("b/three.rs", "pub struct Three;"),
            ("b/four.rs", "use crate::a::two::Two;"),
        ]);
        assert_eq!(found, [["a", "b"]]);
    }

    #[test]
    fn a_module_for_tests_may_use_everything() {
        let found = circles(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "use crate::b::B; pub struct A; #[cfg(test)] mod tests;",
            ),
            ("a/tests.rs", "use crate::b::B; use super::A;"),
            (
                "b.rs",
                "pub struct B; #[cfg(all(test, loom))] mod models { use crate::a::A; }",
            ),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_use_with_rubbish_in_its_braces_filled_the_memory() {
        let found = circles(&[
            ("lib.rs", "mod a; use crate::a::{A, : B, };"),
            ("a.rs", "pub struct A;"),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }
}
