//! The names in patterns.

use syn::{Ident, Pat, PatIdent};

/// The names that a pattern binds, with their `mut`.
pub(crate) fn bound_names(pattern: &Pat) -> Vec<&PatIdent> {
    fn walk<'p>(pattern: &'p Pat, names: &mut Vec<&'p PatIdent>) {
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

/// Declares a name of this pattern `mut`. The keyword has the place of the name, because rustc
/// names a binding in its errors only if all of it was written by the user.
pub(crate) fn make_mutable(pattern: &mut Pat, name: &Ident) {
    match pattern {
        Pat::Ident(bound) => {
            if bound.ident == *name && bound.by_ref.is_none() && bound.mutability.is_none() {
                bound.mutability = Some(syn::Token![mut](bound.ident.span()));
            }
            if let Some((_, sub)) = &mut bound.subpat {
                make_mutable(sub, name);
            }
        }
        Pat::Or(or) => or
            .cases
            .iter_mut()
            .for_each(|case| make_mutable(case, name)),
        Pat::Paren(paren) => make_mutable(&mut paren.pat, name),
        Pat::Reference(reference) => make_mutable(&mut reference.pat, name),
        Pat::Slice(slice) => slice
            .elems
            .iter_mut()
            .for_each(|elem| make_mutable(elem, name)),
        Pat::Struct(fields) => {
            for field in &mut fields.fields {
                make_mutable(&mut field.pat, name);
            }
        }
        Pat::Tuple(tuple) => tuple
            .elems
            .iter_mut()
            .for_each(|elem| make_mutable(elem, name)),
        Pat::TupleStruct(tuple) => tuple
            .elems
            .iter_mut()
            .for_each(|elem| make_mutable(elem, name)),
        Pat::Type(typed) => make_mutable(&mut typed.pat, name),
        _ => {}
    }
}
