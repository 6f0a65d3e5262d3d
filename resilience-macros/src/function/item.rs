//! The annotated item: its signature is parsed, its body stays the tokens that were written.
//!
//! A half-typed body (`client.`) must still give a defined function, or completion dies in the
//! editor (rust-lang/rust-analyzer#10520), and untouched tokens keep the user's own errors at their
//! own place.

use std::fmt::Display;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, Receiver, Signature, Token, Visibility};

use super::pattern::bound_names;
use super::tokens::names;

/// A function with a body.
pub(crate) struct Function {
    /// Outer attributes that stay on the function; family attributes are taken off by the stack.
    pub(crate) attrs: Vec<Attribute>,
    /// Visibility and signature, as written: whatever may stand there is printed whole.
    pub(crate) head: TokenStream,
    /// Visibility and `default`: the tokens before the signature.
    pub(crate) prefix: TokenStream,
    pub(crate) sig: Signature,
    /// With the braces, because their span tells rustc that a person wrote this function.
    pub(crate) body: Group,
}

impl Function {
    /// `attribute` is the attribute that stands on the item, for messages.
    pub(crate) fn parse(attribute: &dyn Display, item: TokenStream) -> syn::Result<Self> {
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
            Err(error) => return Err(not_a_function(attribute, &head).unwrap_or(error)),
        };
        let Some(body) = body else {
            return Err(syn::Error::new_spanned(
                &sig.ident,
                format!(
                    "{attribute} needs a body to run, and `{}` has none: in a trait, put the attribute on the implementation or on \
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

    /// The function as it was written, without the attributes already taken off, and with `front`
    /// first in its body: beside the function an attribute may not stand where the function does,
    /// as in another function (E0658).
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

    /// True if the body names this argument.
    pub(crate) fn body_names(&self, name: &str) -> bool {
        names(self.body.stream(), name)
    }

    /// The argument with a pattern that binds this name.
    pub(crate) fn argument(&self, name: &syn::Ident) -> Option<&syn::PatType> {
        self.arguments().find(|argument| {
            bound_names(&argument.pat)
                .iter()
                .any(|bound| bound.ident == *name)
        })
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
    // Specialisation (`default fn`) is unstable, but it costs nothing to keep the keyword.
    if input.peek(Token![default]) {
        input.parse::<Token![default]>()?.to_tokens(&mut prefix);
    }
    let sig = input.parse()?;
    input.parse::<Option<Token![;]>>()?;
    Ok((prefix, sig))
}

/// `#![allow(..)]` at the start of the body would be refused inside the expansion's blocks; on the
/// function it means the same.
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

/// The error for an item that is no function: it says the kind of the item.
fn not_a_function(attribute: &dyn Display, head: &TokenStream) -> Option<syn::Error> {
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
        format!("{attribute} goes on a function, and this is {kind}{hint}"),
    ))
}

/// Parts the item from the attributes that `is_taken` accepts, and returns their paths. It is for
/// items of which not even the signature can be read.
pub(crate) fn without_attributes(
    item: TokenStream,
    is_taken: impl Fn(&syn::Path) -> bool,
) -> (TokenStream, Vec<syn::Path>) {
    match split_attributes.parse2(item.clone()) {
        Ok((attrs, rest)) => {
            let (taken, kept): (Vec<_>, Vec<_>) =
                attrs.into_iter().partition(|attr| is_taken(attr.path()));
            (
                quote::quote!(#(#kept)* #rest),
                taken.iter().map(|attr| attr.path().clone()).collect(),
            )
        }
        Err(_) => (item, Vec::new()),
    }
}
