//! The rules of `#[timeout]`: a limit, and for sync functions a mode that can work.

use syn::{ReceiverKind, Type};

use super::values::Values;
use super::{Form, Mode, TimeoutPlan};
use crate::errors::Errors;
use crate::item::{Function, bound_names, ungroup};

pub(super) fn check(values: &mut Values, form: &Form, function: &Function, errors: &mut Errors) -> TimeoutPlan {
    let mode_key = values.key("mode").cloned();
    let mode = match values.take_word("mode") {
        Some("cooperative") => Mode::Cooperative,
        _ => Mode::Thread,
    };
    if form.is_async() {
        if let Some(key) = mode_key {
            errors.at(key, "`mode` is for sync functions: the timeout of an async one drops its future; remove `mode`");
        }
    } else if mode == Mode::Thread {
        borrowed_argument(function, errors);
    }
    let config = values.take_config(&["operation", "message"], function);
    let limit = values.take_setting("limit");
    if limit.is_none() && config.base.is_none() && !values.incomplete {
        errors.push(syn::Error::new(values.span, "#[timeout] needs a limit: `#[timeout(5s)]`"));
    }
    TimeoutPlan { config, limit, error: values.take_expr("error"), mode }
}

/// The body of a threaded timeout outlives the call when it is abandoned, so it can borrow nothing from it.
fn borrowed_argument(function: &Function, errors: &mut Errors) {
    let refuse = |errors: &mut Errors, tokens: &dyn quote::ToTokens, what: &str, owned: &str| {
        errors.at(
            tokens.to_token_stream(),
            format!(
                "{what} is borrowed, and a sync #[timeout] runs the body on a worker thread that may outlive the call: take {owned}, \
                 or let the body watch the deadline itself with `mode = cooperative`"
            ),
        );
    };
    if let Some(receiver) = function.receiver() {
        match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, _) if !is_static(lifetime.as_ref()) => {
                return refuse(
                    errors,
                    receiver,
                    "`self`",
                    "`self: Arc<Self>` or the fields it needs as owned arguments",
                );
            }
            ReceiverKind::Typed(_, ty) if is_borrow(ty) => {
                return refuse(
                    errors,
                    receiver,
                    "`self`",
                    "`self: Arc<Self>` or the fields it needs as owned arguments",
                );
            }
            _ => {}
        }
    }
    let names = function.arguments().flat_map(|argument| bound_names(&argument.pat));
    for name in names.filter(|name| name.by_ref.is_some()) {
        refuse(errors, name, &format!("`{}`", name.ident), &format!("it by value, `{}` without `ref`", name.ident));
    }
    if let Some(argument) = function.arguments().find(|argument| is_borrow(&argument.ty)) {
        let pattern = &argument.pat;
        let what = format!("`{}`", quote::quote!(#pattern));
        let owned = match ungroup(&argument.ty) {
            Type::Reference(reference) => owned_type(&reference.elem),
            _ => "an owned value".to_owned(),
        };
        refuse(errors, &argument.ty, &what, &owned);
    }
}

fn is_borrow(ty: &Type) -> bool {
    matches!(ungroup(ty), Type::Reference(reference) if !is_static(reference.lifetime.as_ref()))
}

fn is_static(lifetime: Option<&syn::Lifetime>) -> bool {
    lifetime.is_some_and(|lifetime| lifetime.ident == "static")
}

/// How one would take `&T` by value.
fn owned_type(borrowed: &Type) -> String {
    let text = quote::quote!(#borrowed).to_string();
    match (text.as_str(), ungroup(borrowed)) {
        ("str", _) => "a `String`".to_owned(),
        ("Path", _) => "a `PathBuf`".to_owned(),
        (_, Type::Slice(slice)) => {
            let elem = &slice.elem;
            format!("a `Vec<{}>`", quote::quote!(#elem))
        }
        (_, Type::Path(_)) => format!("`{}` by value or an `Arc` of it", text.replace(' ', "")),
        _ => "an owned value".to_owned(),
    }
}
