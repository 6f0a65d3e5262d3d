//! Arguments that an async attempt borrows uniquely.
//!
//! Attempts borrow the arguments. Held across an await, a shared borrow is `Send` only if the argument is `Sync`, which the
//! bare function does not ask: it owns the argument. A unique borrow asks no more than the bare function does.

use proc_macro2::Ident;
use syn::{Attribute, FnArg, GenericArgument, Pat, PathArguments, ReceiverKind, Type};

use crate::item::{Function, ungroup};

/// `Sync` whatever they hold, if they are `Send`.
const SYNC: [&str; 22] = [
    "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64", "String", "PathBuf", "Duration", "Instant", "Arc", "Rc",
];

pub(crate) struct Lent {
    pub(crate) name: Ident,
    /// Those that say whether the argument is there at all.
    pub(crate) cfg: Vec<Attribute>,
    /// `T`, not `&mut T`: its binding must be `mut`.
    pub(crate) is_owned: bool,
}

impl Lent {
    /// What the body does not name is not captured, and rustc is to find it unused.
    pub(crate) fn all(function: &Function) -> Vec<Self> {
        let lent = function.sig.inputs.iter().flat_map(Self::of);
        lent.filter(|lent| function.body_names(&lent.name.to_string()))
            .collect()
    }

    fn of(input: &FnArg) -> Vec<Self> {
        let (names, attrs, is_owned) = match input {
            FnArg::Receiver(receiver) => {
                let is_owned = match &receiver.kind {
                    ReceiverKind::Reference(_, _, mutability) => mutability.map(|_| false),
                    ReceiverKind::Typed(_, ty) => owned_or_unique(ty),
                    _ => Some(true),
                };
                (
                    vec![Ident::from(receiver.self_token)],
                    &receiver.attrs,
                    is_owned,
                )
            }
            FnArg::Typed(argument) => {
                // Behind a reference a pattern binds by reference, and there `mut` cannot stand.
                let is_owned = match (&*argument.pat, ungroup(&argument.ty)) {
                    (Pat::Ident(_), ty) => owned_or_unique(ty),
                    (_, Type::Reference(_)) => None,
                    _ => Some(true),
                };
                let mut names = Vec::new();
                moved(&argument.pat, &mut names);
                (names, &argument.attrs, is_owned)
            }
        };
        let Some(is_owned) = is_owned else {
            return Vec::new();
        };
        let cfg: Vec<_> = attrs
            .iter()
            .filter(|attr| attr.path().is_ident("cfg"))
            .cloned()
            .collect();
        names
            .into_iter()
            .map(|name| Self {
                name,
                cfg: cfg.clone(),
                is_owned,
            })
            .collect()
    }
}

/// The names that a pattern binds by moving.
fn moved(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => {
            names.push(name.ident.clone());
        }
        Pat::Paren(paren) => moved(&paren.pat, names),
        Pat::Slice(slice) => slice.elems.iter().for_each(|elem| moved(elem, names)),
        Pat::Struct(fields) => fields
            .fields
            .iter()
            .for_each(|field| moved(&field.pat, names)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|elem| moved(elem, names)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|elem| moved(elem, names)),
        _ => {}
    }
}

/// Whether the argument is owned, or a unique reference; `None` if a shared borrow of it is as good.
fn owned_or_unique(ty: &Type) -> Option<bool> {
    match ungroup(ty) {
        Type::Reference(reference) => reference.mutability.map(|_| false),
        ty if is_sync(ty) => None,
        _ => Some(true),
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
