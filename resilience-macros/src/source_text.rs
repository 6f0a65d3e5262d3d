//! Tokens as a person writes them, for messages: `to_string` puts a space in `& str` and
//! `Option < u32 >`.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

pub(crate) fn source_text(tokens: &TokenStream) -> String {
    let mut text = String::new();
    append(tokens.clone(), &mut text);
    text
}

const OPERATORS: [&str; 9] = ["->", "=>", "::", "==", "!=", "&&", "||", "..", "..="];

/// The space that a token asks for behind it.
#[derive(Clone, Copy, PartialEq)]
enum Gap {
    /// No space may stand between the tokens.
    None,
    /// A space keeps two words apart.
    Word,
    /// A space stands there in any case.
    Space,
}

fn append(tokens: TokenStream, text: &mut String) {
    let mut gap = Gap::None;
    let mut in_parameters = false;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => (" { ", " }"),
                    Delimiter::None => ("", ""),
                };
                space(text, gap == Gap::Space);
                text.push_str(open);
                append(group.stream(), text);
                text.push_str(close);
                gap = Gap::Word;
            }
            TokenTree::Punct(punct) => {
                let mut operator = String::from(punct.as_char());
                let mut spacing = punct.spacing();
                while let (Spacing::Joint, Some(TokenTree::Punct(next))) = (spacing, tokens.peek())
                {
                    let longer = format!("{operator}{}", next.as_char());
                    if !OPERATORS.contains(&longer.as_str()) {
                        break;
                    }
                    (operator, spacing) = (longer, next.spacing());
                    tokens.next();
                }
                // There is no space between the bars of a closure and its parameters.
                let closes = in_parameters && operator == "|";
                in_parameters = !closes && (in_parameters || (text.is_empty() && operator == "|"));
                let is_binary = !closes
                    && gap != Gap::None
                    && matches!(
                        operator.as_str(),
                        "=" | "|" | "+" | "->" | "=>" | "==" | "!=" | "&&" | "||"
                    );
                space(text, is_binary || gap == Gap::Space);
                text.push_str(&operator);
                let spaced = is_binary || closes || matches!(operator.as_str(), "," | ";");
                gap = if spaced { Gap::Space } else { Gap::None };
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => {
                space(text, gap != Gap::None);
                let word = token.to_string();
                text.push_str(&word);
                gap = if matches!(word.as_str(), "mut" | "dyn" | "if") {
                    Gap::Space
                } else {
                    Gap::Word
                };
            }
        }
    }
}

fn space(text: &mut String, wanted: bool) {
    if wanted && !text.ends_with(' ') {
        text.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::source_text;

    #[test]
    fn tokens_read_as_they_were_typed() {
        for text in [
            "&str",
            "&'a mut [u8]",
            "Option<u32>",
            "Result<Vec<&str>, std::io::Error>",
            "impl Iterator<Item = u32>",
            "dyn Fn(&str) -> bool + Send",
            "(u32, bool)",
            "!",
            "-1.5s",
            "ApiError::Busy | ApiError::Io(_)",
            "ApiError::Status { code, .. }",
            "\"50%\"",
            "|error| error.is_transient()",
        ] {
            let tokens = text.parse().expect("lexes");
            assert_eq!(source_text(&tokens), text);
            // `syn` prints it with a spacing of its own.
            let loose = tokens.to_string().parse().expect("lexes");
            assert_eq!(source_text(&loose), text);
        }
    }
}
