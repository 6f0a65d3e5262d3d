//! The names that a signature binds, and how each of them is passed.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, FnArg, GenericArgument, Lifetime, Pat, PathArguments, ReceiverKind, Type};

use super::item::Function;
use super::pattern::bound_names;
use super::types::ungroup;

/// Types that are `Sync` whatever they hold, if they are `Send`.
const SYNC: [&str; 22] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64", "String", "PathBuf", "Duration", "Instant", "Arc", "Rc",
];

/// The way in which an argument is passed, as far as its written type and its pattern tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passing {
    Owned,
    /// A `&mut` reference.
    Unique,
    /// A `&` reference.
    Shared,
}

/// One name that stands for an argument, or for a part of one.
#[derive(Clone)]
pub(crate) struct Parameter<'f> {
    /// The name in the code of the policies. A function may give the argument another name in front
    /// of that code.
    pub(crate) name: Ident,
    /// The name in the signature: of the receiver it is `self`.
    pub(crate) in_signature: Ident,
    pub(crate) passing: Passing,
    /// The written type of the whole argument. The shorthands `self`, `&self` and `&mut self` have
    /// none.
    pub(crate) ty: Option<&'f Type>,
    /// The lifetime of a reference, if it is written.
    pub(crate) lifetime: Option<&'f Lifetime>,
    /// The pattern binds a part of the argument. The type of the part is not written.
    pub(crate) is_part: bool,
    /// The name is declared `mut`.
    pub(crate) is_mutable: bool,
    attrs: &'f [Attribute],
}

impl<'f> Parameter<'f> {
    /// All names that the signature binds, in its order.
    pub(crate) fn all(function: &'f Function) -> Vec<Self> {
        function.sig.inputs.iter().flat_map(Self::of).collect()
    }

    fn of(input: &'f FnArg) -> Vec<Self> {
        let (attrs, ty, pattern) = match input {
            FnArg::Receiver(receiver) => {
                let (ty, passing, lifetime) = match &receiver.kind {
                    ReceiverKind::Reference(_, lifetime, mutability) => {
                        let passing = match mutability {
                            Some(_) => Passing::Unique,
                            None => Passing::Shared,
                        };
                        (None, passing, lifetime.as_ref())
                    }
                    ReceiverKind::Typed(_, ty) => {
                        (Some(&**ty), Passing::of_type(ty), lifetime_of(ty))
                    }
                    _ => (None, Passing::Owned, None),
                };
                let name = Ident::from(receiver.self_token);
                return vec![Self {
                    in_signature: name.clone(),
                    name,
                    passing,
                    ty,
                    lifetime,
                    is_part: false,
                    is_mutable: receiver.mutability.is_some(),
                    attrs: &receiver.attrs,
                }];
            }
            FnArg::Typed(argument) => (&argument.attrs, &argument.ty, &argument.pat),
        };
        let is_part = !matches!(&**pattern, Pat::Ident(_));
        let names = bound_names(pattern).into_iter().map(|bound| Self {
            name: bound.ident.clone(),
            in_signature: bound.ident.clone(),
            passing: match (bound.by_ref, bound.mutability) {
                (Some(_), Some(_)) => Passing::Unique,
                (Some(_), None) => Passing::Shared,
                (None, _) => Passing::of_type(ty),
            },
            ty: Some(ty),
            lifetime: lifetime_of(ty),
            is_part,
            is_mutable: bound.mutability.is_some(),
            attrs,
        });
        names.collect()
    }

    /// The names that a `let` in front of the policies gives to this argument.
    pub(crate) fn behind(&self, pattern: &Pat) -> Vec<Self> {
        let is_name = matches!(pattern, Pat::Ident(name) if name.subpat.is_none());
        let names = bound_names(pattern).into_iter().map(|bound| Self {
            name: bound.ident.clone(),
            is_part: self.is_part || !is_name,
            is_mutable: bound.mutability.is_some(),
            ..self.clone()
        });
        names.collect()
    }

    /// All attributes of the argument, for a variable that stands for it.
    pub(crate) fn attributes(&self) -> TokenStream {
        let attrs = self.attrs;
        quote!(#(#attrs)*)
    }

    /// The attributes that say whether the argument exists at all.
    pub(crate) fn cfg(&self) -> TokenStream {
        let cfg = self
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("cfg"))
            .map(ToTokens::to_token_stream);
        quote!(#(#cfg)*)
    }

    /// The caller lends the argument by a `&mut` reference. A `ref mut` pattern is none, because it
    /// borrows from an argument that the function owns.
    pub(crate) fn is_lent_uniquely(&self) -> bool {
        self.passing == Passing::Unique
            && self
                .ty
                .is_none_or(|ty| Passing::of_type(ty) == Passing::Unique)
    }

    /// An owned argument by reference, a reference as it is.
    pub(crate) fn lent(&self) -> TokenStream {
        let name = &self.name;
        // All tokens have the span of the name, so that they are shown as one.
        match self.passing {
            Passing::Owned => quote_spanned!(name.span()=> &#name),
            Passing::Unique => quote_spanned!(name.span()=> &mut *#name),
            Passing::Shared => name.to_token_stream(),
        }
    }

    /// A borrow may be reached through the argument. The type of a receiver is written somewhere
    /// else.
    pub(crate) fn may_hold_borrow(&self) -> bool {
        self.ty
            .is_none_or(|ty| may_hold_borrow(&ty.to_token_stream()))
    }

    /// The type is `Pin<&mut T>`: it is passed as an owned value and is a unique reference.
    pub(crate) fn is_pinned_reference(&self) -> bool {
        let Some(Type::Path(path)) = self.ty.map(ungroup) else {
            return false;
        };
        path.path.segments.last().is_some_and(|last| {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return false;
            };
            last.ident == "Pin"
                && matches!(arguments.args.first(), Some(GenericArgument::Type(ty))
                    if matches!(ungroup(ty), Type::Reference(_)))
        })
    }
}

impl Parameter<'_> {
    /// Attempts borrow the arguments. Held across an await, a shared borrow is `Send` only if the
    /// argument is `Sync`. The bare function does not ask for that, because it owns the argument,
    /// and a unique borrow asks no more than the bare function.
    pub(crate) fn needs_unique_borrow(&self) -> bool {
        match self.passing {
            Passing::Owned => self.is_part || !self.ty.is_some_and(is_sync),
            // Behind a reference a pattern binds by reference, and the type of the part is not
            // known.
            Passing::Unique => !self.is_part,
            Passing::Shared => false,
        }
    }
}

fn lifetime_of(ty: &Type) -> Option<&Lifetime> {
    match ungroup(ty) {
        Type::Reference(reference) => reference.lifetime.as_ref(),
        _ => None,
    }
}

impl Passing {
    pub(crate) fn of_type(ty: &Type) -> Self {
        match ungroup(ty) {
            Type::Reference(reference) if reference.mutability.is_some() => Self::Unique,
            Type::Reference(_) => Self::Shared,
            _ => Self::Owned,
        }
    }
}

fn is_sync(ty: &Type) -> bool {
    match ungroup(ty) {
        Type::Reference(reference) => reference.mutability.is_none(),
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().is_some_and(|last| {
            let is_container = last.ident == "Option" || last.ident == "Vec";
            SYNC.iter().any(|name| last.ident == name)
                || (is_container && holds_sync(&last.arguments))
        }),
        _ => false,
    }
}

fn holds_sync(arguments: &PathArguments) -> bool {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return false;
    };
    arguments
        .args
        .iter()
        .all(|argument| matches!(argument, GenericArgument::Type(ty) if is_sync(ty)))
}

/// The type shows a borrow, or a name that may stand for a type with one.
pub(crate) fn may_hold_borrow(ty: &TokenStream) -> bool {
    ty.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '&' | '\''),
        TokenTree::Ident(name) => name == "Self" || name == "impl",
        TokenTree::Group(group) => may_hold_borrow(&group.stream()),
        TokenTree::Literal(_) => false,
    })
}
