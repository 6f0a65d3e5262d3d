//! Written types.

use syn::Type;

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
