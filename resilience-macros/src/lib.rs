//! The attributes of [`resilience`](https://docs.rs/resilience-runtime): use them through that crate, which re-exports them.

mod check;
#[cfg(test)]
mod editors;
mod errors;
mod expand;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod goldens;
mod item;
mod parse;
mod policy;
#[cfg(test)]
mod snapshots;
mod written;

use policy::Policy;
use proc_macro::TokenStream;

/// Calls the function again when it fails.
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Policy::Retry, args.into(), item.into()).into()
}

/// Stops calling a dependency that keeps failing, and probes it until it answers again.
#[proc_macro_attribute]
pub fn circuit_breaker(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Policy::CircuitBreaker, args.into(), item.into()).into()
}

/// Gives the function's answer a deadline.
#[proc_macro_attribute]
pub fn timeout(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute(Policy::Timeout, args.into(), item.into()).into()
}

/// Expands the whole stack that starts with `policy`. Whatever is wrong, the function is still defined, so that its
/// callers are no second error.
fn attribute(
    policy: Policy,
    args: proc_macro2::TokenStream,
    item: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    if expand::is_taken(&args) {
        return item;
    }
    let mut function = match item::Function::parse(policy, item.clone()) {
        Ok(function) => function,
        Err(error) => {
            let (mut tokens, taken) = item::without_family(item);
            tokens.extend(expand::errors(&taken, error.into_compile_error()));
            return tokens;
        }
    };
    let mut errors = errors::Errors::default();
    let layers = parse::stack(policy, args, &mut function.attrs, &mut errors);
    let taken: Vec<_> = layers.iter().filter_map(|layer| layer.taken.clone()).collect();
    if expand::is_expanded(&function) {
        errors.push(expand::seen_too_late(policy));
    }
    match check::plan(layers, &function, &mut errors) {
        Some(plan) if !errors.any() => expand::function(&function, &plan),
        _ => {
            let mut tokens = function.untouched();
            tokens.extend(expand::errors(&taken, errors.into_items()));
            tokens
        }
    }
}
