//! The attributes of [`resilience`](https://docs.rs/resilience-runtime), for use through that
//! crate, because it re-exports them.

#![forbid(unsafe_code)]
// A macro that panics shows the user a panic of this crate instead of the place of the mistake.
#![cfg_attr(
    not(test),
    deny(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod attribute;
mod check;
mod emit;
mod errors;
mod features;
#[cfg(feature = "config")]
mod file_keys;
mod function;
mod language;
mod policy;
mod source_text;
mod stack;
#[cfg(test)]
mod tests;
mod untouched;

use proc_macro::TokenStream;

/// Calls the function again when it fails, after a growing, jittered delay.
///
/// ```
/// use resilience::retry;
/// use std::io::{Error, ErrorKind};
///
/// #[retry(max_retries = 4, base_delay = 100ms, retry_if = |error| error.kind() == ErrorKind::ConnectionReset)]
/// async fn fetch(attempts: &mut u32) -> Result<&'static str, Error> {
///     *attempts += 1;
///     if *attempts < 3 { Err(ErrorKind::ConnectionReset.into()) } else { Ok("answer") }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let mut attempts = 0;
/// assert_eq!(fetch(&mut attempts).await.unwrap(), "answer");
/// assert_eq!(attempts, 3);
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `max_retries = 3` | `3` | how many calls may follow the first one; `0` calls once |
/// | `max_attempts = 4` | – | the same, with the first call counted in; giving both is an error |
/// | `strategy = exponential` | `exponential` | the delay before retry n: `exponential` is base · multiplierⁿ⁻¹, `linear` is base · n, `constant` is base |
/// | `base_delay = 1s` | `1s` | the delay that the strategy starts from; `0s` waits for nothing, not even a timer, but an async function gives way to other tasks before each 32nd attempt |
/// | `max_delay = 60s` | `60s`, or `base_delay` if that is longer | the longest delay: it caps a computed `base_delay`, the delay of the strategy and the delay that jitter draws; a longer `delay_hint` ends the retries |
/// | `multiplier = 2.0` | `2.0` | how fast `exponential` grows; at least 1 |
/// | `jitter = full` | `full` | the share of chance in a delay d: `full` draws from [0, d], `equal` from [d/2, d], `decorrelated` from [base, 3 · previous], `none` is d itself; `true` and `false` mean `full` and `none` |
/// | `max_elapsed = 2m` | none | stop when the time spent plus the next delay would reach it; the wait is not begun, and a running attempt is not cut short |
/// | `retry_on(pattern)` | every error | retry only errors that match; a refusal that matches is retried, too |
/// | `abort_on(pattern)` | none | never retry errors that match; wins over the other filters |
/// | `retry_if = f` | none | `fn(&E) -> bool`: retry only errors that it accepts; beside `retry_on` both must agree; it does not decide over refusals |
/// | `retry_if_ok = f` | none | `fn(&T) -> bool`: an `Ok` to try again, such as "not ready yet"; when attempts run out the last one is returned |
/// | `delay_hint = f` | none | `fn(&E) -> impl Into<RetryHint>`, such as an `Option<Duration>`: how long the server asked to wait, as in `Retry-After`; replaces the computed delay, and jitter adds up to a tenth; `RetryHint::Never` or a time that cannot be kept ends the retries |
/// | `on_retry = f` | none | `fn(&RetryEvent<'_, T, E>)`: called before each wait |
/// | `retry_refused = true` | `false` | retry refusals too: the errors of an open circuit, of this function or of another one that the body calls |
/// | `budget = expr` | none | limits the retries of all calls together: the process-wide budget of that name, `0.2` for a budget of the function alone that allows so many retries per call, or a `&'static RetryBudget` |
/// | `attempt = name` | none | the body has a variable of this name, an `Attempt`: its number from 1, whether it is the first or the last one, and the number of attempts |
/// | `span = true` | `false` | each attempt is a `tracing` span `attempt` under the target `resilience`, with `operation`, `attempt`, `otel.kind`, `otel.status_code` and `error.type`; all that the attempt logs lies in it |
/// | `clone(text, request)` | none | the body may consume these arguments: every attempt that another one may follow gets a clone, the last one that can be made the original; `clone(..)` means every owned argument that is `Clone`, `self` included |
/// | `config = expr` | none | a `RetryConfig` to start from |
/// | `operation = "jira.issue"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// Durations have a unit (`250ms`, `1m30s`). Values may be any expression: constant ones are
/// checked by the compiler, others are evaluated once per call and may use the arguments. Patterns
/// may have a guard: `retry_on(Error::Status(code) if *code >= 500)`. A pattern that is a constant
/// or a text as a whole is matched by value: `retry_on(Status::BUSY | Status::DOWN)`. A function is
/// a path or a closure; closures may use the arguments.
///
/// `multiplier` belongs to the exponential strategy, and decorrelated jitter has no strategy. An
/// option beside another one that ignores it is a compile error.
///
/// # Semantics
///
/// - Every attempt runs the body anew. Arguments are borrowed by the attempts; a body that moves
///   one out does not compile without `clone(…)`. With it, the attempt consumes a clone, and the
///   next one has the argument again. A clone is made before each attempt but the last that can be
///   made, whether or not another one follows. An argument that `clone(..)` cannot clone is
///   borrowed, as without `clone`; one that `clone(…)` names must be `Clone`.
/// - Without `retry_on` and `retry_if` every error is retried but a refusal: an error that holds
///   the [`CircuitOpen`](../resilience/struct.CircuitOpen.html) of an open circuit, of this stack
///   or of another function. It is recognised by the error's `source()` chain. `retry_on(…)` that
///   matches it or `retry_refused = true` asks for it to be retried; `retry_if` does not decide
///   over it, and `abort_on` wins over all.
/// - Above a [`#[circuit_breaker]`](../resilience/attr.circuit_breaker.html) a wait is not begun
///   after which the circuit would still refuse, unless the retry asks for refusals or a `fallback`
///   answers them. A circuit that is given by `breaker = …` below a sync `#[timeout]` on a worker
///   is the worker's, so there the next attempt finds it open.
/// - Filters and hooks are asked before a wait, and so not after the last attempt. Nothing is
///   waited for after it, either. The state belongs to one call.
/// - After a failure the rules are asked in this order: a refusal, the attempts that are left, the
///   filters, `delay_hint`, `max_elapsed`, the deadline, the circuit of the stack, `budget`. The
///   first that says no ends the retries and is the reason; nothing behind it is asked.
/// - A wait that would reach the [`deadline`](../resilience/fn.deadline.html) of a `#[timeout]`
///   around the call, in another function too, is not begun.
/// - A `budget` counts each call when it begins, and each retry before its wait. A retry that it
///   refuses ends the call with the last error, unchanged. An `Ok` that is tried again does not
///   draw on it. A configuration with a budget is a `static` and no `const`, because before Rust
///   1.91 a constant must not refer to a static with atomics; the expansion has one, too.
/// - `delay_hint` is the word of the server: the retry waits at least so long, and with jitter up
///   to a tenth longer. A hint above `max_delay`, `max_elapsed` or the deadline ends the retries.
/// - On an async function, a failed attempt's future is dropped before the wait; a call that is
///   dropped runs nothing more. On a sync function the waits block the thread, in real time even
///   where tokio's clock is paused.
/// - A function that returns a future (`-> impl Future`, a boxed one, an `#[async_trait]` method)
///   is retried as a future, not as its constructor.
/// - With `span = true` the span of an attempt lies in the caller's span, holds all that the
///   attempt logs, and ends before the wait. Its level is INFO. `otel.status_code` is `OK` or
///   `ERROR`, and `error.type` is the name of the error's type; a cancelled attempt, or one that
///   panics, has neither.
///
/// # Errors
///
/// The last error, as the function returned it; if the last attempt returned an `Ok`, that `Ok`. If
/// a layer refused an attempt after others had failed, the call returns the error of the last
/// attempt that was not refused. A sync function keeps that error in any case, and an async one if
/// it is `Send`.
///
/// # Panics
///
/// A panic of the body is not retried. A value computed at run time that is out of range panics in
/// the call, with the words of [`RetryConfig`](../resilience/struct.RetryConfig.html)'s setters; a
/// `base_delay` above `max_delay` is capped. An async function that has to wait outside a tokio
/// runtime with its timer enabled panics.
///
/// # Stacking
///
/// The top attribute is the outermost. Above a [`#[timeout]`](../resilience/attr.timeout.html) each
/// attempt has its own limit; below one, the limit holds for all attempts and the waits between
/// them. Above a `#[circuit_breaker]` each attempt asks the circuit; below one, the circuit counts
/// the call with all its retries as one.
///
/// Another crate's attribute below this one stands around all attempts. One above it is expanded
/// first and becomes part of each attempt: `#[tracing::instrument]` makes a span for each attempt
/// there.
///
/// # Logging
///
/// `tracing` events under the target `resilience`: WARN before each retry; one event with a
/// `reason` when it gives up, ERROR if attempts, time or the budget ran out or the server's hint
/// ends the retries, WARN for a refusal, DEBUG for an error that is not retried; nothing when the
/// first attempt succeeds.
#[doc(alias = "backoff")]
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::retry::RETRY, args.into(), item.into()).into()
}

/// Refuses calls to a service that keeps failing, and probes it until it answers again.
///
/// ```
/// use resilience::{CircuitState, circuit_breaker, registry};
/// use std::io::{Error, ErrorKind};
///
/// #[circuit_breaker(name = "billing", failure_threshold = 2, recovery_timeout = 10s)]
/// async fn charge(result: Result<(), Error>) -> Result<(), Error> {
///     result
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// for _ in 0..2 {
///     let error = charge(Err(ErrorKind::ConnectionReset.into())).await.unwrap_err();
///     assert_eq!(error.kind(), ErrorKind::ConnectionReset);
/// }
///
/// // Open: the body does not run.
/// let refused = charge(Ok(())).await.unwrap_err();
/// assert_eq!(refused.to_string(), "circuit `billing` is open, retry in 10.0s");
///
/// // Half-open after ten seconds, and closed after two probes that succeed.
/// tokio::time::advance(std::time::Duration::from_secs(10)).await;
/// assert!(charge(Ok(())).await.is_ok());
/// assert!(charge(Ok(())).await.is_ok());
/// assert_eq!(registry::get("billing").unwrap().state(), CircuitState::Closed);
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `name = "jira"` | module path and function name | the circuit's name; functions with the same name share one circuit, sync and async alike |
/// | `key = expr` | none | a circuit for each key, all with this name and configuration: any value with `Display`, taken by reference, evaluated once per call; the text is the key |
/// | `max_keys = 1000` | `1000` | with `key` only: the largest number of circuits; a new key beyond it takes the place of an idle one that equals a new circuit, or shares the circuit `name{*}` |
/// | `idle = 10m` | `10m` | with `key` only: how long after its last call a circuit is kept |
/// | `failure_threshold = 5` | `5` | open when this many failures lie within the window |
/// | `failure_window = 60s` | `60s` | how long a failure counts; the window slides |
/// | `failure_rate = 0.5` | none | instead of the threshold: open when this share of the calls in the window failed, or more |
/// | `consecutive_failures = 5` | none | instead of the threshold: open when this many calls in a row failed, whatever the time between them; a success clears the count |
/// | `window_calls = 100` | none | the window of `failure_rate` and `slow_rate` is the last calls, this many and at most 1024, instead of `failure_window` |
/// | `minimum_calls = 20` | `20`, or `window_calls` if that is less | with `failure_rate` or `slow_rate` only: how many calls must lie in the window before the rate counts |
/// | `recovery_timeout = 30s` | `30s` | how long an open circuit refuses; the next call after that is a probe |
/// | `recovery_multiplier = 2.0` | `1.0` | each opening from half-open makes the open time longer by this factor; closing begins anew with `recovery_timeout` |
/// | `max_recovery_timeout = 10m` | `10m`, or `recovery_timeout` if that is longer | the longest open time, for one that grows and for a `recovery_hint` |
/// | `recovery_jitter = 0.1` | `0.0` | adds up to this share of the open time to it, at random, so that replicas do not probe at the same moment; above `max_recovery_timeout`, too |
/// | `recovery_hint = f` | none | `fn(&E) -> Option<Duration>`: the error that opens the circuit may say for how long, from `recovery_timeout` to `max_recovery_timeout`; each failure is asked |
/// | `success_threshold = 2` | `2` | how many probes in a row must succeed to close the circuit; one failure opens it again |
/// | `half_open_max_calls = 1` | `1` | how many probes may run at the same time; other calls are refused |
/// | `slow_call = 2s` | none | a call that takes longer counts as a failure, whatever it returned |
/// | `slow_rate = 0.5` | none | beside any criterion of failures: open when this share of the calls in the window took longer than `slow_call`, or more; a slow call is then no failure by itself |
/// | `failure_on(pattern)` | every error | only errors that match are failures; any other is a success, because the service answered. A refusal that matches is a failure, too |
/// | `failure_if = f` | none | `fn(&E) -> bool`: only errors that it accepts are failures; beside `failure_on` both must agree |
/// | `failure_if_ok = f` | none | `fn(&T) -> bool`: an `Ok` that is a failure |
/// | `ignore(pattern)` | none | errors that count as nothing; wins over the other filters |
/// | `fallback = f` | none | answers when the circuit refuses: a path is called as `f(&CircuitOpen, self, arguments…)`, owned arguments by reference; a closure takes `\|open\|` and may use the arguments. Returns what the function returns, or, for an async function, a future of it |
/// | `error = f` | `From` | makes the error of a refusal: a function or closure of `CircuitOpen`, a variant, or a value; not beside `fallback`; while the circuit is open, a `retry_on` above it is matched with such an error beforehand |
/// | `breaker = expr` | none | an existing `&CircuitBreaker`, instead of a name and its settings |
/// | `config = expr` | none | a `CircuitBreakerConfig` to start from |
/// | `operation = "jira.issue"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// Durations have a unit (`250ms`, `1m30s`). Values may be any expression: constant ones are
/// checked by the compiler, others are evaluated once per call and may use the arguments. Patterns
/// may have a guard: `failure_on(Error::Status(code) if *code >= 500)`. A pattern that is a
/// constant or a text as a whole is matched by value: `ignore(Status::GONE)`. A function is a path
/// or a closure; closures may use the arguments.
///
/// # Semantics
///
/// - A call is a failure, a success or ignored. An `Err` is a failure unless a filter says
///   otherwise; an error that is no failure is a success. A refusal of another circuit is ignored
///   unless `failure_on(…)` matches it, and so is always a timeout whose body never began. A panic
///   is a failure. A call that is dropped before it is done is none of these, and counted as
///   `abandoned`.
/// - The call that opens the circuit returns its own error. The circuit opens on failures only.
/// - Half-open, up to `half_open_max_calls` calls run as probes and the others are refused. A probe
///   that neither ends nor is dropped within `recovery_timeout` gives its slot to another call.
/// - The outcome of a call that was admitted before the circuit changed its state changes nothing.
/// - Circuits live in the [registry](../resilience/registry/index.html) of the process, under their
///   names. If two functions give one name two configurations, the first to be called decides, and
///   the log tells of the clash once. A value of one function that changes from call to call is
///   taken, until a value returns that the circuit had before.
/// - With `key`, each key has a circuit. A circuit that is closed, has no failure in its window, is
///   not in use and has been idle for `idle` makes room for a new key, the one that was idle the
///   longest first. If none can, the new key shares the circuit `name{*}`, and so does a key of
///   more than 1 KiB. Its refusals have that name and the caller's key. See
///   [`CircuitBreakerFamily`](../resilience/struct.CircuitBreakerFamily.html).
///
/// # Errors
///
/// The errors of the function. A refused call returns a
/// [`CircuitOpen`](../resilience/struct.CircuitOpen.html), made into the function's error by `From`
/// or by `error = …`; with a `fallback` it returns what that returns.
///
/// # Panics
///
/// A panic of the body goes on unchanged. A value computed at run time that is out of range panics
/// in the call, with the words of
/// [`CircuitBreakerConfig`](../resilience/struct.CircuitBreakerConfig.html)'s setters.
///
/// # Stacking
///
/// The top attribute is the outermost. Below a [`#[retry]`](../resilience/attr.retry.html) the
/// circuit counts each attempt, and a refusal ends the retries; above one it counts the call once.
/// Above a [`#[timeout]`](../resilience/attr.timeout.html) a call that took too long is a failure;
/// below one, a call that was cut off is `abandoned`, so a service that only ever hangs does not
/// open the circuit.
///
/// # Logging
///
/// `tracing` events under the target `resilience`: WARN when the circuit opens, INFO when it
/// half-opens and closes.
#[doc(alias = "breaker")]
#[proc_macro_attribute]
pub fn circuit_breaker(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(
        &policy::circuit_breaker::CIRCUIT_BREAKER,
        args.into(),
        item.into(),
    )
    .into()
}

/// Limits how long the function may take.
///
/// ```
/// use resilience::timeout;
/// use std::io::ErrorKind;
///
/// #[timeout(5s, operation = "db_query")]
/// async fn query(sql: &str) -> std::io::Result<String> {
///     tokio::time::sleep(std::time::Duration::from_secs(60)).await;
///     Ok(format!("rows of {sql}"))
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let error = query("select 1").await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::TimedOut);
/// assert_eq!(error.to_string(), "`db_query` timed out after 5s");
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `limit = 5s` | required | how long the call may take; also without its name: `#[timeout(5s)]` |
/// | `operation = "db_query"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `message = "the database took too long"` | none | replaces the text of the error |
/// | `error = f` | `From` | makes the error: a function or closure of `TimedOut`, a variant, or a value |
/// | `mode = cooperative` | `thread` | sync functions only: `thread` or `cooperative`, see [below](#sync-functions) |
/// | `config = expr` | none | a `TimeoutConfig` to start from; it may bring the limit |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// Durations have a unit (`250ms`, `1m30s`). The limit may be any expression of type `Duration`: a
/// constant one is checked by the compiler, another is evaluated once per call and may use the
/// arguments. `Duration::MAX` means never.
///
/// # Semantics
///
/// The limit counts from the call; for an async function from the first poll, before which nothing
/// runs.
///
/// An async body is dropped at the limit. It is polled before the timer, so one that is done at the
/// limit is done. A call that its caller drops has not timed out.
///
/// # Sync functions
///
/// A sync body cannot be stopped, so there are two ways to go on without it.
///
/// - `mode = thread` runs it on a worker thread, and the caller gets its error at the limit. The
///   body goes on: it may ask [`is_abandoned`](../resilience/fn.is_abandoned.html), holds its
///   worker until it ends, and its late result is dropped. Arguments must be owned and
///   `Send + 'static`; below a [`#[retry]`](../resilience/attr.retry.html) each attempt's worker
///   gets a clone of them, so they must be `Clone` too. There are at most 512 workers in the
///   process, half of them for one operation; a call beyond that is refused at once
///   ([`workers`](../resilience/workers/index.html)). The time is real time.
/// - `mode = cooperative` runs it in place. It may borrow what it likes, and nothing interrupts it:
///   it may ask [`deadline`](../resilience/fn.deadline.html) and return early, and a late result
///   becomes the error.
///
/// ```
/// use resilience::{deadline, timeout};
/// use std::io;
///
/// #[timeout(5s, mode = cooperative)]
/// fn first_match<'a>(lines: &'a [String], word: &str) -> io::Result<Option<&'a String>> {
///     assert!(deadline().is_some());
///     Ok(lines.iter().find(|line| line.contains(word)))
/// }
///
/// let lines = ["to be".to_owned(), "or not".to_owned()];
/// assert_eq!(first_match(&lines, "not").unwrap(), Some(&lines[1]));
/// ```
///
/// # Errors
///
/// The errors of the function. At the limit the call returns a
/// [`TimedOut`](../resilience/struct.TimedOut.html), made into the function's error by `From` or by
/// `error = …`. Its `was_started` is false if the body never began to run, as can happen in thread
/// mode.
///
/// # Panics
///
/// A panic of the body goes on unchanged; that of an abandoned one becomes an ERROR event of
/// `tracing`. An async function that is not done at its first poll panics outside a tokio runtime
/// with its timer enabled, unless the limit is `Duration::MAX`.
///
/// # Stacking
///
/// The top attribute is the outermost, and `#[timeout]` may stand more than once: above a
/// `#[retry]` it limits all attempts and the waits between them, below one each attempt. Above a
/// [`#[circuit_breaker]`](../resilience/attr.circuit_breaker.html) it cuts the circuit's call off,
/// which counts as `abandoned`; below one a timeout is a failure. An outer limit that is shorter
/// than an inner one is a compile error where both are literals.
#[doc(alias = "time_limiter")]
#[proc_macro_attribute]
pub fn timeout(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::timeout::TIMEOUT, args.into(), item.into()).into()
}

/// Answers in place of an error, so that an outage of a service is not one of its callers.
///
/// ```
/// use resilience::{fallback, registry};
/// use std::io::{Error, ErrorKind};
///
/// struct Rates {
///     remembered: f64,
///     is_down: bool,
/// }
///
/// impl Rates {
///     #[fallback(Self::remembered, on(_), operation = "rates")]
///     async fn rate(&self, currency: &str) -> Result<f64, Error> {
///         if self.is_down {
///             return Err(ErrorKind::ConnectionRefused.into());
///         }
///         Ok(1.25)
///     }
///
///     async fn remembered(error: &Error, rates: &Self, currency: &str) -> Result<f64, Error> {
///         println!("the rate of {currency} is an old one, because of: {error}");
///         Ok(rates.remembered)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let mut rates = Rates { remembered: 1.2, is_down: false };
/// assert_eq!(rates.rate("EUR").await.unwrap(), 1.25);
/// rates.is_down = true;
/// assert_eq!(rates.rate("EUR").await.unwrap(), 1.2);
/// assert_eq!(registry::operation("rates").unwrap().fallbacks, 1);
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `answer = f` | required | answers instead of the error; also without its name: `#[fallback(cached_answer)]`. A path is called as `f(&E, self, arguments…)`, owned arguments by reference; a closure takes `\|error\|` and may use the arguments. Returns what the function returns, or, for an async function, a future of it |
/// | `on(pattern)` | every error | answer only errors that match; any other is returned |
/// | `when = f` | none | `fn(&E) -> bool`: answer only errors that it accepts; beside `on` both must agree |
/// | `clone(text, request)` | none | the body may consume these arguments, although the fallback uses them: the body gets a clone of each; `clone(..)` means every owned argument that is `Clone`, `self` included |
/// | `operation = "jira.issue"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// # Semantics
///
/// - A path is called with the error, the receiver if there is one, and all arguments in their
///   order: owned ones by reference, references as they are. A closure is called with the error
///   alone and may use the arguments by their names.
/// - The body has run before. An argument that the body moves and the fallback uses must stand in
///   `clone(…)`: the body then gets a clone, which is made in each call, whether or not it fails. A
///   closure that does not use the argument needs no clone of it.
/// - `clone(..)` means every owned argument that the fallback uses and whose type is `Clone`. An
///   argument of another type is left for the body to borrow.
/// - The pattern of `on` and the function of `when` may use the arguments, too.
/// - The fallback of an async function may be async. The future then holds the error while it
///   waits, so it is `Send` only if the error is; an async fallback borrows the error, which must
///   be `Sync` for that.
/// - A panic of the body is not answered, and neither is a call that its caller drops.
/// - A function with a fallback cannot return a borrow of a `&mut` argument that the fallback uses.
///
/// # Errors
///
/// The error of the fallback, which takes the place of the first one; an error that the filters do
/// not accept, as the function returned it.
///
/// # Panics
///
/// A panic of the fallback or of a filter goes on unchanged.
///
/// # Stacking
///
/// The top attribute is the outermost, and the top is the usual place: the fallback answers what
/// the layers below could not mend, also the refusal of an open circuit. For a layer outside an
/// answer is a success. Below a [`#[retry]`](../resilience/attr.retry.html) it therefore ends the
/// attempts, and a retry does not ask whether a circuit below the fallback would still refuse,
/// because the fallback answers that, too. Below a
/// [`#[circuit_breaker]`](../resilience/attr.circuit_breaker.html) the circuit counts the answer
/// and not the error.
///
/// The option `fallback = …` of `#[circuit_breaker]` answers the refusals of the circuit and no
/// other error.
///
/// # Logging
///
/// Each answer is counted as one of the `fallbacks` of
/// [`OperationStats`](../resilience/struct.OperationStats.html), is a
/// [`FellBack`](../resilience/events/enum.EventKind.html) event with the error that it replaces,
/// and writes a line at INFO to `tracing` under the target `resilience`, because an answer that
/// hides an outage must be visible. At most once per minute and operation there is a WARN with the
/// number of answers since the WARN before.
#[proc_macro_attribute]
pub fn fallback(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::fallback::FALLBACK, args.into(), item.into()).into()
}

/// Limits how many calls of the function run at the same time.
///
/// ```
/// use resilience::bulkhead;
/// use std::io::Error;
///
/// #[bulkhead(2, max_wait = 5s)]
/// async fn query(sql: &str) -> Result<String, Error> {
///     tokio::time::sleep(std::time::Duration::from_secs(1)).await;
///     Ok(format!("rows of {sql}"))
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// // Two run at once, and the third waits for a slot.
/// let start = tokio::time::Instant::now();
/// let (one, two, three) = tokio::join!(query("a"), query("b"), query("c"));
/// assert_eq!((one.unwrap(), two.unwrap()), ("rows of a".into(), "rows of b".into()));
/// assert_eq!(three.unwrap(), "rows of c");
/// assert_eq!(start.elapsed().as_secs(), 2);
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `max_concurrent = 25` | required | how many calls may run at the same time; also without its name: `#[bulkhead(25)]` |
/// | `max_wait = 2s` | `0s` | how long a call waits for a slot before it is refused; it belongs to the function, and functions that share a bulkhead may differ in it |
/// | `name = "db"` | module path and function name | the bulkhead's name; functions with the same name share one bulkhead, sync and async alike |
/// | `key = expr` | none | a bulkhead for each key, all with this name and configuration: any value with `Display`, taken by reference, evaluated once per call; the text is the key |
/// | `max_keys = 1000` | `1000` | with `key` only: the largest number of bulkheads; a new key beyond it takes the place of an idle one, or shares the bulkhead `name{*}` |
/// | `idle = 10m` | `10m` | with `key` only: how long after its last call a bulkhead is kept |
/// | `error = f` | `From` | makes the error of a refusal: a function or closure of `BulkheadFull`, a variant, or a value |
/// | `config = expr` | none | a `BulkheadConfig` to start from; it may bring the limit |
/// | `operation = "jira.issue"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// Durations have a unit (`250ms`, `1m30s`). Values may be any expression: constant ones are
/// checked by the compiler, others are evaluated once per call and may use the arguments.
///
/// # Semantics
///
/// - A call takes a slot before its body runs, and the slot is free when the body is gone: when it
///   has returned, when it has panicked, and when its future is dropped.
/// - A call that finds no slot is refused, or waits for at most `max_wait`. `Duration::MAX` waits
///   for ever. Calls that wait are served in their order, sync and async ones in one queue, and no
///   later call overtakes them. A call that is dropped while it waits leaves the queue at once.
/// - An admission without a wait is one atomic operation. It allocates nothing and takes no lock.
/// - Bulkheads live in the [registry](../resilience/registry/index.html) of the process, under
///   their names. If two functions give one name two limits, the first to be called decides, and
///   the log tells of the clash once. A value of one function that changes from call to call is
///   taken, until a value returns that the bulkhead had before. `max_wait` is not compared, because
///   it belongs to the function.
/// - A limit that rises takes effect at once, and one that falls as calls end.
/// - With `key`, each key has a bulkhead. One without calls that has been idle for `idle` makes
///   room for a new key, the one that was idle the longest first. If none can, the new key shares
///   the bulkhead `name{*}`, and so does a key of more than 1 KiB. Its refusals have that name and
///   the caller's key.
///
/// # Errors
///
/// The errors of the function. A refused call returns a
/// [`BulkheadFull`](../resilience/struct.BulkheadFull.html), made into the function's error by
/// `From` or by `error = …`. It is a refusal: circuits around the bulkhead ignore it, and a
/// [`#[retry]`](../resilience/attr.retry.html) does not retry it, because it says nothing about the
/// service.
///
/// # Panics
///
/// A panic of the body goes on unchanged, and its slot is free. A value computed at run time that
/// is out of range panics in the call, with the words of
/// [`BulkheadConfig`](../resilience/struct.BulkheadConfig.html)'s setters. An async call that has
/// to wait outside a tokio runtime with its timer enabled panics, unless `max_wait` is
/// `Duration::MAX`.
///
/// # Sync functions
///
/// A call that waits blocks its thread, in real time even where tokio's clock is paused. It does
/// not wait beyond the [`deadline`](../resilience/fn.deadline.html) that it runs under, because
/// nobody could end the wait from outside.
///
/// # Stacking
///
/// The top attribute is the outermost. Below a [`#[timeout]`](../resilience/attr.timeout.html) the
/// wait for a slot is part of the limit, and a slot is free as soon as the timeout drops the body;
/// above one, each call has its whole limit once it has a slot. Below a `#[retry]` each attempt
/// takes a slot, and none is held between two attempts; above one, a slot is held for all attempts
/// and the waits between them. `max_wait` above the limit of a timeout outside is a compile error
/// where both are literals.
///
/// A sync `#[timeout]` on a worker thread ends the call of its caller, and not the body: below such
/// a timeout the slot is held until the body ends.
///
/// # Logging
///
/// `tracing` events under the target `resilience`: WARN while calls are refused, once a minute for
/// each bulkhead.
#[doc(alias = "concurrency_limit")]
#[doc(alias = "semaphore")]
#[proc_macro_attribute]
pub fn bulkhead(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::bulkhead::BULKHEAD, args.into(), item.into()).into()
}

/// Limits how many calls of the function are made in a time.
///
/// ```
/// use resilience::rate_limit;
/// use std::io::Error;
///
/// #[rate_limit(10, per = 1s, burst = 2, max_wait = 5s)]
/// async fn ask(question: &str) -> Result<String, Error> {
///     Ok(format!("answer to {question}"))
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// // Two calls may come at once, and then one in a tenth of a second.
/// let start = tokio::time::Instant::now();
/// for _ in 0..12 {
///     ask("why").await.unwrap();
/// }
/// assert_eq!(start.elapsed().as_millis(), 1_000);
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `limit = 100` | required | how many calls are admitted in the time `per`; also without its name: `#[rate_limit(100, per = 1s)]` |
/// | `per = 1s` | required | the time in which `limit` calls are admitted |
/// | `burst = 10` | `limit` | how many calls may come at once after a pause; with `1` they are spread evenly |
/// | `max_wait = 2s` | `0s` | how long a call waits for its turn; a call whose turn comes later is refused at once. It belongs to the function, and functions that share a rate limit may differ in it |
/// | `name = "api"` | module path and function name | the rate limit's name; functions with the same name share one rate limit, sync and async alike |
/// | `key = expr` | none | a rate limit for each key, all with this name and configuration: any value with `Display`, taken by reference, evaluated once per call; the text is the key |
/// | `max_keys = 1000` | `1000` | with `key` only: the largest number of rate limits; a new key beyond it takes the place of an idle one that equals a new one, or shares the rate limit `name{*}` |
/// | `idle = 10m` | `10m` | with `key` only: how long after its last call a rate limit is kept |
/// | `error = f` | `From` | makes the error of a refusal: a function or closure of `RateLimited`, a variant, or a value |
/// | `config = expr` | none | a `RateLimitConfig` to start from; it may bring limit and time |
/// | `operation = "jira.issue"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// Durations have a unit (`250ms`, `1m30s`). Values may be any expression: constant ones are
/// checked by the compiler, others are evaluated once per call and may use the arguments.
///
/// # Semantics
///
/// - After a pause, `burst` calls are admitted at once, and then one in `per / limit`: the generic
///   cell rate algorithm. A time of `per` sees fewer than `limit + burst` calls. The arithmetic is
///   exact: a limit of 3 per second admits 3,600,000 calls in 1,200,000 seconds, and not one less.
/// - A call whose turn comes within `max_wait` waits for it, and any other is refused at once,
///   without using a turn. Calls that wait have their turns in the order in which they came. A call
///   that is dropped while it waits has used its turn.
/// - A wait that would reach the [`deadline`](../resilience/fn.deadline.html) of a `#[timeout]`
///   around the call is not begun: the call is refused.
/// - An admission without a wait allocates nothing and takes no lock.
/// - Rate limits live in the [registry](../resilience/registry/index.html) of the process, under
///   their names. If two functions give one name two rates, the first to be called decides, and the
///   log tells of the clash once. A value of one function that changes from call to call is taken,
///   until a value returns that the rate limit had before. `max_wait` is not compared, because it
///   belongs to the function.
/// - With `key`, each key has a rate limit. One that equals a new one and has been idle for `idle`
///   makes room for a new key, the one that was idle the longest first, so that invented keys free
///   nobody's limit. If none can, the new key shares the rate limit `name{*}`, and so does a key of
///   more than 1 KiB. Its refusals have that name and the caller's key.
///
/// # Errors
///
/// The errors of the function. A refused call returns a
/// [`RateLimited`](../resilience/struct.RateLimited.html) with the time until the next turn, made
/// into the function's error by `From` or by `error = …`. It is a refusal: circuits around the rate
/// limit ignore it, and a [`#[retry]`](../resilience/attr.retry.html) does not retry it. A retry
/// with `retry_refused = true` and a `delay_hint` that returns its `retry_after` waits for the
/// turn.
///
/// # Panics
///
/// A panic of the body goes on unchanged. A value computed at run time that is out of range panics
/// in the call, with the words of [`RateLimitConfig`](../resilience/struct.RateLimitConfig.html)'s
/// setters. An async call that has to wait outside a tokio runtime with its timer enabled panics.
///
/// # Sync functions
///
/// A call that waits blocks its thread, in real time even where tokio's clock is paused.
///
/// # Stacking
///
/// The top attribute is the outermost. Below a `#[retry]` each attempt takes a turn; above one, a
/// call takes one turn for all its attempts. Below a
/// [`#[timeout]`](../resilience/attr.timeout.html) the wait is part of the limit; above one, each
/// call has its whole limit once its turn has come. `max_wait` above the limit of a timeout outside
/// is a compile error where both are literals.
///
/// # Logging
///
/// `tracing` events under the target `resilience`: WARN while calls are refused, once a minute for
/// each rate limit.
#[doc(alias = "throttle")]
#[proc_macro_attribute]
pub fn rate_limit(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::rate_limit::RATE_LIMIT, args.into(), item.into()).into()
}

/// Starts a second attempt beside a slow first one, and returns the first success.
///
/// ```
/// use resilience::{hedge, registry};
/// use std::cell::Cell;
/// use std::time::Duration;
/// use tokio::time::{Instant, sleep};
///
/// #[hedge(after = 50ms, budget = 0.1, operation = "price")]
/// async fn price(calls: &Cell<u64>) -> std::io::Result<u64> {
///     calls.set(calls.get() + 1);
///     let call = calls.get();
///     // The first replica is slow today.
///     sleep(Duration::from_millis(if call == 1 { 900 } else { 10 })).await;
///     Ok(call)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let start = Instant::now();
/// assert_eq!(price(&Cell::new(0)).await.unwrap(), 2);
/// assert_eq!(start.elapsed().as_millis(), 60);
/// assert_eq!(registry::operation("price").unwrap().hedges, 1);
/// # }
/// ```
///
/// # Options
///
/// | option | default | meaning |
/// |---|---|---|
/// | `budget = expr` | required, unless `config` brings one | limits the hedges of all calls together: `0.1` for a budget of the function alone that allows so many hedges per call, the process-wide budget of a name, or a `&'static RetryBudget`; a retry may share it |
/// | `after = 200ms` | `p95` | how long an attempt may take before the next one starts beside it; or a percentile of the function's own latency, `p50`, `p90`, `p95` or `p99`: from at least 100 calls of the last minute, refreshed every few seconds, and no attempt starts by the time before there are as many |
/// | `max_hedges = 1` | `1` | how many attempts may follow the first one |
/// | `accept_on(pattern)` | none | errors that are an answer: the first one that matches is returned at once, as an `Ok` is |
/// | `clone(text, request)` | none | the body may consume or change these arguments: each attempt gets a clone; `clone(..)` means every owned argument that is `Clone`, except `self` |
/// | `config = expr` | none | a `HedgeConfig` to start from |
/// | `operation = "jira.issue"` | module path and function name | the name of the function in logs, statistics and errors; one attribute says it for the whole stack |
/// | `crate = path` | `::resilience` | where the runtime is, if it is renamed or re-exported |
///
/// # Semantics
///
/// - The function must be safe to call twice, because both calls may have their effect.
/// - The attempts run at once in the caller's task. Nothing is spawned, so borrowed arguments stay
///   borrowed, and a call without a second attempt allocates nothing.
/// - The first `Ok` is returned, or the first error that `accept_on` matches. The other attempts
///   are dropped before the call returns, and circuits inside count them as `abandoned`. If all
///   attempts fail, the call returns the error of the last one to fail.
/// - An attempt that fails starts the next one at once, unless a layer has refused it.
/// - Each further attempt draws on the `budget`. A call deposits in it when its first attempt waits
///   or fails; one that is answered at its first poll does not, so that the hits of a cache pay for
///   no hedges of its misses. If all calls are slow, the extra load is at most the budget. A budget
///   that says no leaves the running attempts alone, and the call does not ask it again because of
///   time.
/// - A [`#[retry]`](../resilience/attr.retry.html) above that draws on a budget of the same name or
///   the same static deposits for both, once per call.
/// - No attempt is added while a circuit of the stack below is open or half-open, or has half of
///   the failures of its threshold.
/// - A time `after` counts from the moment at which the first attempt waits for the first time.
/// - `after = p95` measures how long the calls take. A first attempt that another one has overtaken
///   counts with the time of the call, because it took at least as long. A call that fails or is
///   dropped is not measured.
/// - The attempts share the arguments, so a `&mut` argument is refused. An owned argument that the
///   body moves or changes must stand in `clone(…)`: each attempt gets a clone. The future is
///   `Send` only if the shared arguments are `Sync`.
///
/// # Errors
///
/// The errors of the function, as it returned them.
///
/// # Panics
///
/// A panic of an attempt goes on unchanged, also if another attempt might still succeed. A value
/// computed at run time that is out of range panics in the call, with the words of
/// [`HedgeConfig`](../resilience/struct.HedgeConfig.html)'s setters. A call that is not done at its
/// first poll panics outside a tokio runtime with its timer enabled, if `after` is a time.
///
/// # Stacking
///
/// The top attribute is the outermost. A [`#[timeout]`](../resilience/attr.timeout.html) below
/// limits each attempt, and one above the call with all its attempts. Each attempt asks a
/// [`#[circuit_breaker]`](../resilience/attr.circuit_breaker.html) below; one above counts the call
/// once. Below a [`#[retry]`](../resilience/attr.retry.html) each of its attempts may have a hedge.
///
/// # Logging
///
/// `tracing` events under the target `resilience`: DEBUG for each attempt behind the first, with
/// the `reason`, `slow` or `failed`. Each is counted as one of the `hedges` of
/// [`OperationStats`](../resilience/struct.OperationStats.html) and is a
/// [`Hedged`](../resilience/events/enum.EventKind.html) event.
#[proc_macro_attribute]
pub fn hedge(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::hedge::HEDGE, args.into(), item.into()).into()
}

/// Refuses every third call: the policy for a test.
#[cfg(resilience_test_policy)]
#[proc_macro_attribute]
pub fn every_third(args: TokenStream, item: TokenStream) -> TokenStream {
    attribute::expand(&policy::every_third::EVERY_THIRD, args.into(), item.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_retry(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::retry::RETRY, item.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_circuit_breaker(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::circuit_breaker::CIRCUIT_BREAKER, item.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_fallback(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::fallback::FALLBACK, item.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_timeout(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::timeout::TIMEOUT, item.into()).into()
}

/// Writes the keys of a policy in the configuration file, for the runtime alone.
#[cfg(feature = "config")]
#[doc(hidden)]
#[proc_macro]
pub fn file_keys(policy: TokenStream) -> TokenStream {
    file_keys::keys(&policy.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_bulkhead(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::bulkhead::BULKHEAD, item.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_rate_limit(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::rate_limit::RATE_LIMIT, item.into()).into()
}

/// Refuses the name that a newcomer looks for, and says the right one.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn async_hedge(_: TokenStream, item: TokenStream) -> TokenStream {
    untouched::misnamed(&policy::hedge::HEDGE, item.into()).into()
}
