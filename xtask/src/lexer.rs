//! Takes Rust source apart into words, marks and comments. It knows as much of the language as is
//! needed to tell a comment from a string.

/// The tokens and the comments of one file.
#[derive(Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) comments: Vec<Comment>,
}

pub(crate) struct Token {
    pub(crate) line: usize,
    /// A word, a number, or a single mark. A literal in quotes is the mark `"`.
    pub(crate) text: String,
}

pub(crate) struct Comment {
    pub(crate) line: usize,
    pub(crate) kind: CommentKind,
    /// The comment without its marks.
    pub(crate) text: String,
    /// True if code stands in front of the comment on its line.
    pub(crate) is_trailing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommentKind {
    /// `//` and `/* */`.
    Plain,
    /// `///`: the documentation of an item.
    Outer,
    /// `//!`: the documentation of a module.
    Inner,
}

pub(crate) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        rest: text.chars().collect(),
        at: 0,
        line: 1,
        found: Lexed::default(),
    };
    while lexer.step() {}
    lexer.found
}

struct Lexer {
    rest: Vec<char>,
    at: usize,
    line: usize,
    found: Lexed,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> char {
        self.rest.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn bump(&mut self) -> char {
        let next = self.peek(0);
        self.at += 1;
        if next == '\n' {
            self.line += 1;
        }
        next
    }

    /// Reads one token or comment; false at the end.
    fn step(&mut self) -> bool {
        match (self.peek(0), self.peek(1)) {
            ('\0', _) => return self.at < self.rest.len() && self.bump() == '\0',
            ('/', '/') => self.line_comment(),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.text(),
            ('\'', _) => self.character_or_lifetime(),
            (next, _) if next == '_' || next.is_alphanumeric() => self.word(),
            (next, _) if next.is_whitespace() => {
                self.bump();
            }
            (next, _) => {
                self.push(self.line, next.to_string());
                self.bump();
            }
        }
        true
    }

    fn push(&mut self, line: usize, text: String) {
        self.found.tokens.push(Token { line, text });
    }

    fn line_comment(&mut self) {
        let line = self.line;
        let mut text = String::new();
        while !matches!(self.peek(0), '\n' | '\0') {
            text.push(self.bump());
        }
        let (kind, marks) = match text.as_bytes() {
            [b'/', b'/', b'/', b'/', ..] => (CommentKind::Plain, 2),
            [b'/', b'/', b'/', ..] => (CommentKind::Outer, 3),
            [b'/', b'/', b'!', ..] => (CommentKind::Inner, 3),
            _ => (CommentKind::Plain, 2),
        };
        self.comment(line, kind, text[marks..].trim_end().to_owned());
    }

    fn block_comment(&mut self) {
        let line = self.line;
        let mut depth = 0;
        let mut text = String::new();
        loop {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                ('\0', _) => break,
                _ => {
                    text.push(self.bump());
                    continue;
                }
            }
            self.bump();
            self.bump();
            if depth == 0 {
                break;
            }
        }
        self.comment(line, CommentKind::Plain, text);
    }

    fn comment(&mut self, line: usize, kind: CommentKind, text: String) {
        let last = self.found.tokens.last();
        let is_trailing = last.is_some_and(|token| token.line == line);
        self.found.comments.push(Comment {
            line,
            kind,
            text,
            is_trailing,
        });
    }

    /// Reads a string; the opening quote is next.
    fn text(&mut self) {
        self.push(self.line, "\"".to_owned());
        self.bump();
        loop {
            match self.bump() {
                '\\' => {
                    self.bump();
                }
                '"' | '\0' => break,
                _ => {}
            }
        }
    }

    /// Reads a raw string; its hashes or its opening quote are next.
    fn raw_text(&mut self) {
        self.push(self.line, "\"".to_owned());
        let mut hashes = 0;
        while self.peek(0) == '#' {
            hashes += 1;
            self.bump();
        }
        self.bump();
        loop {
            match self.bump() {
                '"' if (0..hashes).all(|ahead| self.peek(ahead) == '#') => break,
                '\0' => break,
                _ => {}
            }
        }
        for _ in 0..hashes {
            self.bump();
        }
    }

    fn character_or_lifetime(&mut self) {
        let is_character = self.peek(1) == '\\' || self.peek(2) == '\'';
        self.push(self.line, "'".to_owned());
        self.bump();
        if !is_character {
            return;
        }
        loop {
            match self.bump() {
                '\\' => {
                    self.bump();
                }
                '\'' | '\0' => break,
                _ => {}
            }
        }
    }

    fn word(&mut self) {
        let line = self.line;
        let mut word = String::new();
        while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
            word.push(self.bump());
        }
        let is_prefix = matches!(word.as_str(), "r" | "b" | "br" | "c" | "cr");
        match (self.peek(0), self.peek(1)) {
            ('"', _) | ('#', '"' | '#') if is_prefix && word.contains('r') => self.raw_text(),
            ('"', _) if is_prefix => self.text(),
            // A raw identifier: the word behind the mark is its name.
            ('#', next) if word == "r" && next.is_alphabetic() => {
                self.bump();
            }
            _ => self.push(line, word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        lex(text)
            .tokens
            .into_iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn a_string_holds_no_comment() {
        let found = lex("let url = \"http://a\"; // The address.\nlet raw = r#\"// \"no\" \"#;");
        assert_eq!(found.comments.len(), 1);
        assert_eq!(found.comments[0].text, " The address.");
        assert!(found.comments[0].is_trailing);
    }

    #[test]
    fn a_lifetime_is_no_character() {
        assert_eq!(
            words("fn f<'a>(x: &'a str, y: char) { y == '\\'' || y == '{' }").last(),
            Some(&"}".to_owned())
        );
        assert_eq!(words("'{'"), ["'"]);
    }

    #[test]
    fn the_kinds_of_comments_are_told_apart() {
        let found = lex("//! a\n/// b\n// c\n//// d\n/* e\n/* f */ g */ h");
        let kinds: Vec<_> = found
            .comments
            .iter()
            .map(|comment| (comment.line, comment.kind))
            .collect();
        let (inner, outer, plain) = (CommentKind::Inner, CommentKind::Outer, CommentKind::Plain);
        assert_eq!(
            kinds,
            [(1, inner), (2, outer), (3, plain), (4, plain), (5, plain)]
        );
        assert_eq!(found.tokens[0].line, 6);
    }
}
