//! The modules of a crate, and the modules that each of them uses.
//!
//! A path is followed to the module that defines its end: `use crate::CircuitOpen` leads to the
//! module of the type and not to `lib.rs`, which re-exports it. Modules for tests are left out,
//! because they may look at everything.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::lexer::Token;
use crate::source::Package;

/// A module's path, `["circuit", "gate"]`; the crate's root is empty.
pub(crate) type Path = Vec<String>;

#[derive(Default)]
pub(crate) struct Crate {
    pub(crate) modules: BTreeMap<Path, Module>,
    /// The lines of items for tests, by file; a file that is a test from its first line on has all
    /// of them.
    tests: BTreeMap<PathBuf, Vec<RangeInclusive<usize>>>,
}

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    /// The names that `use` brings into the module, each with its path.
    names: BTreeMap<String, Path>,
    paths: Vec<Used>,
}

/// A path that a module names.
struct Used {
    line: usize,
    path: Path,
}

/// One module uses another, at a line of its file.
pub(crate) struct Edge {
    pub(crate) from: Path,
    pub(crate) to: Path,
    pub(crate) line: usize,
}

/// Reads the modules below `<package>/src`.
pub(crate) fn read(package: &Package) -> Crate {
    let root = PathBuf::from(&package.name).join("src");
    let mut found = Crate::default();
    let mut tests = BTreeSet::new();
    for file in &package.files {
        let Ok(inside) = file.path.strip_prefix(&root) else {
            continue;
        };
        let path = module_path(inside);
        let split = without_tests(&file.source.tokens);
        tests.extend(
            split
                .test_modules
                .into_iter()
                .map(|name| child(&path, name)),
        );
        found.tests.insert(file.path.clone(), split.test_lines);
        found
            .modules
            .insert(path, module(file.path.clone(), &split.kept));
    }
    let (kept, for_tests) = found
        .modules
        .into_iter()
        .partition(|(path, _)| !tests.iter().any(|test: &Path| path.starts_with(test)));
    found.modules = kept;
    let for_tests: BTreeMap<Path, Module> = for_tests;
    for module in for_tests.into_values() {
        found.tests.insert(module.file, vec![0..=usize::MAX]);
    }
    found
}

/// `circuit/gate.rs` is `circuit::gate`, `circuit/mod.rs` is `circuit`, `lib.rs` is the root.
fn module_path(file: &std::path::Path) -> Path {
    let file = file.with_extension("");
    let mut path: Path = file
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if path
        .last()
        .is_some_and(|last| last == "mod" || path.len() == 1 && (last == "lib" || last == "main"))
    {
        path.pop();
    }
    path
}

fn child(path: &[String], name: String) -> Path {
    let mut path = path.to_owned();
    path.push(name);
    path
}

/// A file's tokens without the items under `#[cfg(test)]`.
#[derive(Default)]
struct WithoutTests<'a> {
    kept: Vec<&'a Token>,
    /// The names of the modules among the items.
    test_modules: Vec<String>,
    test_lines: Vec<RangeInclusive<usize>>,
}

fn without_tests(tokens: &[Token]) -> WithoutTests<'_> {
    let mut split = WithoutTests::default();
    let mut at = 0;
    while at < tokens.len() {
        let Some(start) = end_of_test_attribute(tokens, at) else {
            split.kept.push(&tokens[at]);
            at += 1;
            continue;
        };
        let end = end_of_item(tokens, start);
        let item = &tokens[start..end];
        let name = item
            .windows(3)
            .find(|next| is(&next[0], "mod") && is(&next[2], ";"));
        split
            .test_modules
            .extend(name.map(|next| next[1].text.clone()));
        let last = item.last().map_or(0, |token| token.line);
        split.test_lines.push(tokens[at].line..=last);
        at = end;
    }
    split
}

fn is(token: &Token, text: &str) -> bool {
    token.text == text
}

/// The place behind `#[cfg(test)]` or `#[cfg(all(test, …))]`, if one is at this place.
fn end_of_test_attribute(tokens: &[Token], at: usize) -> Option<usize> {
    let text = |ahead: usize| {
        tokens
            .get(at + ahead)
            .map_or("", |token| token.text.as_str())
    };
    let is_test = [text(0), text(1), text(2), text(3)] == ["#", "[", "cfg", "("]
        && (text(4) == "test" || [text(4), text(5), text(6)] == ["all", "(", "test"]);
    if !is_test {
        return None;
    }
    let close = tokens[at..].iter().position(|token| is(token, "]"))?;
    Some(at + close + 1)
}

/// The place behind the item that begins here: its closing brace, or its semicolon outside of
/// brackets.
fn end_of_item(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0;
    for (offset, token) in tokens[start..].iter().enumerate() {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 && matches!(token.text.as_str(), "}" | ";") {
            return start + offset + 1;
        }
    }
    tokens.len()
}

fn module(file: PathBuf, tokens: &[&Token]) -> Module {
    let mut module = Module {
        file,
        ..Module::default()
    };
    let mut reader = Reader { tokens, at: 0 };
    // The braces that are open, true for those of a module written in place: `super` inside means
    // one level less.
    let mut braces = Vec::new();
    while let Some(token) = reader.peek() {
        let line = token.line;
        match token.text.as_str() {
            "use" if !reader.is_next(1, "<") => {
                reader.at += 1;
                for (name, path) in reader.tree(&[]) {
                    let path = outside(&path, &braces);
                    module.names.insert(name, path.clone());
                    module.paths.push(Used { line, path });
                }
            }
            "{" => {
                braces.push(reader.at >= 2 && is(tokens[reader.at - 2], "mod"));
                reader.at += 1;
            }
            "}" => {
                braces.pop();
                reader.at += 1;
            }
            _ => {
                let path = reader.path();
                if path.len() > 1 {
                    let path = outside(&path, &braces);
                    module.paths.push(Used { line, path });
                }
            }
        }
    }
    module
}

/// The path as the file's own module would write it.
fn outside(path: &[String], braces: &[bool]) -> Path {
    let inside = braces.iter().filter(|is_module| **is_module).count();
    let supers = path.iter().take_while(|part| *part == "super").count();
    path[inside.min(supers)..].to_owned()
}

struct Reader<'a> {
    tokens: &'a [&'a Token],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).copied()
    }

    fn is_next(&self, ahead: usize, text: &str) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|token| is(token, text))
    }

    fn is_separator(&self) -> bool {
        self.is_next(0, ":") && self.is_next(1, ":")
    }

    /// Words with `::` between them. Anything else is passed over, one token at a time.
    fn path(&mut self) -> Path {
        let mut path = Path::new();
        loop {
            let Some(token) = self.peek() else {
                return path;
            };
            let is_word = token
                .text
                .starts_with(|first: char| first == '_' || first.is_alphabetic());
            if is_word {
                path.push(token.text.clone());
            }
            if is_word || path.is_empty() {
                self.at += 1;
            }
            if !is_word || !self.is_separator() {
                return path;
            }
            self.at += 2;
        }
    }

    /// The names that a `use` brings, each with its path.
    fn tree(&mut self, prefix: &[String]) -> Vec<(String, Path)> {
        let mut path = prefix.to_owned();
        loop {
            if self.is_next(0, "{") {
                return self.group(&path);
            }
            match self.peek() {
                Some(token) if is(token, "*") => {
                    self.at += 1;
                    return vec![("*".to_owned(), path)];
                }
                Some(token) if !is(token, ":") => {
                    // `{self}` names the module in front of the braces.
                    if !is(token, "self") || prefix.is_empty() {
                        path.push(token.text.clone());
                    }
                    self.at += 1;
                }
                Some(_) => {}
                None => return Vec::new(),
            }
            if !self.is_separator() {
                break;
            }
            self.at += 2;
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if self.is_next(0, "as") {
            name = self
                .tokens
                .get(self.at + 1)
                .map_or(name, |token| token.text.clone());
            self.at += 2;
        }
        vec![(name, path)]
    }

    fn group(&mut self, prefix: &[String]) -> Vec<(String, Path)> {
        let mut found = Vec::new();
        self.at += 1;
        while self.peek().is_some() && !self.is_next(0, "}") {
            let before = self.at;
            found.extend(self.tree(prefix));
            // A token that is no part of a tree is passed over, because the group has to end.
            if self.is_next(0, ",") || self.at == before {
                self.at += 1;
            }
        }
        self.at += 1;
        found
    }
}

impl Crate {
    /// True for a line of an item under `#[cfg(test)]`, and for every line outside of `src`.
    pub(crate) fn is_test(&self, file: &std::path::Path, line: usize) -> bool {
        match self.tests.get(file) {
            Some(lines) => lines.iter().any(|lines| lines.contains(&line)),
            None => true,
        }
    }

    pub(crate) fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (from, module) in &self.modules {
            for used in &module.paths {
                if let Some(to) = self.resolve(from, &used.path, 0).filter(|to| to != from) {
                    edges.push(Edge {
                        from: from.clone(),
                        to,
                        line: used.line,
                    });
                }
            }
        }
        edges
    }

    /// The module that defines the end of the path; none if it is outside of the crate.
    fn resolve(&self, from: &Path, path: &[String], depth: usize) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        // Re-exports of re-exports are few; a circle of them is an error of the language.
        if depth > 8 {
            return None;
        }
        match first.as_str() {
            "crate" => self.descend(Path::new(), rest, depth),
            "self" => self.descend(from.clone(), rest, depth),
            "super" => {
                let (_, parent) = from.split_last()?;
                let parent = parent.to_owned();
                if rest.first().is_some_and(|next| next == "super") {
                    self.resolve(&parent, rest, depth)
                } else {
                    self.descend(parent, rest, depth)
                }
            }
            _ if self.modules.contains_key(&child(from, first.clone())) => {
                self.descend(from.clone(), path, depth)
            }
            _ => {
                let import = self.modules.get(from)?.names.get(first)?;
                let joined = [import, rest].concat();
                (import != path).then(|| self.resolve(from, &joined, depth + 1))?
            }
        }
    }

    fn descend(&self, mut module: Path, mut rest: &[String], depth: usize) -> Option<Path> {
        while let Some((first, after)) = rest.split_first() {
            let next = child(&module, first.clone());
            if !self.modules.contains_key(&next) {
                let imported = self
                    .modules
                    .get(&module)
                    .and_then(|module| module.names.get(first));
                return match imported {
                    Some(import) => self.resolve(&module, &[import, after].concat(), depth + 1),
                    None => self.modules.contains_key(&module).then_some(module),
                };
            }
            module = next;
            rest = after;
        }
        self.modules.contains_key(&module).then_some(module)
    }
}
