//! The rules of `#[timeout]`: a limit, and for sync functions a mode that can work.

use quote::ToTokens;
use syn::{Expr, GenericArgument, PathArguments, ReceiverKind, Type};

use crate::emit::plan::PlannedLayer;
use crate::emit::properties::Properties;
use crate::errors::Errors;
use crate::function::form::Form;
use crate::function::item::Function;
use crate::function::pattern::bound_names;
use crate::function::types::ungroup;
use crate::language::value::Setting;
use crate::language::values::{ConfigPlan, Values};
use crate::policy::spec::{CheckedLayer, LiteralValues, Surroundings, literal_time};
use crate::source_text::source_text;

pub(super) struct TimeoutPlan {
    pub(super) config: ConfigPlan,
    /// The positional or named limit; without it, `config` brings one.
    pub(super) limit: Option<Setting>,
    pub(super) error: Option<Expr>,
    /// The way in which a sync body is timed.
    pub(super) mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Thread,
    Cooperative,
}

pub(super) fn check(
    values: &mut Values<'_>,
    surroundings: Surroundings<'_>,
    errors: &mut Errors,
) -> CheckedLayer {
    let Surroundings { function, form, .. } = surroundings;
    let literals = LiteralValues {
        limit: literal_time(values, "limit"),
        ..LiteralValues::default()
    };
    let mode_key = values.key("mode").cloned();
    let mode = match values.take_word("mode") {
        Some("cooperative") => Mode::Cooperative,
        _ => Mode::Thread,
    };
    match form {
        Some(form) if form.is_async() => {
            if let Some(key) = mode_key {
                errors.at(
                    key,
                    "`mode` is for sync functions: the timeout of an async one drops its future; remove `mode`",
                );
            }
        }
        // A mode that was refused is not the default one.
        Some(_) if mode == Mode::Thread && !values.is_wrong("mode") => {
            borrowed_arguments(function, errors);
            bound_to_one_thread(function, errors);
        }
        _ => {}
    }
    let config = values.take_config();
    let limit = values.take_setting("limit");
    if limit.is_none() && config.base.is_none() && !values.incomplete {
        errors.at(
            &values.anchor,
            "#[timeout] needs a limit, as in `#[timeout(5s)]`",
        );
    }
    let plan = TimeoutPlan {
        config,
        limit,
        error: values.take_expr("error"),
        mode,
    };
    CheckedLayer {
        layer: PlannedLayer {
            properties: Properties {
                policy: "timeout",
                inherits_deadline: true,
                moves_to_worker: mode == Mode::Thread && matches!(form, Some(Form::Sync)),
                ..Properties::default()
            },
            emitter: Box::new(plan),
        },
        literals,
        cloned: Vec::new(),
    }
}

/// The body of a threaded timeout outlives the call when it is abandoned, so it can borrow nothing
/// from it. This is one error, even if several arguments have to change.
fn borrowed_arguments(function: &Function, errors: &mut Errors) {
    let receiver = function.receiver().filter(|receiver| match &receiver.kind {
        ReceiverKind::Reference(_, lifetime, _) => !is_static(lifetime.as_ref()),
        ReceiverKind::Typed(_, ty) => is_borrow(ty),
        _ => false,
    });
    let receiver = receiver.map(|receiver| {
        let owned = "`self: Arc<Self>`, or the fields it needs as owned arguments".to_owned();
        (receiver.to_token_stream(), "`self`".to_owned(), owned)
    });
    let names = function
        .arguments()
        .flat_map(|argument| bound_names(&argument.pat));
    let by_ref = names.filter(|name| name.by_ref.is_some()).map(|name| {
        let ident = &name.ident;
        (
            name.to_token_stream(),
            format!("`{ident}`"),
            format!("it by value, `{ident}` without `ref`"),
        )
    });
    let arguments = function
        .arguments()
        .filter(|argument| is_borrow(&argument.ty))
        .map(|argument| {
            let name = source_text(&argument.pat.to_token_stream());
            (
                argument.ty.to_token_stream(),
                format!("`{name}`"),
                owned(&argument.ty),
            )
        });
    let borrowed: Vec<_> = receiver
        .into_iter()
        .chain(by_ref)
        .chain(arguments)
        .collect();
    let (what, take) = match borrowed.as_slice() {
        [] => return,
        [(_, name, owned)] => (format!("{name} is borrowed"), owned.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|(_, name, _)| name.as_str()).collect();
            (
                format!("{} are borrowed", names.join(" and ")),
                "owned values".to_owned(),
            )
        }
    };
    if let Some((tokens, ..)) = borrowed.first() {
        errors.at(
            tokens,
            format!(
                "{what}, and a sync #[timeout] runs the body on a worker thread that may outlive the call: take {take}; or let \
                 the body watch the deadline itself with `mode = cooperative`"
            ),
        );
    }
}

/// An `Rc` cannot go to a worker and back, and rustc would say so of a closure that nobody wrote.
/// Any other type that is not `Send` is left to rustc, because its name does not tell.
fn bound_to_one_thread(function: &Function, errors: &mut Errors) {
    let argument = function.arguments().find_map(|argument| {
        let name = source_text(&argument.pat.to_token_stream());
        names_rc(&argument.ty).then(|| (&*argument.ty, format!("the argument `{name}`")))
    });
    let returned = match &function.sig.output {
        syn::ReturnType::Type(_, ty) if names_rc(ty) => {
            Some((&**ty, "the returned value".to_owned()))
        }
        _ => None,
    };
    if let Some((ty, what)) = argument.or(returned) {
        errors.at(
            ty,
            format!(
                "a sync #[timeout] runs the body on a worker thread, and an `Rc` in {what} cannot leave its thread: take an `Arc`, \
                 or let the body watch the deadline itself with `mode = cooperative`"
            ),
        );
    }
}

fn names_rc(ty: &Type) -> bool {
    match ungroup(ty) {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            last.ident == "Rc"
                || matches!(&last.arguments, PathArguments::AngleBracketed(arguments)
                    if arguments.args.iter().any(|argument| matches!(argument, GenericArgument::Type(ty) if names_rc(ty))))
        }),
        Type::Tuple(tuple) => tuple.elems.iter().any(names_rc),
        _ => false,
    }
}

/// `&str`, and `Query<'_>`.
fn is_borrow(ty: &Type) -> bool {
    match ungroup(ty) {
        Type::Reference(reference) => !is_static(reference.lifetime.as_ref()),
        Type::Path(path) => path
            .path
            .segments
            .iter()
            .any(|segment| match &segment.arguments {
                PathArguments::AngleBracketed(arguments) => {
                    arguments.args.iter().any(|argument| match argument {
                        GenericArgument::Lifetime(lifetime) => !is_static(Some(lifetime)),
                        GenericArgument::Type(ty) => is_borrow(ty),
                        _ => false,
                    })
                }
                _ => false,
            }),
        Type::Tuple(tuple) => tuple.elems.iter().any(is_borrow),
        _ => false,
    }
}

fn is_static(lifetime: Option<&syn::Lifetime>) -> bool {
    lifetime.is_some_and(|lifetime| lifetime.ident == "static")
}

/// The owned type that a borrowed argument can be replaced by.
fn owned(borrowed: &Type) -> String {
    let unnamed = || "an owned value".to_owned();
    let Type::Reference(reference) = ungroup(borrowed) else {
        return unnamed();
    };
    let text = source_text(&reference.elem.to_token_stream());
    match (text.as_str(), ungroup(&reference.elem)) {
        ("str", _) => "a `String`".to_owned(),
        ("Path", _) => "a `PathBuf`".to_owned(),
        (_, Type::Slice(slice)) => {
            format!("a `Vec<{}>`", source_text(&slice.elem.to_token_stream()))
        }
        (_, Type::Path(_)) => format!("`{text}` by value or an `Arc` of it"),
        _ => unnamed(),
    }
}
