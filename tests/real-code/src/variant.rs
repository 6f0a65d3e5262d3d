//! The attributes that are put above a function, and the text of a file that has them.

use std::{fmt, ops::Range};

use crate::functions::Function;

/// One set of attributes; each is counted on its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    CircuitBreaker,
    Timeout,
    Retry,
    RetryClone,
    StackClone,
}

impl Variant {
    pub(crate) const ALL: [Self; 5] = [
        Self::CircuitBreaker,
        Self::Timeout,
        Self::Retry,
        Self::RetryClone,
        Self::StackClone,
    ];

    /// The error types of published crates have no conversion from ours, so `error` is a function
    /// that fits any type because it does not return.
    fn attributes(self, function: &Function) -> String {
        const CIRCUIT_BREAKER: &str =
            "#[::resilience::circuit_breaker(error = |_| ::core::panic!())]";
        // Borrowed arguments cannot go to a worker.
        let mode = if function.is_async {
            ""
        } else {
            "mode = cooperative, "
        };
        let timeout = format!("#[::resilience::timeout(5s, {mode}error = |_| ::core::panic!())]");
        match self {
            Self::CircuitBreaker => CIRCUIT_BREAKER.to_owned(),
            Self::Timeout => timeout,
            Self::Retry => "#[::resilience::retry]".to_owned(),
            Self::RetryClone => "#[::resilience::retry(clone(..))]".to_owned(),
            Self::StackClone => {
                format!("#[::resilience::retry(clone(..))] {CIRCUIT_BREAKER} {timeout}")
            }
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CircuitBreaker => "circuit_breaker",
            Self::Timeout => "timeout",
            Self::Retry => "retry",
            Self::RetryClone => "retry(clone(..))",
            Self::StackClone => "stack, clone(..)",
        })
    }
}

/// The text above a function.
#[derive(Clone, Copy)]
pub(crate) enum Above {
    Attributes(Variant),
    /// A full stack that runs the body once and returns its outcome. A crate's own tests must see
    /// no difference.
    Transparent,
    /// A lint that does not exist. The compiler's warning shows that the function is compiled, and
    /// not switched off.
    Probe,
}

/// The start of the name of the lint that does not exist; the function's number follows.
pub(crate) const PROBE: &str = "real_code_function_";

impl Above {
    fn text(self, number: usize, function: &Function) -> String {
        match self {
            Self::Attributes(variant) => variant.attributes(function),
            Self::Transparent => {
                let mode = if function.is_async {
                    ""
                } else {
                    "mode = cooperative, "
                };
                format!(
                    "#[::resilience::retry(clone(..), retry_if = |_| false)] \
                     #[::resilience::circuit_breaker(ignore(_), error = |_| ::core::panic!())] \
                     #[::resilience::timeout(1h, {mode}error = |_| ::core::panic!())]"
                )
            }
            Self::Probe => format!("#[warn(unknown_lints, {PROBE}{number})]"),
        }
    }
}

/// The place of an annotated function in the annotated text.
pub(crate) struct Place {
    /// The function's number.
    pub(crate) function: usize,
    pub(crate) attributes: Range<usize>,
    /// From the inserted attributes to the end of the body.
    pub(crate) whole: Range<usize>,
}

/// Inserts the text above the functions: in front of their other attributes and their
/// documentation, and on the same line, so that the line numbers stay as they are.
pub(crate) fn annotate<'f>(
    source: &str,
    functions: impl Iterator<Item = (usize, &'f Function)>,
    above: Above,
) -> (String, Vec<Place>) {
    let mut functions: Vec<_> = functions.collect();
    functions.sort_by_key(|(_, function)| function.bytes.start);
    let (mut text, mut copied) = (String::with_capacity(source.len() * 2), 0);
    let mut insertions = Vec::with_capacity(functions.len());
    for &(number, function) in &functions {
        let start = function.bytes.start;
        text.push_str(&source[copied..start]);
        copied = start;
        let attributes_start = text.len();
        text.push_str(&above.text(number, function));
        insertions.push(attributes_start..text.len());
        text.push(' ');
    }
    text.push_str(&source[copied..]);
    // A byte moves by the insertions in front of it.
    let moved = |byte: usize| {
        let inserted = functions.iter().zip(&insertions);
        let inserted = inserted.take_while(|((_, other), _)| other.bytes.start < byte);
        byte + inserted.map(|(_, range)| range.len() + 1).sum::<usize>()
    };
    let places = functions.iter().zip(&insertions);
    let places = places
        .map(|(&(function, at), attributes)| Place {
            function,
            attributes: attributes.clone(),
            whole: attributes.start..moved(at.bytes.end),
        })
        .collect();
    (text, places)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::functions::{collect, parse};

    #[test]
    fn each_place_covers_its_function_with_the_functions_inside_of_it_and_lines_stay() {
        let source = "/// One.\npub fn outer() -> Result<(), ()> {\n    fn inner() -> Result<(), ()> { Ok(()) }\n    inner()\n}\nfn last() -> Result<(), ()> { Err(()) }\n";
        let functions = collect(&parse(source).expect("it parses"), &HashSet::new());
        let (text, places) = annotate(
            source,
            functions.iter().enumerate(),
            Above::Attributes(Variant::Retry),
        );
        assert_eq!(text.lines().count(), source.lines().count());
        assert_eq!(text.replace("#[::resilience::retry] ", ""), source);
        let covered = places
            .iter()
            .map(|place| &text[place.whole.clone()])
            .collect::<Vec<_>>();
        assert!(covered[0].starts_with("#[::resilience::retry] /// One.\npub fn outer"));
        assert!(covered[0].ends_with("    inner()\n}"));
        assert_eq!(
            covered[1],
            "#[::resilience::retry] fn inner() -> Result<(), ()> { Ok(()) }"
        );
        assert_eq!(
            covered[2],
            "#[::resilience::retry] fn last() -> Result<(), ()> { Err(()) }"
        );
    }
}
