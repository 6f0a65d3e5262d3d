//! Questions to tokens that are read without a grammar.

use proc_macro2::{Spacing, TokenStream, TokenTree};

/// True if the tokens name this variable, if only in a format string.
pub(crate) fn names(tokens: TokenStream, name: &str) -> bool {
    fn walk(tokens: TokenStream, name: &str, inlined: &str) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => ident == name,
            TokenTree::Literal(literal) => literal.to_string().contains(inlined),
            TokenTree::Group(group) => walk(group.stream(), name, inlined),
            TokenTree::Punct(_) => false,
        })
    }
    walk(tokens, name, &format!("{{{name}"))
}

/// True if the tokens assign to this variable, or to a part of it: without a grammar, the name
/// stands before a lone `=`, or before an operator with one, in the same statement.
pub(crate) fn assigns(tokens: TokenStream, name: &str) -> bool {
    let (mut is_named, mut before) = (false, String::new());
    for token in tokens {
        let TokenTree::Punct(punct) = &token else {
            before.clear();
            match token {
                TokenTree::Ident(ident) => is_named |= ident == name,
                TokenTree::Group(group) if assigns(group.stream(), name) => return true,
                TokenTree::Group(group) => is_named |= names(group.stream(), name),
                _ => {}
            }
            continue;
        };
        let is_joint = punct.spacing() == Spacing::Joint;
        if punct.as_char() == '=' && !is_joint {
            let compares = matches!(before.as_str(), "=" | "!" | "<" | ">");
            if is_named && !compares {
                return true;
            }
        }
        if matches!(punct.as_char(), ';' | ',') {
            is_named = false;
        }
        if is_joint {
            before.push(punct.as_char());
        } else {
            before.clear();
        }
    }
    false
}

/// True if there is an identifier like this, however deep.
pub(crate) fn any_ident(tokens: TokenStream, found: &dyn Fn(&str) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => found(&ident.to_string()),
        TokenTree::Group(group) => any_ident(group.stream(), found),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(tokens: &str) -> bool {
        assigns(tokens.parse().expect("tokens"), "self")
    }

    #[test]
    fn an_assignment_is_found_wherever_it_stands() {
        for tokens in [
            "self.busy = true;",
            "*self = 1",
            "(*self).busy = true",
            "if x { self.count += 1; }",
            "self.bits <<= 1",
            "loop { (self.a, self.b) = (1, 2) }",
        ] {
            assert!(assigned(tokens), "{tokens}");
        }
    }

    #[test]
    fn what_is_only_read_is_not_assigned() {
        for tokens in [
            "let x = self.busy;",
            "self.a == self.b",
            "self.a <= 1 && self.b >= 2 && self.c != 3",
            "match self.a { _ => 1 }",
            "self.call(); x = 1;",
        ] {
            assert!(!assigned(tokens), "{tokens}");
        }
    }
}
