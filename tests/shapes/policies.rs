//! The same shapes under each attribute and under stacks of them, sync and async.
//!
//! A group is a macro that takes the attributes, with `async` behind them or not, and puts them on
//! each of its functions: `$($policies)* fn …`. In the module that is made for each, `ATTEMPTS` is
//! how often a function that keeps failing is called, so that
//! `assert_eq!(run!(shape(&Flaky::failing(ATTEMPTS - 1))), Ok(ATTEMPTS))` proves value and
//! attempts.

/// The names by which a group calls its dependency and its functions.
pub(crate) mod sync {
    macro_rules! call {
        ($flaky:expr) => {
            $flaky.call()
        };
    }
    macro_rules! run {
        ($call:expr) => {
            $call
        };
    }
    pub(crate) use {call, run};
}

pub(crate) mod asynchronous {
    macro_rules! call {
        ($flaky:expr) => {
            $flaky.call_async().await
        };
    }
    macro_rules! run {
        ($call:expr) => {
            crate::policies::asynchronous::block_on($call)
        };
    }
    pub(crate) use {call, run};

    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.expect("a runtime without I/O").block_on(future)
    }
}

macro_rules! group {
    ($name:ident, $kind:ident, $attempts:literal, $group:ident, $($policies:tt)*) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[allow(unused_imports)]
            use crate::policies::$kind::{call, run};

            #[allow(dead_code)]
            const ATTEMPTS: u32 = $attempts;

            $group! { $($policies)* }
        }
    };
}

/// The answer of a fallback that a filter excludes, of whatever type the function returns.
pub(crate) fn unanswered<T, E>() -> Result<T, E> {
    unreachable!("the filter says no")
}

/// Sync functions, which may borrow, and async ones.
macro_rules! each {
    ($group:ident) => {
        each_sync!($group);
        each_async!($group);
    };
}

macro_rules! each_sync {
    ($group:ident) => {
        group!(retry, sync, 3, $group, #[resilience::retry(max_retries = 2, base_delay = 0s)]);
        group!(circuit_breaker, sync, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)]);
        group!(timeout, sync, 1, $group, #[resilience::timeout(1m, mode = cooperative)]);
        group!(bulkhead, sync, 1, $group, #[resilience::bulkhead(1000)]);
        group!(rate_limit, sync, 1, $group, #[resilience::rate_limit(1000, per = 1ms)]);
        group!(stack, sync, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m, mode = cooperative)]
            #[resilience::bulkhead(1000)]
        );
        group!(limits_outside, sync, 3, $group,
            #[resilience::bulkhead(1000, key = module_path!(), max_wait = 1s)]
            #[resilience::rate_limit(1000, per = 1ms, key = module_path!(), max_wait = 1s)]
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
        );
        group!(fallback, sync, 1, $group,
            #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)]
        );
        group!(fallback_stack, sync, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
        );
        group!(circuit_of_a_key, sync, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(key = module_path!(), failure_threshold = 1000)]
        );
    };
}

/// `each_async!(group,)` leaves it to the group to write `async`, or the type of a future.
macro_rules! each_async {
    ($group:ident) => {
        each_async!($group, async);
    };
    ($group:ident, $($async:ident)?) => {
        group!(async_retry, asynchronous, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 1s)]
            $($async)?
        );
        group!(async_circuit_breaker, asynchronous, 1, $group,
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            $($async)?
        );
        group!(async_timeout, asynchronous, 1, $group,
            #[resilience::timeout(1m)]
            $($async)?
        );
        group!(async_bulkhead, asynchronous, 1, $group,
            #[resilience::bulkhead(1000)]
            $($async)?
        );
        group!(async_rate_limit, asynchronous, 1, $group,
            #[resilience::rate_limit(1000, per = 1ms)]
            $($async)?
        );
        group!(async_stack, asynchronous, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 1s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m)]
            #[resilience::bulkhead(1000)]
            $($async)?
        );
        group!(async_limits_outside, asynchronous, 3, $group,
            #[resilience::bulkhead(1000, key = module_path!(), max_wait = 1s)]
            #[resilience::rate_limit(1000, per = 1ms, key = module_path!(), max_wait = 1s)]
            #[resilience::retry(max_retries = 2, base_delay = 1s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            $($async)?
        );
        group!(async_fallback, asynchronous, 1, $group,
            #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)]
            $($async)?
        );
        group!(async_fallback_stack, asynchronous, 3, $group,
            #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)]
            #[resilience::retry(max_retries = 2, base_delay = 1s)]
            #[resilience::timeout(1m)]
            $($async)?
        );
        group!(async_circuit_of_a_key, asynchronous, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 1s)]
            #[resilience::circuit_breaker(key = module_path!(), failure_threshold = 1000)]
            $($async)?
        );
    };
}

/// A budget that allows no hedge, so that the number of attempts is that of the retry.
pub(crate) static NO_HEDGES: resilience::RetryBudget = resilience::RetryBudget::new()
    .ratio(0.001)
    .min_per_second(0);

/// The arguments of these async functions can be shared by several attempts. `each_hedged!(group,)`
/// leaves it to the group to write `async`.
macro_rules! each_hedged {
    ($group:ident) => {
        each_hedged!($group, async);
    };
    ($group:ident, $($async:ident)?) => {
        group!(async_hedge, asynchronous, 3, $group,
            #[resilience::hedge(after = 1h, max_hedges = 2, budget = 1000)]
            $($async)?
        );
        group!(async_hedge_stack, asynchronous, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 1s, budget = 1000)]
            #[resilience::hedge(budget = &crate::policies::NO_HEDGES)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m)]
            $($async)?
        );
    };
}

/// Functions that consume or lend their arguments: nothing may call them twice.
macro_rules! each_once {
    ($group:ident) => {
        group!(circuit_breaker, sync, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)]);
        group!(timeout, sync, 1, $group, #[resilience::timeout(1m, mode = cooperative)]);
        group!(fallback, sync, 1, $group, #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)]);
        group!(bulkhead, sync, 1, $group, #[resilience::bulkhead(1000)]);
        group!(rate_limit, sync, 1, $group, #[resilience::rate_limit(1000, per = 1ms)]);
        group!(both, sync, 1, $group,
            #[resilience::bulkhead(1000)]
            #[resilience::timeout(1m, mode = cooperative)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
        );
        group!(async_circuit_breaker, asynchronous, 1, $group, #[resilience::circuit_breaker(failure_threshold = 1000)] async);
        group!(async_timeout, asynchronous, 1, $group, #[resilience::timeout(1m)] async);
        group!(async_fallback, asynchronous, 1, $group, #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)] async);
        group!(async_bulkhead, asynchronous, 1, $group, #[resilience::bulkhead(1000)] async);
        group!(async_rate_limit, asynchronous, 1, $group, #[resilience::rate_limit(1000, per = 1ms)] async);
        group!(async_both, asynchronous, 1, $group,
            #[resilience::bulkhead(1000)]
            #[resilience::timeout(1m)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            async
        );
    };
}

/// Sync functions that own their arguments: the bodies may run on a worker thread.
macro_rules! each_threaded {
    ($group:ident) => {
        group!(thread, sync, 1, $group, #[resilience::timeout(1m)]);
        group!(thread_stack, sync, 3, $group,
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::timeout(1m)]
            #[resilience::rate_limit(1000, per = 1ms)]
            #[resilience::bulkhead(1000, key = module_path!())]
        );
        group!(thread_below_a_fallback, sync, 1, $group,
            #[resilience::fallback(|_| crate::policies::unanswered(), when = |_| false)]
            #[resilience::timeout(1m)]
        );
        group!(thread_outside, sync, 3, $group,
            #[resilience::timeout(1m)]
            #[resilience::bulkhead(1000)]
            #[resilience::circuit_breaker(failure_threshold = 1000)]
            #[resilience::retry(max_retries = 2, base_delay = 0s)]
        );
    };
}
