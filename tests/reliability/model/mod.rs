//! The circuit breaker beside a reference that is obviously right: the same random calls, ends,
//! commands and time for both, and the same answers, transitions and statistics after each step.

#![expect(
    clippy::unchecked_time_subtraction,
    reason = "a time below zero is a mistake of the test, and panics"
)]

mod reference;

use std::{
    cell::Cell,
    future::{Future, poll_fn},
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use proptest::{collection::vec, prelude::*, sample::Index};
use resilience::{
    CircuitBreaker, CircuitBreakerConfig, CircuitOpen, Command, Permit, events::CommandAction,
};
use tokio::time::advance;

use crate::{clock::paused, search};

use self::reference::{Books, Call, CommandKind, End, OpensAt, Options, Reference};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

/// The slices of a rate's window. All times are multiples of one, so that it does not matter where
/// on the axis they begin: then a window of slices is exact too.
const SLICES: u32 = 12;

#[derive(Clone, Debug)]
enum Act {
    /// Asks for a permit.
    Acquire,
    /// Polls a new `call_async` once.
    CallAsync,
    /// Ends one of the calls under way.
    End(Index, End),
    Advance(Duration),
    /// Takes one of the scenario's configurations.
    Reconfigure(Index),
    /// Gives a command, which ends by itself after the time if there is one.
    Command(CommandAction, Option<Duration>),
    /// Makes the circuit refuse calls, or admit all of them.
    Enforce(bool),
}

fn options() -> impl Strategy<Value = Options> {
    let seconds = |range: RangeInclusive<u32>| range.prop_map(|seconds| SECOND * seconds);
    let rates = || prop::sample::select(vec![0.1, 0.25, 1.0 / 3.0, 0.5, 1.0]);
    let opens_at = prop_oneof![
        (1_u32..=4).prop_map(OpensAt::Failures),
        rates().prop_map(OpensAt::Rate),
        (1_u32..=4).prop_map(OpensAt::Consecutive),
    ];
    let window_calls = prop::option::of(1_u32..=8);
    let recovery_timeout = prop_oneof![9 => seconds(1..=40), 1 => Just(Duration::MAX)];
    let max_recovery_timeout = prop_oneof![
        2 => Just(None),
        7 => seconds(1..=200).prop_map(Some),
        1 => Just(Some(Duration::MAX)),
    ];
    let recovery_jitter = prop_oneof![
        8 => Just(0.0),
        1 => prop::sample::select(vec![0.1, 0.5, 1.0]),
    ];
    let slow_call = prop::option::weighted(0.4, seconds(1..=10));
    let slow_rate = prop::option::of(rates());
    (
        (opens_at, seconds(1..=4), window_calls, 1_u32..=6),
        (
            recovery_timeout,
            1_u32..=3,
            max_recovery_timeout,
            recovery_jitter,
        ),
        (1_u32..=3, 1_usize..=3),
        (slow_call, slow_rate),
    )
        .prop_map(|(criterion, recovery, probes, slow)| Options {
            opens_at: criterion.0,
            window: criterion.1 * SLICES,
            window_calls: criterion.2,
            minimum_calls: criterion.3,
            recovery_timeout: recovery.0,
            recovery_multiplier: recovery.1,
            max_recovery_timeout: recovery.2,
            recovery_jitter: recovery.3,
            success_threshold: probes.0,
            half_open_max_calls: probes.1,
            slow_call: slow.0,
            slow_rate: slow.1,
        })
}

/// Times at which something changes, and one nanosecond to either side where all windows are exact.
fn pauses(all: &[Options]) -> impl Strategy<Value = Duration> + use<> {
    // Only a share of the calls of a time is kept by slices.
    let exact = all.iter().all(|options| {
        let has_share = matches!(options.opens_at, OpensAt::Rate(_)) || options.slow_rate.is_some();
        !has_share || options.window_calls.is_some()
    });
    // The longest is a multiple of every other.
    let longest = all.iter().map(|options| options.window).max();
    let slice = longest.expect("one at least") / SLICES;
    let mut edges = vec![slice];
    for options in all {
        let window = options.window;
        let times = [window, window - window / SLICES, options.recovery_timeout];
        let others = [options.slow_call, options.max_recovery_timeout];
        for edge in times.into_iter().chain(others.into_iter().flatten()) {
            if edge != Duration::MAX {
                // With a rate the time moves on to the next slice.
                let slices = edge.as_nanos().div_ceil(slice.as_nanos());
                let rounded = slice * u32::try_from(slices).expect("few");
                edges.push(if exact { edge } else { rounded });
            }
        }
    }
    if exact {
        edges.extend(
            edges
                .clone()
                .iter()
                .flat_map(|&edge| [edge - NANO, edge + NANO]),
        );
        edges.extend([NANO, slice * SLICES * 100]);
    }
    prop::sample::select(edges)
}

/// True if a circuit draws its open time. A test cannot see it while the circuit admits all calls.
fn has_jitter(all: &[Options]) -> bool {
    all.iter().any(|options| options.recovery_jitter > 0.0)
}

fn commands(all: &[Options]) -> impl Strategy<Value = Act> + use<> {
    use CommandAction::{Allow, Isolate, Reset, Trip};
    let mut actions = vec![Trip, Reset, Isolate];
    if !has_jitter(all) {
        actions.push(Allow);
    }
    let action = prop::sample::select(actions);
    let time = prop_oneof![
        6 => pauses(all),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
    ];
    (action, prop::option::of(time)).prop_map(|(action, time)| Act::Command(action, time))
}

/// Gives the command in one of its two forms.
fn give(breaker: &CircuitBreaker, action: CommandAction, time: Option<Duration>) {
    let command = time.map(|time| Command::new("model").for_(time));
    match (action, command) {
        (CommandAction::Trip, None) => breaker.trip(),
        (CommandAction::Trip, Some(command)) => breaker.trip_with(command),
        (CommandAction::Isolate, None) => breaker.isolate(),
        (CommandAction::Isolate, Some(command)) => breaker.isolate_with(command),
        (CommandAction::Allow, None) => breaker.allow(),
        (CommandAction::Allow, Some(command)) => breaker.allow_with(command),
        (_, None) => breaker.reset(),
        (_, Some(command)) => breaker.reset_with(command),
    }
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        4 => Just(End::Success),
        3 => Just(End::Failure),
        2 => prop_oneof![
            4 => (0_u32..=300).prop_map(|seconds| End::Hinting(SECOND * seconds)),
            1 => Just(End::Hinting(Duration::MAX)),
        ],
        1 => Just(End::Ignored),
        1 => Just(End::Abandoned),
        1 => Just(End::Panicked),
    ]
}

/// Up to three configurations, the first of which the circuit begins with. Their windows are of one
/// length or twice as long.
fn configurations() -> impl Strategy<Value = Vec<Options>> {
    (options(), vec((options(), 1_u32..=2), 0..3)).prop_map(|(first, others)| {
        let window = first.window;
        let others = others.into_iter().map(|(other, times)| Options {
            window: window * times,
            ..other
        });
        std::iter::once(first).chain(others).collect()
    })
}

fn scenarios() -> impl Strategy<Value = (Vec<Options>, Vec<Act>)> {
    configurations().prop_flat_map(|options| {
        let has_jitter = has_jitter(&options);
        let act = prop_oneof![
            8 => Just(Act::Acquire),
            4 => Just(Act::CallAsync),
            12 => (any::<Index>(), ends()).prop_map(|(which, end)| Act::End(which, end)),
            5 => pauses(&options).prop_map(Act::Advance),
            2 => any::<Index>().prop_map(Act::Reconfigure),
            2 => commands(&options),
            1 => any::<bool>().prop_map(move |is_enforced| Act::Enforce(is_enforced || has_jitter)),
        ];
        (Just(options), vec(act, 1..120))
    })
}

fn config(options: &Options) -> CircuitBreakerConfig {
    let config = CircuitBreakerConfig::new()
        .failure_window(options.window)
        .minimum_calls(options.minimum_calls)
        .recovery_timeout(options.recovery_timeout)
        .recovery_multiplier(options.recovery_multiplier.into())
        .recovery_jitter(options.recovery_jitter)
        .success_threshold(options.success_threshold)
        .half_open_max_calls(u32::try_from(options.half_open_max_calls).expect("few"));
    let mut config = match options.opens_at {
        OpensAt::Failures(threshold) => config.failure_threshold(threshold),
        OpensAt::Rate(rate) => config.failure_rate(rate),
        OpensAt::Consecutive(failures) => config.consecutive_failures(failures),
    };
    if let Some(calls) = options.window_calls {
        config = config.window_calls(calls);
    }
    if let Some(longest) = options.max_recovery_timeout {
        config = config.max_recovery_timeout(longest);
    }
    if let Some(limit) = options.slow_call {
        config = config.slow_call(limit);
    }
    if let Some(share) = options.slow_rate {
        config = config.slow_rate(share);
    }
    config
}

#[derive(Debug)]
enum Fault {
    Down,
    Refused(CircuitOpen),
}

impl From<CircuitOpen> for Fault {
    fn from(open: CircuitOpen) -> Self {
        Self::Refused(open)
    }
}

type Outcome = Result<(), Fault>;

/// A call under way at the real circuit.
enum Real<'c> {
    Permit(Permit<'c>),
    Future {
        future: Pin<Box<dyn Future<Output = Outcome> + 'c>>,
        told: &'c Cell<Option<End>>,
    },
}

fn poll(future: Pin<&mut (dyn Future<Output = Outcome> + '_)>) -> Poll<Outcome> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

impl Real<'_> {
    /// Ends it, and returns the end that it came to: a future has no way to ignore or to hint.
    fn end(self, end: End) -> End {
        match (self, end) {
            (Self::Permit(permit), End::Success) => permit.success(),
            (Self::Permit(permit), End::Failure) => permit.failure(),
            (Self::Permit(permit), End::Hinting(hint)) => permit.failure_with(&"hint", Some(hint)),
            (Self::Permit(permit), End::Ignored) => permit.ignore(),
            (Self::Permit(permit), End::Abandoned) => drop(permit),
            (Self::Permit(permit), End::Panicked) => {
                // Taken before the panic began, so it is this call's own.
                let unwound = catch_unwind(AssertUnwindSafe(move || {
                    let _permit = permit;
                    resume_unwind(Box::new("expected"));
                }));
                assert!(unwound.is_err());
            }
            (Self::Future { future, .. }, End::Abandoned) => drop(future),
            (Self::Future { mut future, told }, end) => {
                let end = match end {
                    End::Ignored => End::Success,
                    End::Hinting(_) => End::Failure,
                    end => end,
                };
                told.set(Some(end));
                let polled = catch_unwind(AssertUnwindSafe(|| poll(future.as_mut())));
                match (end, polled) {
                    (End::Success, Ok(Poll::Ready(Ok(()))))
                    | (End::Failure, Ok(Poll::Ready(Err(Fault::Down))))
                    | (End::Panicked, Err(_)) => {}
                    (end, polled) => panic!("told {end:?}, the future came to {polled:?}"),
                }
                return end;
            }
        }
        end
    }
}

/// A future that ends as it is told.
fn call_async<'c>(
    breaker: &'c CircuitBreaker,
    told: &'c Cell<Option<End>>,
) -> Result<Real<'c>, CircuitOpen> {
    let body = poll_fn(|_| match told.get() {
        None => Poll::Pending,
        Some(End::Failure) => Poll::Ready(Err(Fault::Down)),
        Some(End::Panicked) => resume_unwind(Box::new("expected")),
        Some(_) => Poll::Ready(Ok(())),
    });
    let mut future: Pin<Box<dyn Future<Output = Outcome> + 'c>> =
        Box::pin(breaker.call_async(body));
    match poll(future.as_mut()) {
        Poll::Pending => Ok(Real::Future { future, told }),
        Poll::Ready(Err(Fault::Refused(open))) => Err(open),
        Poll::Ready(other) => panic!("nothing told the future to end, but it returned {other:?}"),
    }
}

async fn compare(all: Vec<Options>, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let breaker = CircuitBreaker::new("model", config(&all[0]));
    let heard = Arc::new(Mutex::new(Vec::new()));
    breaker.on_transition({
        let heard = Arc::clone(&heard);
        move |step| {
            heard.lock().unwrap().push((
                step.from,
                step.to,
                step.isolated,
                step.reason,
                step.failures,
                step.retry_after,
                step.last_error.is_some(),
            ));
        }
    });
    let mut reference = Reference::new(all[0]);
    let cells: Vec<Cell<Option<End>>> = acts.iter().map(|_| Cell::new(None)).collect();
    let mut under_way: Vec<(Real<'_>, Call)> = Vec::new();
    for (act, told) in acts.into_iter().zip(&cells) {
        let steps = reference.steps.len();
        match act {
            Act::Acquire | Act::CallAsync => {
                let real = match act {
                    Act::Acquire => breaker.acquire().map(Real::Permit),
                    _ => call_async(&breaker, told),
                };
                match (real, reference.admit()) {
                    (Ok(real), Ok(call)) => under_way.push((real, call)),
                    (Err(open), Err((reason, retry_after))) => {
                        prop_assert_eq!(open.retry_after(), retry_after);
                        prop_assert_eq!(open.reason(), reason);
                    }
                    (real, call) => {
                        prop_assert!(false, "{:?}, but the reference says {:?}", real.err(), call);
                    }
                }
            }
            Act::End(which, end) => {
                if !under_way.is_empty() {
                    let (real, call) = under_way.swap_remove(which.index(under_way.len()));
                    reference.finish(call, real.end(end));
                }
            }
            Act::Advance(time) => {
                advance(time).await;
                reference.advance(time);
            }
            Act::Reconfigure(which) => {
                let options = which.get(&all);
                breaker.reconfigure(config(options));
                reference.reconfigure(*options);
            }
            Act::Command(action, time) => {
                give(&breaker, action, time);
                match action {
                    CommandAction::Trip => reference.trip(time),
                    CommandAction::Isolate => reference.isolate(time),
                    CommandAction::Allow => reference.allow(time),
                    _ => reference.reset(),
                }
            }
            Act::Enforce(is_enforced) => {
                breaker.set_enforced(is_enforced);
                reference.set_enforced(is_enforced);
            }
        }
        if let Some(expected) = reference.take_undrawn() {
            let time = breaker.stats().retry_after.expect("it has just opened");
            prop_assert!(
                expected.contains(&time),
                "{:?} is not in {:?}",
                time,
                expected
            );
            reference.draws(time, reference.steps.len() > steps);
        }
        same_statistics(&breaker, &reference)?;
        prop_assert_eq!(&*heard.lock().unwrap(), &reference.steps);
    }
    Ok(())
}

fn same_statistics(breaker: &CircuitBreaker, reference: &Reference) -> Result<(), TestCaseError> {
    let (stats, due) = (breaker.stats(), reference.due());
    prop_assert_eq!(breaker.state(), due.state());
    prop_assert_eq!(stats.state, due.state());
    prop_assert_eq!(stats.isolated, due.is_isolated());
    prop_assert_eq!(stats.computed_state, due.computed_state());
    let command = stats.command.map(|command| match command.action {
        CommandAction::Trip => CommandKind::Trip,
        CommandAction::Isolate => CommandKind::Isolate,
        CommandAction::Allow => CommandKind::Allow,
        other => panic!("{other} does not hold"),
    });
    prop_assert_eq!(command, due.command());
    prop_assert_eq!(stats.failure_count, due.failure_count());
    prop_assert_eq!(stats.failure_threshold, due.failure_threshold());
    prop_assert_eq!(stats.failure_rate, due.failure_rate());
    prop_assert_eq!(stats.slow_rate, due.slow_rate());
    prop_assert_eq!(stats.last_error.is_some(), due.has_error());
    prop_assert_eq!(stats.retry_after, due.retry_after());
    prop_assert_eq!(stats.time_in_state, due.time_in_state());
    let books = Books {
        successes: stats.successes,
        failures: stats.failures,
        ignored: stats.ignored,
        refused: stats.refused,
        would_refuse: stats.would_refuse,
        abandoned: stats.abandoned,
        late: stats.late,
        opened: stats.opened,
        half_opened: stats.half_opened,
        closed: stats.closed,
    };
    prop_assert_eq!(books, reference.books);
    Ok(())
}

#[test]
fn the_circuit_answers_as_the_reference_does() {
    proptest!(search(1_000), |((options, acts) in scenarios())| {
        paused().block_on(compare(options, acts))?;
    });
}
