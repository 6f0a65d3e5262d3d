//! The written bounds of a generic argument.

use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{GenericParam, Token, Type, TypeParamBound, WherePredicate};

use super::item::Function;
use super::tokens::any_ident;
use super::types::ungroup;

pub(crate) type Bounds = Punctuated<TypeParamBound, Token![+]>;

/// The bounds of `impl Trait`, or of a type parameter of the function.
pub(crate) fn bounds_of(ty: &Type, function: &Function) -> Option<Bounds> {
    let name = match ungroup(ty) {
        Type::ImplTrait(ty) => return Some(ty.bounds.clone()),
        Type::Path(path) => path.path.get_ident()?,
        _ => return None,
    };
    let generics = &function.sig.generics;
    let mut bounds = generics.params.iter().find_map(|param| match param {
        GenericParam::Type(param) if param.ident == *name => Some(param.bounds.clone()),
        _ => None,
    })?;
    let predicates = generics
        .where_clause
        .iter()
        .flat_map(|clause| &clause.predicates);
    for predicate in predicates {
        if let WherePredicate::Type(predicate) = predicate {
            if *name == predicate.bounded_ty.to_token_stream().to_string() {
                bounds.extend(predicate.bounds.iter().cloned());
            }
        }
    }
    Some(bounds)
}

pub(crate) fn is_send(bounds: &Bounds) -> bool {
    any_ident(quote!(#bounds), &|name| name == "Send")
}
