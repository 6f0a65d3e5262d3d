//! The annotated item: its signature is parsed, its body stays the tokens that were written.
//!
//! A half-typed body (`client.`) must still give a defined function, or completion dies in the editor
//! (rust-lang/rust-analyzer#10520), and untouched tokens keep the user's own errors at their own place.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Pat, Receiver, Signature, Token, Type, Visibility};

use crate::policy::Policy;

/// A function with a body.
pub(crate) struct Function {
    /// Outer attributes that stay on the function; family attributes are taken off by the stack.
    pub(crate) attrs: Vec<Attribute>,
    /// Visibility and signature, as written: whatever may stand there is printed whole.
    pub(crate) head: TokenStream,
    /// What of it stands in front of the signature.
    pub(crate) prefix: TokenStream,
    pub(crate) sig: Signature,
    /// With the braces, whose span tells rustc that a person wrote this function.
    pub(crate) body: Group,
}

impl Function {
    pub(crate) fn parse(policy: Policy, item: TokenStream) -> syn::Result<Self> {
        let mut tokens: Vec<TokenTree> = item.into_iter().collect();
        let body = match tokens.last().map(unwrap_group) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                tokens.pop();
                Some(group)
            }
            _ => None,
        };
        let head: TokenStream = tokens.into_iter().collect();
        let (attrs, head) = split_attributes.parse2(head)?;
        let (prefix, sig) = match signature.parse2(head.clone()) {
            Ok(parsed) => parsed,
            Err(error) => return Err(not_a_function(policy, &head).unwrap_or(error)),
        };
        let Some(body) = body else {
            return Err(syn::Error::new_spanned(
                &sig.ident,
                format!(
                    "{policy} needs a body to run, and `{}` has none: in a trait, put the attribute on the implementation or on \
                     a default body; around a foreign function, write one of your own that calls it",
                    sig.ident
                ),
            ));
        };
        let (inner, body) = split_inner_attributes(body);
        let attrs = attrs.into_iter().chain(inner).collect();
        Ok(Self {
            attrs,
            head,
            prefix,
            sig,
            body,
        })
    }

    pub(crate) fn name(&self) -> String {
        syn::ext::IdentExt::unraw(&self.sig.ident).to_string()
    }

    pub(crate) fn is_async(&self) -> bool {
        self.sig.asyncness.is_some()
    }

    /// The function as it was written, without the attributes already taken off, and with `front` first in its body:
    /// beside the function an attribute may not stand where the function does, as in another function (E0658).
    pub(crate) fn with_front(&self, front: &TokenStream) -> TokenStream {
        let (attrs, head, body) = (&self.attrs, &self.head, self.body.stream());
        let mut body = Group::new(Delimiter::Brace, quote::quote!(#front #body));
        body.set_span(self.body.span());
        quote::quote!(#(#attrs)* #head #body)
    }

    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.sig.receiver()
    }

    pub(crate) fn arguments(&self) -> impl Iterator<Item = &syn::PatType> {
        self.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        })
    }

    /// Does the body name this argument?
    pub(crate) fn body_names(&self, name: &str) -> bool {
        names(self.body.stream(), name)
    }

    /// The argument whose pattern binds this name.
    pub(crate) fn argument(&self, name: &syn::Ident) -> Option<&syn::PatType> {
        self.arguments().find(|argument| {
            bound_names(&argument.pat)
                .iter()
                .any(|bound| bound.ident == *name)
        })
    }
}

/// Do the tokens name this variable, if only in a format string?
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

/// Do the tokens assign to this variable, or to a part of it? Read without a grammar: the name stands before a lone `=`, or
/// before an operator with one, in the same statement.
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

/// Is there an identifier like this, however deep?
pub(crate) fn any_ident(tokens: TokenStream, found: &dyn Fn(&str) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => found(&ident.to_string()),
        TokenTree::Group(group) => any_ident(group.stream(), found),
        _ => false,
    })
}

/// The names that a pattern binds, with their `mut`.
pub(crate) fn bound_names(pattern: &Pat) -> Vec<&syn::PatIdent> {
    fn walk<'p>(pattern: &'p Pat, names: &mut Vec<&'p syn::PatIdent>) {
        match pattern {
            Pat::Ident(name) => {
                names.push(name);
                if let Some((_, sub)) = &name.subpat {
                    walk(sub, names);
                }
            }
            Pat::Or(or) => or
                .cases
                .first()
                .into_iter()
                .for_each(|case| walk(case, names)),
            Pat::Paren(paren) => walk(&paren.pat, names),
            Pat::Reference(reference) => walk(&reference.pat, names),
            Pat::Slice(slice) => slice.elems.iter().for_each(|elem| walk(elem, names)),
            Pat::Struct(fields) => fields
                .fields
                .iter()
                .for_each(|field| walk(&field.pat, names)),
            Pat::Tuple(tuple) => tuple.elems.iter().for_each(|elem| walk(elem, names)),
            Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|elem| walk(elem, names)),
            Pat::Type(typed) => walk(&typed.pat, names),
            _ => {}
        }
    }
    let mut names = Vec::new();
    walk(pattern, &mut names);
    names
}

/// Removes the invisible group that a `macro_rules!` fragment leaves around a type.
pub(crate) fn ungroup(mut ty: &Type) -> &Type {
    loop {
        match ty {
            Type::Group(group) => ty = &group.elem,
            Type::Paren(paren) => ty = &paren.elem,
            _ => return ty,
        }
    }
}

/// A `$body:block` of `macro_rules!` arrives in an invisible group.
fn unwrap_group(token: &TokenTree) -> TokenTree {
    if let TokenTree::Group(group) = token {
        if group.delimiter() == Delimiter::None {
            let mut inner = group.stream().into_iter();
            if let (Some(only), None) = (inner.next(), inner.next()) {
                return unwrap_group(&only);
            }
        }
    }
    token.clone()
}

fn split_attributes(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    Ok((input.call(Attribute::parse_outer)?, input.parse()?))
}

fn signature(input: ParseStream<'_>) -> syn::Result<(TokenStream, Signature)> {
    let mut prefix = input.parse::<Visibility>()?.into_token_stream();
    // Specialisation (`default fn`) is unstable, but costs nothing to carry.
    if input.peek(Token![default]) {
        input.parse::<Token![default]>()?.to_tokens(&mut prefix);
    }
    let sig = input.parse()?;
    input.parse::<Option<Token![;]>>()?;
    Ok((prefix, sig))
}

/// `#![allow(..)]` at the start of the body would be refused inside the expansion's blocks; on the function it means the same.
fn split_inner_attributes(body: Group) -> (Vec<Attribute>, Group) {
    let split = |input: ParseStream<'_>| {
        Ok((
            input.call(Attribute::parse_inner)?,
            input.parse::<TokenStream>()?,
        ))
    };
    match split.parse2(body.stream()) {
        Ok((inner, rest)) if !inner.is_empty() => {
            let mut stripped = Group::new(Delimiter::Brace, rest);
            stripped.set_span(body.span());
            let outer = inner.into_iter().map(|attr| Attribute {
                style: syn::AttrStyle::Outer,
                ..attr
            });
            (outer.collect(), stripped)
        }
        _ => (Vec::new(), body),
    }
}

/// Says what the item is when it is no function.
fn not_a_function(policy: Policy, head: &TokenStream) -> Option<syn::Error> {
    let (keyword, kind) = head.clone().into_iter().find_map(|token| {
        let kind = match token.to_string().as_str() {
            "fn" => return Some((token, None)),
            "struct" => "a struct",
            "enum" => "an enum",
            "union" => "a union",
            "trait" => "a trait",
            "impl" => "an impl block",
            "mod" => "a module",
            "use" => "an import",
            "static" => "a static",
            "type" => "a type alias",
            "macro_rules" => "a macro",
            "extern" => "an extern block",
            "const" => "a constant",
            "let" => "a statement",
            _ => return None,
        };
        // `const fn`, `extern "C" fn`: the `fn` behind decides.
        let is_function = head
            .clone()
            .into_iter()
            .any(|token| token.to_string() == "fn");
        Some((token, if is_function { None } else { Some(kind) }))
    })?;
    let kind = kind?;
    let hint = match kind {
        "an impl block" | "a trait" => ": put it on each method that needs it",
        "a module" | "an extern block" => ": put it on each function that needs it",
        _ => ": put it on the function that calls the service",
    };
    Some(syn::Error::new_spanned(
        keyword,
        format!("{policy} goes on a function, and this is {kind}{hint}"),
    ))
}

/// The item without family attributes, and their paths: what is emitted when even the signature cannot be read.
pub(crate) fn without_family(item: TokenStream) -> (TokenStream, Vec<syn::Path>) {
    match split_attributes.parse2(item.clone()) {
        Ok((attrs, rest)) => {
            let (family, foreign): (Vec<_>, Vec<_>) = attrs
                .into_iter()
                .partition(|attr| Policy::of(attr.path()).is_some());
            (
                quote::quote!(#(#foreign)* #rest),
                family.iter().map(|attr| attr.path().clone()).collect(),
            )
        }
        Err(_) => (item, Vec::new()),
    }
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
