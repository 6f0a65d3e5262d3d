//! The attributes where every name that they need means something else.

#![no_implicit_prelude]

mod alloc {}
mod core {}
mod std {}
mod tracing {}
mod tokio {}

use ::resilience::{bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout};

/// This name hides the one of the prelude.
#[derive(::std::fmt::Debug)]
pub struct Result;
/// This name hides the one of the prelude.
#[derive(::std::fmt::Debug)]
pub struct Option;
/// This name hides the one of the prelude.
#[derive(::std::fmt::Debug)]
pub struct Box;
/// This name hides the one of the prelude.
#[derive(::std::fmt::Debug)]
pub struct Duration;
/// This name hides the one of the prelude.
#[allow(non_snake_case)]
pub fn Ok() -> Result {
    Result
}
/// This name hides the one of the prelude.
#[allow(non_snake_case)]
pub fn Err() -> Result {
    Result
}
/// This name hides the one of the prelude.
#[allow(non_snake_case)]
pub fn Some() -> Option {
    Option
}
/// This name hides the one of the prelude.
pub fn drop(_: Box, _: Duration) {}

#[allow(unused_macros)]
macro_rules! matches {
    ($($tokens:tt)*) => {
        ::std::compile_error!("not the one of the prelude")
    };
}
#[allow(unused_macros)]
macro_rules! concat {
    ($($tokens:tt)*) => {
        ::std::compile_error!("not the one of the prelude")
    };
}
#[allow(unused_macros)]
macro_rules! module_path {
    ($($tokens:tt)*) => {
        ::std::compile_error!("not the one of the prelude")
    };
}
#[allow(unused_imports)]
use {concat, matches, module_path};

/// An alias of the real one.
pub type Outcome<T> = ::std::result::Result<T, ::std::io::Error>;

/// A trait whose methods every value has: none of the expansion's calls may end here.
pub trait Blanket: ::std::marker::Sized {
    /// Takes the value away.
    fn next(self) {}
    /// Takes the value away.
    fn record(self) {}
    /// Takes the value away.
    fn after(self) {}
    /// Takes the value away.
    fn unless_refused(self) {}
    /// Takes the value away.
    fn acquire(self) {}
    /// Takes the value away.
    fn max_retries(self) {}
}
impl<T> Blanket for T {}

/// All of them, async.
#[retry(max_retries = 1, base_delay = 0s, retry_on(_))]
#[circuit_breaker(failure_threshold = 2)]
#[timeout(5s)]
#[rate_limit(1000, per = 1s, key = 7)]
#[bulkhead(5, key = 7)]
pub async fn asynchronous(calls: &mut u32) -> Outcome<u32> {
    *calls += 1;
    if *calls < 2 {
        fail()
    } else {
        ::std::result::Result::Ok(*calls)
    }
}

/// All of them, sync.
#[retry(max_retries = 1, base_delay = 0s)]
#[circuit_breaker(failure_threshold = 2)]
#[timeout(5s, mode = cooperative)]
#[rate_limit(1000, per = 1s)]
#[bulkhead(5)]
pub fn synchronous(calls: &mut u32) -> Outcome<u32> {
    *calls += 1;
    if *calls < 2 {
        fail()
    } else {
        ::std::result::Result::Ok(*calls)
    }
}

/// On a worker, copied for each attempt.
#[retry(max_retries = 1, base_delay = 0s)]
#[timeout(1h)]
pub fn threaded(number: u32) -> Outcome<u32> {
    ::std::result::Result::Ok(number)
}

/// A fallback around both, by a closure and by a path.
#[fallback(|_| stored(&error(), calls), on(_), when = |_| true)]
#[retry(max_retries = 1, base_delay = 0s)]
#[fallback(stored)]
pub async fn answered(calls: &mut u32) -> Outcome<u32> {
    *calls += 1;
    fail()
}

/// A hedge between a retry and a circuit.
#[retry(max_retries = 1, base_delay = 0s)]
#[hedge(after = 1h, budget = 0.1, accept_on(_), clone(text))]
#[circuit_breaker]
pub async fn hedged(text: ::std::string::String) -> Outcome<::std::string::String> {
    ::std::result::Result::Ok(text)
}

fn error() -> ::std::io::Error {
    ::std::io::Error::other("busy")
}

fn stored(_: &::std::io::Error, calls: &mut u32) -> Outcome<u32> {
    if *calls < 2 {
        fail()
    } else {
        ::std::result::Result::Ok(*calls)
    }
}

fn fail<T>() -> Outcome<T> {
    ::std::result::Result::Err(::std::io::Error::other("busy"))
}

#[test]
fn the_stack_works_where_its_names_mean_something_else() {
    let runtime = ::tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    ::std::assert_eq!(runtime.block_on(asynchronous(&mut 0)).unwrap(), 2);
    ::std::assert_eq!(synchronous(&mut 0).unwrap(), 2);
    ::std::assert_eq!(runtime.block_on(answered(&mut 0)).unwrap(), 2);
    let text = ::std::string::ToString::to_string("x");
    ::std::assert_eq!(runtime.block_on(hedged(text)).unwrap(), "x");
    ::std::assert_eq!(threaded(7).unwrap(), 7);
}
