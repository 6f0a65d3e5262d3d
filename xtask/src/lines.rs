//! Sizes and circles, as figures and as limits.

use crate::circles::{self, Circle};
use crate::imports;
use crate::lexer::Token;
use crate::source::{File, Package};

/// The lines that a function may have, from `fn` to its closing brace.
const LONGEST_FUNCTION: usize = 63;

struct Function<'a> {
    file: &'a File,
    line: usize,
    name: &'a str,
    lines: usize,
}

/// Prints the figures of each package; false if a function of a published crate is too long, if a
/// comment is too wide, or if modules use each other in a circle.
pub(crate) fn report(packages: &[Package]) -> bool {
    let mut is_good = true;
    for package in packages {
        let modules = imports::read(package);
        let circles = circles::find(&modules);
        let (mut tests, mut functions): (Vec<_>, Vec<_>) = package
            .files
            .iter()
            .flat_map(functions)
            .partition(|function| modules.is_test(&function.file.path, function.line));
        longest_first(&mut tests);
        longest_first(&mut functions);
        println!(
            "{}: {} files, {} lines, {} functions, {} circles",
            package.name,
            package.files.len(),
            package.files.iter().map(|file| file.lines).sum::<usize>(),
            functions.len() + tests.len(),
            circles.len()
        );
        if let Some(file) = package.files.iter().max_by_key(|file| file.lines) {
            println!(
                "  longest file: {}, {} lines",
                file.path.display(),
                file.lines
            );
        }
        print_functions("function", &functions);
        print_functions("test", &tests);
        print_circles(&circles);
        let wide_comments = print_wide_comments(&package.files);
        let is_published = package.name.starts_with("resilience-");
        let longest = functions.first().map_or(0, |function| function.lines);
        is_good &= circles.is_empty() && wide_comments == 0;
        is_good &= !is_published || longest <= LONGEST_FUNCTION;
    }
    println!(
        "limits: {LONGEST_FUNCTION} lines for a function of the published crates outside of tests, 100 columns for a comment, no circle"
    );
    is_good
}

fn longest_first(functions: &mut [Function]) {
    functions.sort_by_key(|function| usize::MAX - function.lines);
}

/// Prints the longest one and all that are above the limit.
fn print_functions(kind: &str, functions: &[Function]) {
    for (rank, function) in functions.iter().enumerate() {
        if rank == 0 || function.lines > LONGEST_FUNCTION {
            let file = function.file.path.display();
            println!(
                "  {kind} of {} lines: {}, {file}:{}",
                function.lines, function.name, function.line
            );
        }
    }
}

fn print_circles(circles: &[Circle]) {
    for circle in circles {
        println!("  circle: {}", circle.members.join(", "));
        for place in &circle.uses {
            println!("    {place}");
        }
    }
}

/// Prints the places and returns their number.
fn print_wide_comments(files: &[File]) -> usize {
    let mut printed = 0;
    for file in files {
        for line in &file.wide_comments {
            println!("  wider than 100 columns: {}:{line}", file.path.display());
            printed += 1;
        }
    }
    printed
}

/// The functions of a file that have a body.
fn functions(file: &File) -> Vec<Function<'_>> {
    let tokens = &file.source.tokens;
    let mut functions = Vec::new();
    for (at, pair) in tokens.windows(2).enumerate() {
        let is_name = pair[1]
            .text
            .starts_with(|first: char| first == '_' || first.is_alphabetic());
        if pair[0].text != "fn" || !is_name {
            continue;
        }
        if let Some(end) = end(&tokens[at..]) {
            functions.push(Function {
                file,
                line: pair[0].line,
                name: &pair[1].text,
                lines: end - pair[0].line + 1,
            });
        }
    }
    functions
}

/// The line of the closing brace; none for a function without a body.
fn end(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0;
    for token in tokens {
        match token.text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            ";" if depth == 0 => return None,
            _ => {}
        }
        if depth == 0 && token.text == "}" {
            return Some(token.line);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::lexer::lex;

    #[test]
    fn a_function_ends_at_its_own_brace() {
        let text = "trait T { fn none(&self); }\nfn one(a: [u8; 3]) {\n    if true { \"}\"; }\n}\nfn two() {}";
        let file = File {
            path: PathBuf::from("file.rs"),
            lines: 5,
            wide_comments: Vec::new(),
            source: lex(text),
        };
        let found: Vec<_> = functions(&file)
            .iter()
            .map(|function| (function.name, function.lines))
            .collect();
        assert_eq!(found, [("one", 3), ("two", 1)]);
    }
}
