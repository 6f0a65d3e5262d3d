//! The table that describes the language of an attribute: its options, one row each, and the names
//! that other libraries have for them.

use std::fmt;

use proc_macro2::{Punct, Spacing, TokenStream, TokenTree};
use syn::Lit;

use super::shared::duration;
use super::shared::rules::NumberRule;
use crate::source_text::source_text;

/// The language of one attribute.
pub(crate) struct Table {
    /// The attribute's name.
    pub(crate) name: &'static str,
    /// The name of its configuration in the runtime crate.
    pub(crate) config: &'static str,
    /// The options, in the order of the documentation.
    pub(crate) options: &'static [OptionSpec],
    pub(crate) foreign: &'static [Foreign],
    pub(crate) absent: &'static [Absent],
    pub(crate) bare: Bare,
    /// The option for an expression that stands without a name, in a message.
    pub(crate) object: &'static str,
}

/// All attributes of the family.
pub(crate) type Family = [&'static Table];

impl Table {
    pub(crate) fn find(&self, name: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|spec| spec.name == name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#[{}]", self.name)
    }
}

/// The meaning of a value without a name.
#[derive(Clone, Copy)]
pub(crate) enum Bare {
    /// An error that names this option.
    Means(&'static str),
    /// The value of this option.
    Is(&'static str),
}

/// Names that other libraries have for one of our options.
pub(crate) struct Foreign {
    pub(crate) names: &'static [&'static str],
    pub(crate) ours: &'static str,
}

/// Names that other libraries have for a feature that does not exist here, and the words that name
/// the alternative.
pub(crate) struct Absent {
    pub(crate) names: &'static [&'static str],
    pub(crate) instead: &'static str,
}

/// One option.
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    /// The option as a person would write it, for messages.
    pub(crate) example: &'static str,
    /// The default, as the documentation shows it.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for the documentation"))]
    pub(crate) default: &'static str,
    /// The meaning, as the documentation says it.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for the documentation"))]
    pub(crate) meaning: &'static str,
}

/// The use of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A setter of the configuration has its name and takes its value.
    Setting,
    /// It judges the outcome of an attempt.
    Filter,
    /// The policy has a use of its own for it.
    Own,
}

/// The kind of value that an option takes.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A whole number. The hint is added to the message about a smaller one.
    Count { at_least: u32, hint: &'static str },
    /// A whole number from 1 to this.
    CountTo(u32),
    /// A span of time.
    Duration(Zero),
    /// A span of time, or one of these words, each with the setter and the value that it stands
    /// for.
    DurationOr(&'static [WordSetter]),
    /// Any other number.
    Number(NumberRule),
    /// `true` or `false`.
    Flag,
    /// `true` or `false` and nothing else, because the expansion depends on it.
    Switch,
    /// One of these words, each with the path of its constant in the runtime crate.
    Word(&'static [(&'static str, &'static str)]),
    /// One of these words and nothing else.
    Mode(&'static [&'static str]),
    /// A constant string. The hint is added to the message about one that is not constant.
    Text { hint: &'static str },
    /// A pattern matched against `&E`, with an optional guard.
    Pattern,
    /// A path or a closure.
    Function,
    /// A function, a variant or a value that makes the error.
    Error,
    /// Any expression.
    Value,
    /// Names of the function's arguments in parentheses, or `..` for all of them.
    Arguments,
    /// A name for a variable that the body gets. The hint is added to the message about another
    /// value.
    Name { hint: &'static str },
    /// The path of the runtime crate.
    CratePath,
}

/// A word in place of a duration.
pub(crate) struct WordSetter {
    pub(crate) word: &'static str,
    /// The setter of the configuration that is called in place of that of the option.
    pub(crate) setter: &'static str,
    pub(crate) value: u8,
}

/// The meaning of a duration of zero.
#[derive(Clone, Copy)]
pub(crate) enum Zero {
    Allowed,
    /// An error with the alternative, or with the example if there is none.
    Refused {
        instead: &'static str,
    },
}

/// The syntax of an option.
pub(super) enum Syntax {
    Value,
    Pattern,
    Arguments,
}

impl OptionSpec {
    pub(super) fn syntax(&self) -> Syntax {
        match self.kind {
            Kind::Pattern => Syntax::Pattern,
            Kind::Arguments => Syntax::Arguments,
            _ => Syntax::Value,
        }
    }

    /// The option with the value that was written under the name of `typed`, if it can be meant as
    /// it stands or with its unit; otherwise the option as in the documentation.
    pub(super) fn spelt(&self, typed: &str, value: &TokenStream) -> String {
        let text = source_text(value);
        let whole = |unit: &str| {
            text.parse::<u32>()
                .ok()
                .map(|number| format!("{number}{unit}"))
        };
        let value = match self.kind {
            Kind::Count { .. } | Kind::CountTo(_) => whole(""),
            Kind::DurationOr(words) if words.iter().any(|it| it.word == text) => Some(text),
            Kind::Duration(_) | Kind::DurationOr(_) => match typed.rsplit('_').next() {
                Some("ms" | "millis") => whole("ms"),
                Some("secs" | "seconds") => whole("s"),
                _ => duration::parse(text.trim_matches('"'))
                    .is_ok()
                    .then_some(text),
            },
            Kind::Number(rule) => rule.nearest(&text),
            Kind::Flag | Kind::Switch => matches!(text.as_str(), "true" | "false").then_some(text),
            Kind::Word(words) => words.iter().any(|(word, _)| *word == text).then_some(text),
            Kind::Mode(words) => words.contains(&text.as_str()).then_some(text),
            Kind::Text { .. } => syn::parse2::<syn::LitStr>(value.clone())
                .is_ok()
                .then_some(text),
            Kind::Pattern => {
                return if text.is_empty() || syn::parse2::<Lit>(value.clone()).is_ok() {
                    self.example.to_owned()
                } else {
                    format!(
                        "{}({})",
                        self.name,
                        source_text(&alternatives(value.clone()))
                    )
                };
            }
            Kind::Arguments => {
                return match text.as_str() {
                    "true" | "all" | ".." | "*" => format!("{}(..)", self.name),
                    _ if syn::parse2::<syn::Ident>(value.clone()).is_ok() => {
                        format!("{}({text})", self.name)
                    }
                    _ => self.example.to_owned(),
                };
            }
            Kind::Name { .. } => syn::parse2::<syn::Ident>(value.clone())
                .is_ok()
                .then_some(text),
            Kind::Function | Kind::Error | Kind::Value | Kind::CratePath => {
                (!text.is_empty() && syn::parse2::<Lit>(value.clone()).is_err()).then_some(text)
            }
        };
        value.map_or_else(
            || self.example.to_owned(),
            |value| format!("{} = {value}", self.name),
        )
    }
}

/// `{A, B}`, `(A, B)`, `[A, B]` or `A, B`, as other languages list exceptions, as the pattern
/// `A | B`.
fn alternatives(list: TokenStream) -> TokenStream {
    let mut tokens = list.clone().into_iter();
    let inner = match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) => group.stream(),
        _ => list,
    };
    let mut joined: Vec<TokenTree> = inner.into_iter().collect();
    if matches!(joined.last(), Some(TokenTree::Punct(comma)) if comma.as_char() == ',') {
        joined.pop();
    }
    for token in &mut joined {
        if matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',') {
            *token = TokenTree::Punct(Punct::new('|', Spacing::Alone));
        }
    }
    joined.into_iter().collect()
}
