//! The same shapes under each attribute and under the stack of three.
//!
//! A group is a macro that takes the attributes and puts them on each of its functions. In the module that is made for
//! each, `ATTEMPTS` says how often an attribute calls a function that keeps failing, so that a group asserts both the
//! value and the number of attempts by `assert_eq!(shape(&Flaky::failing(ATTEMPTS - 1)), Ok(ATTEMPTS))`.

macro_rules! group {
    ($name:ident, $attempts:literal, $group:ident, $($policies:tt)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[allow(dead_code)]
            const ATTEMPTS: u32 = $attempts;
            $group! { $($policies)* }
        }
    };
}

/// For async functions.
macro_rules! each_async {
    ($group:ident) => {
        group!(retry, 3, $group, #[resilience::retry(max_retries = 2, base_delay = 0s)]);
        group!(circuit_breaker, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)]);
        group!(timeout, 1, $group, #[resilience::timeout(1m)]);
        group!(stack, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m)]
        );
    };
}

/// For sync functions, which may borrow.
macro_rules! each_sync {
    ($group:ident) => {
        group!(retry, 3, $group, #[resilience::retry(max_retries = 2, base_delay = 0s)]);
        group!(circuit_breaker, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)]);
        group!(timeout, 1, $group, #[resilience::timeout(1m, mode = cooperative)]);
        group!(stack, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m, mode = cooperative)]
        );
    };
}

/// For sync functions whose arguments are owned: their bodies may run on a worker thread.
macro_rules! each_threaded {
    ($group:ident) => {
        group!(thread, 1, $group, #[resilience::timeout(1m)]);
        group!(thread_stack, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m)]
        );
        group!(thread_outside, 3, $group,
            #[resilience::timeout(1m)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
        );
    };
}

/// For functions that consume what they were given, so that nothing may call them twice.
macro_rules! each_once {
    ($group:ident) => {
        group!(circuit_breaker, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)]);
        group!(timeout, 1, $group, #[resilience::timeout(1m, mode = cooperative)]);
        group!(both, 1, $group,
            #[resilience::timeout(1m, mode = cooperative)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
        );
    };
}

#[allow(unused_macros)]
macro_rules! each_async_once {
    ($group:ident) => {
        group!(circuit_breaker, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)]);
        group!(timeout, 1, $group, #[resilience::timeout(1m)]);
        group!(both, 1, $group,
            #[resilience::timeout(1m)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
        );
    };
}
