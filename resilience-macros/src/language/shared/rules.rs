//! The rules of the values that an option takes, and the words about a value that breaks one.

use std::time::Duration;

use super::duration;
use super::nearest::nearest;

/// One option, as the words name it.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) name: &'a str,
    /// The option as a person would write it: `max_retries = 3`.
    pub(crate) example: &'a str,
    /// Stands around a word: nothing in an attribute, and a quotation mark in a file.
    pub(crate) quote: &'a str,
}

/// A value, as it was written.
#[derive(Clone, Copy)]
pub(crate) enum Written<'a> {
    Whole(WrittenNumber<'a>),
    Fraction(WrittenNumber<'a>),
    Text(&'a str),
    /// Any other literal.
    Other,
}

/// A number, as it was written, without its sign.
#[derive(Clone, Copy)]
pub(crate) struct WrittenNumber<'a> {
    pub(crate) is_negative: bool,
    /// The digits of a decimal number.
    pub(crate) digits: &'a str,
    /// The letters behind the digits: the type of a number, or the unit of a duration.
    pub(crate) suffix: &'a str,
    /// The digits and the suffix.
    pub(crate) source: &'a str,
}

/// The least and the most of a whole number. The hint is added to the message about a smaller one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CountRule<'a> {
    pub(crate) at_least: u32,
    pub(crate) at_most: u32,
    pub(crate) hint: &'a str,
}

/// The range of a number that is not whole, and the reason of the range.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NumberRule {
    /// A number of at least one.
    AtLeastOne { reason: &'static str },
    /// A share of the whole.
    Share {
        allows_zero: bool,
        reason: &'static str,
    },
}

impl NumberRule {
    fn allows(self, number: f64) -> bool {
        match self {
            Self::AtLeastOne { .. } => number.is_finite() && number >= 1.0,
            Self::Share { allows_zero, .. } => {
                (number > 0.0 || allows_zero && number == 0.0) && number <= 1.0
            }
        }
    }

    fn range(self) -> &'static str {
        match self {
            Self::AtLeastOne { .. } => "at least 1.0",
            Self::Share {
                allows_zero: false, ..
            } => "above 0.0 and at most 1.0",
            Self::Share { .. } => "at least 0.0 and at most 1.0",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::AtLeastOne { reason } | Self::Share { reason, .. } => reason,
        }
    }

    /// The number that was probably meant by a text or by a number out of range.
    pub(crate) fn nearest(self, text: &str) -> Option<String> {
        if let Self::AtLeastOne { .. } = self {
            let number = text.parse::<f64>().ok()?;
            return Some(format!("{:?}", number.max(1.0)));
        }
        // A percentage, `50`, `50.0` or `"50%"`, is meant as a share.
        let number: f64 = text
            .trim_matches('"')
            .trim_end_matches(['%', ' '])
            .parse()
            .ok()?;
        // A number from 2 on is certainly a percentage.
        let share = if number >= 2.0 {
            number / 100.0
        } else {
            number
        };
        (share > 0.0 && share <= 1.0).then(|| format!("{share:?}"))
    }
}

impl Rules<'_> {
    /// Reads a whole number.
    pub(crate) fn count(&self, rule: CountRule<'_>, written: Written<'_>) -> Result<u32, String> {
        let (name, example) = (self.name, self.example);
        let CountRule {
            at_least, at_most, ..
        } = rule;
        let (number, instead_of) = match written {
            Written::Whole(number) if matches!(number.suffix, "" | "u32") => {
                return self.whole(rule, number);
            }
            Written::Whole(number) if duration::parse(number.source).is_ok() => {
                (number, ", not a duration")
            }
            Written::Whole(number) => (number, " of type `u32`"),
            Written::Fraction(number) => (number, ", not a fraction"),
            Written::Text(text) => (unsigned(text), ", not a text"),
            Written::Other => (unsigned(""), ""),
        };
        let whole = match written {
            Written::Fraction(_) => number.digits.split('.').next().unwrap_or_default(),
            _ => number.digits,
        };
        Err(match whole.parse::<u32>() {
            Ok(count) if (at_least..=at_most).contains(&count) && !number.is_negative => {
                format!("`{name}` takes a whole number{instead_of}: write `{name} = {count}`")
            }
            _ => format!("`{name}` takes a whole number{instead_of}, as in `{example}`"),
        })
    }

    fn whole(&self, rule: CountRule<'_>, number: WrittenNumber<'_>) -> Result<u32, String> {
        let (name, example) = (self.name, self.example);
        let CountRule {
            at_least,
            at_most,
            hint,
        } = rule;
        let digits = number.digits;
        if number.is_negative {
            let hint = if at_least == 0 { hint } else { "" };
            return Err(format!(
                "`{name}` cannot be negative: the least is `{name} = {at_least}`{hint}"
            ));
        }
        let above = || {
            format!("`{name}` must be at most {at_most}, not {digits}: write `{name} = {at_most}`")
        };
        match digits.parse::<u32>() {
            Err(_) if at_most < u32::MAX => Err(above()),
            Ok(count) if count > at_most => Err(above()),
            Err(_) => Err(format!(
                "`{name} = {digits}` is too large: the most is {}, `u32::MAX`",
                u32::MAX
            )),
            Ok(count) if count < at_least => Err(format!(
                "`{name}` must be at least {at_least}, not {count}{hint}; write it as in `{example}`"
            )),
            Ok(count) => Ok(count),
        }
    }

    /// Reads a duration. Zero is an error if there is something to write instead of it.
    pub(crate) fn time(
        &self,
        instead_of_zero: Option<&str>,
        written: Written<'_>,
    ) -> Result<Duration, String> {
        let (name, example) = (self.name, self.example);
        let (text, is_negative) = match written {
            Written::Text(text) => (text, false),
            Written::Whole(number) | Written::Fraction(number) => {
                (number.source, number.is_negative)
            }
            Written::Other => return Err(format!("`{name}` takes a duration, as in `{example}`")),
        };
        let time = duration::parse(text)?;
        if is_negative {
            return Err(format!(
                "`{name}` cannot be negative: write it as in `{example}`"
            ));
        }
        match instead_of_zero {
            Some("") if time.is_zero() => Err(format!(
                "`{name}` must be longer than zero: write it as in `{example}`"
            )),
            Some(instead) if time.is_zero() => {
                Err(format!("`{name}` must be longer than zero: {instead}"))
            }
            _ => Ok(time),
        }
    }

    /// Reads a number that is not whole.
    pub(crate) fn number(&self, rule: NumberRule, written: Written<'_>) -> Result<f64, String> {
        let (name, example) = (self.name, self.example);
        let number = match written {
            Written::Whole(number) | Written::Fraction(number)
                if matches!(number.suffix, "" | "f64") =>
            {
                number
            }
            Written::Text(text) => {
                let nearest = self.nearest(rule, text);
                return Err(format!(
                    "`{name}` takes a number, not a text: write `{nearest}`"
                ));
            }
            _ => return Err(format!("`{name}` takes a number, as in `{example}`")),
        };
        let (text, is_negative) = (number.digits, number.is_negative);
        let read = text.parse::<f64>();
        match read.map(|number| if is_negative { -number } else { number }) {
            Ok(number) if rule.allows(number) => Ok(number),
            _ => {
                let sign = if is_negative { "-" } else { "" };
                let nearest = if is_negative {
                    example.to_owned()
                } else {
                    self.nearest(rule, text)
                };
                Err(format!(
                    "`{name}` must be {}, not {sign}{text}{}: write `{nearest}`",
                    rule.range(),
                    rule.reason()
                ))
            }
        }
    }

    /// Returns the option with the number that was probably meant, or otherwise as in the
    /// documentation.
    fn nearest(&self, rule: NumberRule, text: &str) -> String {
        rule.nearest(text).map_or_else(
            || self.example.to_owned(),
            |nearest| format!("{} = {nearest}", self.name),
        )
    }

    /// Returns the message about a value that is no flag.
    pub(crate) fn no_flag(&self) -> String {
        format!(
            "`{}` takes `true` or `false`: write `{}`",
            self.name, self.example
        )
    }

    /// Returns the message about a literal that cannot be a word.
    pub(crate) fn no_word<T>(&self, words: &[T], word: impl Fn(&T) -> &str, shown: &str) -> String {
        let words = one_of(words, word);
        format!("`{}` is one of {words}, not `{shown}`", self.name)
    }

    /// Returns the message about another word.
    pub(crate) fn other_word<T>(
        &self,
        words: &[T],
        word: impl Fn(&T) -> &str + Copy,
        typed: &str,
    ) -> String {
        let (name, quote) = (self.name, self.quote);
        match nearest(typed, words, word) {
            Some(meant) => format!(
                "`{typed}` is no {name}; did you mean `{name} = {quote}{}{quote}`?",
                word(meant)
            ),
            None => format!(
                "`{typed}` is no {name}: write one of {}",
                one_of(words, word)
            ),
        }
    }
}

/// A number that has neither a sign nor a suffix.
fn unsigned(digits: &str) -> WrittenNumber<'_> {
    WrittenNumber {
        is_negative: false,
        digits,
        suffix: "",
        source: digits,
    }
}

/// The words, without the flags that mean the same as one of them.
fn one_of<T>(words: &[T], word: impl Fn(&T) -> &str) -> String {
    let words = words
        .iter()
        .map(word)
        .filter(|word| !matches!(*word, "true" | "false"));
    let words: Vec<_> = words.map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_read_as_a_share() {
        let share = NumberRule::Share {
            allows_zero: false,
            reason: "",
        };
        for (text, expected) in [
            ("0.5", Some("0.5")),
            ("50", Some("0.5")),
            ("\"12.5 %\"", Some("0.125")),
            ("0", None),
            ("500", None),
            ("half", None),
        ] {
            assert_eq!(share.nearest(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_share_that_is_no_number_is_refused() {
        for allows_zero in [true, false] {
            let share = NumberRule::Share {
                allows_zero,
                reason: "",
            };
            assert_eq!(share.allows(0.0), allows_zero);
            assert!(!share.allows(f64::NAN) && !share.allows(1.5) && share.allows(1.0));
        }
    }
}
