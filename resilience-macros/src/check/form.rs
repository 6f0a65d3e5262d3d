//! How the function is async, and what no attribute of the family can wrap.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::{Block, Expr, GenericArgument, Pat, PathArguments, ReturnType, Stmt, Type, TypeParamBound};

use crate::errors::Errors;
use crate::item::{Function, ungroup};
use crate::policy::Policy;

/// What stands between a call and its outcome.
pub(crate) enum Form {
    Sync,
    Async,
    /// A sync function that returns a future, so that the policies belong inside that future.
    Future {
        /// The future is boxed and pinned.
        boxed: bool,
        /// The future's output.
        output: Box<Type>,
        /// The body is a lone `async move { … }`: its contents are the attempt. Without it, each attempt builds its
        /// future by running the whole body.
        block: Option<Hoisted>,
    },
}

impl Form {
    pub(crate) fn is_async(&self) -> bool {
        !matches!(self, Self::Sync)
    }

    /// What the receiver is called where the policies stand, if moves in front of them took it.
    pub(crate) fn moved_receiver(&self) -> Option<&syn::Ident> {
        match self {
            Self::Future { block: Some(block), .. } => block.receiver.as_ref(),
            _ => None,
        }
    }
}

/// The contents of the async block that is the whole body.
pub(crate) struct Hoisted {
    /// `let x = x;` in front, as `#[async_trait]` writes them: made once, for all attempts.
    pub(crate) moves: TokenStream,
    /// The receiver is called this behind the moves.
    pub(crate) receiver: Option<syn::Ident>,
    pub(crate) body: Group,
}

pub(super) fn form(function: &Function, policy: Policy, errors: &mut Errors) -> Option<Form> {
    let sig = &function.sig;
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            format!("{policy} cannot stand on a `const fn`: it reads the clock and waits; remove `const`"),
        );
        return None;
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            format!("{policy} cannot pass on C-variadic arguments: wrap the call in a function without them"),
        );
        return None;
    }
    let ReturnType::Type(_, returned) = &sig.output else {
        errors.at(
            &sig.ident,
            format!("{policy} needs a function that returns a `Result`, and `{}` returns nothing: write `-> Result<(), Error>`", sig.ident),
        );
        return None;
    };
    if function.is_async() {
        return outcome(returned, policy, errors).then_some(Form::Async);
    }
    match future_output(returned) {
        Some((boxed, output)) => outcome(&output, policy, errors).then(|| Form::Future {
            boxed,
            output: Box::new(output),
            block: lone_async_block(function),
        }),
        None => outcome(returned, policy, errors).then_some(Form::Sync),
    }
}

/// Refuses at once what can be seen to be no `Result`; an alias is left to the compiler, which knows.
fn outcome(ty: &Type, policy: Policy, errors: &mut Errors) -> bool {
    const PRIMITIVES: [&str; 21] = [
        "bool", "char", "str", "String", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
        "isize", "f32", "f64", "Option", "Vec", "Box",
    ];
    let plain = match ungroup(ty) {
        Type::Path(path) => {
            path.qself.is_none()
                && path.path.get_ident().map_or_else(
                    || {
                        path.path.segments.len() == 1
                            && path
                                .path
                                .segments
                                .first()
                                .is_some_and(|s| !s.arguments.is_empty() && PRIMITIVES.iter().any(|p| s.ident == p))
                    },
                    |ident| PRIMITIVES.iter().any(|primitive| ident == primitive),
                )
        }
        Type::Tuple(_)
        | Type::Array(_)
        | Type::Slice(_)
        | Type::Reference(_)
        | Type::Never(_)
        | Type::Ptr(_)
        | Type::FnPtr(_)
        | Type::ImplTrait(_) => true,
        _ => false,
    };
    if plain {
        let shown = ty.to_token_stream().to_string().replace(" <", "<").replace("< ", "<").replace(" >", ">");
        errors.at(
            ty,
            format!("{policy} needs a function that returns a `Result`, but this one returns `{shown}`: a failure must be visible in the value"),
        );
    }
    !plain
}

/// The `Output` of `impl Future`, `Pin<Box<dyn Future>>` and the `BoxFuture` aliases of futures.
fn future_output(ty: &Type) -> Option<(bool, Type)> {
    match ungroup(ty) {
        Type::ImplTrait(bounds) => Some((false, bound_output(&bounds.bounds)?)),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let mut types = type_arguments(&last.arguments);
            if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
                return Some((true, types.pop()?));
            }
            let Type::Path(boxed) = ungroup(types.first().filter(|_| last.ident == "Pin")?).clone() else {
                return None;
            };
            let boxed = boxed.path.segments.last()?.clone();
            let inner = type_arguments(&boxed.arguments).into_iter().next().filter(|_| boxed.ident == "Box")?;
            match ungroup(&inner) {
                Type::TraitObject(object) => Some((true, bound_output(&object.bounds)?)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn type_arguments(arguments: &PathArguments) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

fn bound_output<P>(bounds: &syn::punctuated::Punctuated<TypeParamBound, P>) -> Option<Type> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => Some(output.ty.clone()),
            _ => None,
        })
    })
}

/// `async move { … }` or `Box::pin(async move { … })` and nothing else: what `#[async_trait]` leaves, and what people write.
fn lone_async_block(function: &Function) -> Option<Hoisted> {
    let mut tokens: Vec<TokenTree> = function.body.stream().into_iter().collect();
    if let [.., TokenTree::Ident(pin), TokenTree::Group(call)] = tokens.as_slice() {
        let is_path = tokens.iter().rev().skip(1).all(|token| match token {
            TokenTree::Ident(_) => true,
            TokenTree::Punct(punct) => punct.as_char() == ':',
            _ => false,
        });
        if pin == "pin" && call.delimiter() == Delimiter::Parenthesis && is_path {
            tokens = call.stream().into_iter().collect();
        }
    }
    let (Some(TokenTree::Ident(first)), Some(TokenTree::Group(block))) = (tokens.first(), tokens.last()) else {
        return None;
    };
    let is_move = matches!(tokens.get(1), Some(TokenTree::Ident(second)) if second == "move");
    let lone = first == "async" && block.delimiter() == Delimiter::Brace && tokens.len() == if is_move { 3 } else { 2 };
    lone.then(|| hoist(block, function))
}

/// Takes the moves of arguments off the front of the block.
fn hoist(block: &Group, function: &Function) -> Hoisted {
    let untouched = || Hoisted { moves: TokenStream::new(), receiver: None, body: block.clone() };
    let Ok(statements) = Block::parse_within.parse2(block.stream()) else { return untouched() };
    let (mut moves, mut rest, mut receiver) = (TokenStream::new(), TokenStream::new(), None);
    let mut in_front = true;
    for statement in &statements {
        match moved_argument(statement, function) {
            Some((pattern, is_receiver)) if in_front => {
                if let (true, Pat::Ident(name)) = (is_receiver, pattern) {
                    receiver = Some(name.ident.clone());
                }
                statement.to_tokens(&mut moves);
            }
            _ => {
                // async_trait puts its own fake return in front of the moves; it belongs to the attempt.
                in_front = in_front && is_fake_return(statement);
                statement.to_tokens(&mut rest);
            }
        }
    }
    let mut body = Group::new(Delimiter::Brace, rest);
    body.set_span(block.span());
    Hoisted { moves, receiver, body }
}

/// `let pattern = argument;`
fn moved_argument<'s>(statement: &'s Stmt, function: &Function) -> Option<(&'s Pat, bool)> {
    let Stmt::Local(local) = statement else { return None };
    let init = local.init.as_ref().filter(|init| init.diverge.is_none())?;
    let Expr::Path(path) = &*init.expr else { return None };
    let name = path.path.get_ident()?;
    let is_receiver = name == "self";
    (is_receiver || function.has_argument(name)).then_some((&local.pat, is_receiver))
}

fn is_fake_return(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(Expr::If(condition), _) if matches!(&*condition.cond, Expr::Let(_)))
}
