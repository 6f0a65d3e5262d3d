//! The form of the function, and the functions that no attribute of the family can wrap.

use std::fmt::Display;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::Parser;
use syn::{
    Block, Expr, GenericArgument, Pat, PathArguments, ReturnType, Stmt, Type, TypeParamBound,
};

use super::item::Function;
use super::parameter::{Parameter, Passing};
use super::tokens::names;
use super::types::ungroup;
use crate::errors::Errors;
use crate::source_text::source_text;

/// The way from a call to its outcome.
pub(crate) enum Form {
    Sync,
    Async,
    /// A sync function that returns a future, so that the policies belong inside that future.
    Future {
        /// The future is boxed and pinned.
        boxed: bool,
        /// The future's output.
        output: Box<Type>,
        /// The body is a lone `async move { … }`: its contents are the attempt. Without it, each
        /// attempt builds its future by running the whole body.
        block: Option<AsyncBlock>,
    },
}

impl Form {
    pub(crate) fn is_async(&self) -> bool {
        !matches!(self, Self::Sync)
    }

    /// The names of the arguments in the code of the policies, which stands behind the moves in
    /// front of a lone async block.
    pub(crate) fn parameters<'f>(&self, function: &'f Function) -> Vec<Parameter<'f>> {
        let parameters = Parameter::all(function);
        let Some(block) = self.async_block() else {
            return parameters;
        };
        let behind =
            parameters
                .into_iter()
                .flat_map(|parameter| match block.move_of(&parameter.name) {
                    Some(moved) => parameter.behind(&moved.pat),
                    None => vec![parameter],
                });
        behind.collect()
    }

    pub(crate) fn async_block(&self) -> Option<&AsyncBlock> {
        match self {
            Self::Future { block, .. } => block.as_ref(),
            Self::Sync | Self::Async => None,
        }
    }

    /// The receiver's name in the code of the policies, if a move in front of that code gave the
    /// receiver another one.
    pub(crate) fn moved_receiver(&self) -> Option<&syn::Ident> {
        match &self.async_block()?.move_of("self")?.pat {
            Pat::Ident(pattern) => Some(&pattern.ident),
            _ => None,
        }
    }

    /// True if the attempts name this parameter.
    pub(crate) fn names(&self, function: &Function, parameter: &syn::Ident) -> bool {
        let body = self
            .async_block()
            .map_or(&function.body, |block| &block.body);
        names(body.stream(), &parameter.to_string())
    }
}

/// The contents of the async block that is the whole body.
pub(crate) struct AsyncBlock {
    /// `let x = x;` in front, as `#[async_trait]` writes them: made once, for all attempts.
    pub(crate) moves: Vec<Move>,
    pub(crate) body: Group,
}

/// `let pattern = argument;`
pub(crate) struct Move {
    argument: syn::Ident,
    pub(crate) statement: syn::Local,
}

impl AsyncBlock {
    fn move_of<N: ?Sized>(&self, argument: &N) -> Option<&syn::Local>
    where
        syn::Ident: PartialEq<N>,
    {
        let moved = self.moves.iter().find(|moved| moved.argument == *argument);
        moved.map(|moved| &moved.statement)
    }

    pub(crate) fn is_moved(&self, argument: &syn::Ident) -> bool {
        self.move_of(argument).is_some()
    }
}

pub(crate) fn form(
    function: &Function,
    attribute: &dyn Display,
    errors: &mut Errors,
) -> Option<Form> {
    let sig = &function.sig;
    if let Some(constness) = &sig.constness {
        errors.at(
            constness,
            format!("{attribute} cannot stand on a `const fn`: it reads the clock and waits; remove `const`"),
        );
        return None;
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(
            variadic,
            format!("{attribute} cannot pass on C-variadic arguments: wrap the call in a function without them"),
        );
        return None;
    }
    // On an `async fn` it has no effect without us either, and rustc says so.
    let track_caller = function
        .attrs
        .iter()
        .find(|attr| attr.path().is_ident("track_caller"));
    if let Some(attr) = track_caller.filter(|_| !function.is_async()) {
        errors.at(
            attr.path(),
            format!(
                "`#[track_caller]` does not reach the body under {attribute}, which calls it from a closure: remove it; if the \
                 body needs its caller's place, take a `&'static Location<'static>` as an argument"
            ),
        );
        return None;
    }
    let ReturnType::Type(_, returned) = &sig.output else {
        errors.at(
            &sig.ident,
            format!("{attribute} needs a function that returns a `Result`, and `{}` returns nothing: write `-> Result<(), Error>`", sig.ident),
        );
        return None;
    };
    if function.is_async() {
        return outcome(returned, attribute, errors).then_some(Form::Async);
    }
    match future_output(returned) {
        Some((boxed, output)) => outcome(&output, attribute, errors).then(|| Form::Future {
            boxed,
            output: Box::new(output),
            block: lone_async_block(function),
        }),
        None => outcome(returned, attribute, errors).then_some(Form::Sync),
    }
}

/// Refuses a type that is visibly no `Result`. An alias is left to the compiler, because the
/// compiler knows its type.
fn outcome(ty: &Type, attribute: &dyn Display, errors: &mut Errors) -> bool {
    const PRIMITIVES: [&str; 21] = [
        "bool", "char", "str", "String", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16",
        "i32", "i64", "i128", "isize", "f32", "f64", "Option", "Vec", "Box",
    ];
    let plain = match ungroup(ty) {
        Type::Path(path) => {
            path.qself.is_none()
                && path.path.get_ident().map_or_else(
                    || {
                        path.path.segments.len() == 1
                            && path.path.segments.first().is_some_and(|s| {
                                !s.arguments.is_empty() && PRIMITIVES.iter().any(|p| s.ident == p)
                            })
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
        let shown = source_text(&ty.to_token_stream());
        let instead = match ungroup(ty) {
            // The function never returns, so it has no outcome that could fail.
            Type::Never(_) => String::new(),
            Type::Path(path)
                if path
                    .path
                    .segments
                    .last()
                    .is_some_and(|last| last.ident == "Option") =>
            {
                let inner = shown
                    .split_once('<')
                    .and_then(|(_, inner)| inner.strip_suffix('>'))
                    .unwrap_or("T");
                format!("; write `Result<{inner}, Error>`, with `ok_or` where there was `None`")
            }
            _ => format!("; write `Result<{shown}, Error>`"),
        };
        errors.at(
            ty,
            format!("{attribute} needs a function that returns a `Result`, but this one returns `{shown}`: a failure must be visible in the value{instead}"),
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
            let Type::Path(boxed) = ungroup(types.first().filter(|_| last.ident == "Pin")?).clone()
            else {
                return None;
            };
            let boxed = boxed.path.segments.last()?.clone();
            let inner = type_arguments(&boxed.arguments)
                .into_iter()
                .next()
                .filter(|_| boxed.ident == "Box")?;
            match ungroup(&inner) {
                Type::TraitObject(object) => Some((true, bound_output(&object.bounds)?)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn type_arguments(arguments: &PathArguments) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}

fn bound_output<P>(bounds: &syn::punctuated::Punctuated<TypeParamBound, P>) -> Option<Type> {
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound
            .path
            .segments
            .last()
            .filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => {
                Some(output.ty.clone())
            }
            _ => None,
        })
    })
}

/// Finds `async move { … }` or `Box::pin(async move { … })` and nothing else. `#[async_trait]`
/// leaves such bodies, and people write them.
fn lone_async_block(function: &Function) -> Option<AsyncBlock> {
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
    let (Some(TokenTree::Ident(first)), Some(TokenTree::Group(block))) =
        (tokens.first(), tokens.last())
    else {
        return None;
    };
    let is_move = matches!(tokens.get(1), Some(TokenTree::Ident(second)) if second == "move");
    let lone = first == "async"
        && block.delimiter() == Delimiter::Brace
        && tokens.len() == if is_move { 3 } else { 2 };
    lone.then(|| async_block_of(block, function))
}

/// Takes the moves of arguments off the front of the block.
fn async_block_of(block: &Group, function: &Function) -> AsyncBlock {
    let mut hoisted = AsyncBlock {
        moves: Vec::new(),
        body: block.clone(),
    };
    let Ok(statements) = Block::parse_within.parse2(block.stream()) else {
        return hoisted;
    };
    let mut rest = TokenStream::new();
    let mut in_front = true;
    for statement in statements {
        match moved_argument(&statement, function).filter(|_| in_front) {
            Some(moved) => hoisted.moves.push(moved),
            None => {
                // async_trait puts its own fake return in front of the moves; it belongs to the
                // attempt.
                in_front = in_front
                    && (is_fake_return(&statement) || is_rebound_reference(&statement, function));
                statement.to_tokens(&mut rest);
            }
        }
    }
    hoisted.body = Group::new(Delimiter::Brace, rest);
    hoisted.body.set_span(block.span());
    hoisted
}

/// `let pattern = argument;`
fn moved_argument(statement: &Stmt, function: &Function) -> Option<Move> {
    let Stmt::Local(statement) = statement else {
        return None;
    };
    let argument = moved_name(statement)?;
    let is_argument = argument == "self" || function.argument(argument).is_some();
    (is_argument && !is_rebound(statement, argument, function)).then(|| Move {
        argument: argument.clone(),
        statement: statement.clone(),
    })
}

fn moved_name(statement: &syn::Local) -> Option<&syn::Ident> {
    let init = statement
        .init
        .as_ref()
        .filter(|init| init.diverge.is_none())?;
    match &*init.expr {
        // `let (a, b) = { let __arg1 = __arg1; __arg1 };`, as `#[async_trait]` moves an argument
        // that is not one name.
        Expr::Block(block) => match block.block.stmts.as_slice() {
            [Stmt::Local(inner), Stmt::Expr(value, None)] => {
                let name = plain_name(value)?;
                plain_name(&inner.init.as_ref()?.expr).filter(|moved| *moved == name)
            }
            _ => None,
        },
        value => plain_name(value),
    }
}

/// A shared reference that the body may set to a local of its own. It is bound anew in each
/// attempt.
fn is_rebound(statement: &syn::Local, argument: &syn::Ident, function: &Function) -> bool {
    let is_shared = function
        .argument(argument)
        .is_some_and(|argument| Passing::of_type(&argument.ty) == Passing::Shared);
    is_shared && matches!(&statement.pat, Pat::Ident(pattern) if pattern.mutability.is_some())
}

fn is_rebound_reference(statement: &Stmt, function: &Function) -> bool {
    let Stmt::Local(statement) = statement else {
        return false;
    };
    moved_name(statement).is_some_and(|argument| is_rebound(statement, argument, function))
}

fn plain_name(value: &Expr) -> Option<&syn::Ident> {
    if let Expr::Path(path) = value {
        path.path.get_ident()
    } else {
        None
    }
}

fn is_fake_return(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(Expr::If(condition), _) if matches!(&*condition.cond, Expr::Let(_)))
}
