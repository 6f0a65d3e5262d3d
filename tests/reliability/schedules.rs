//! Retry schedules beside the formulas: how many calls, how long between them, and when to stop.

use std::{cell::RefCell, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};
use resilience::{Jitter, RetryConfig, Strategy as Growth, retry};
use tokio::time::{Instant, sleep};

use crate::{clock::paused, search};

/// Timers of tokio round up to the next one.
const TICK: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, Debug)]
struct Options {
    max_retries: u32,
    growth: Growth,
    jitter: Jitter,
    base_delay: Duration,
    max_delay: Duration,
    multiplier: f64,
    max_elapsed: Option<Duration>,
}

/// The failure of one attempt.
#[derive(Clone, Copy, Debug)]
struct Failure {
    after: Duration,
    hint: Option<Duration>,
}

fn delays() -> impl Strategy<Value = Duration> {
    select(
        [0, 1, 7, 250, 1_000, 60_000, 86_400_000]
            .map(Duration::from_millis)
            .to_vec(),
    )
}

fn options() -> impl Strategy<Value = Options> {
    let growth = select(vec![Growth::Exponential, Growth::Linear, Growth::Constant]);
    let jitter = select(vec![
        Jitter::Full,
        Jitter::Equal,
        Jitter::Decorrelated,
        Jitter::None,
    ]);
    let multiplier = select(vec![1.0, 1.1, 2.0, 10.0, f64::MAX]);
    (
        0_u32..=9,
        growth,
        jitter,
        delays(),
        delays(),
        multiplier,
        prop::option::of(1_u64..=200_000),
    )
        .prop_map(
            |(max_retries, growth, jitter, one, other, multiplier, limit)| Options {
                max_retries,
                growth,
                jitter,
                base_delay: one.min(other),
                max_delay: one.max(other),
                multiplier,
                max_elapsed: limit.map(Duration::from_millis),
            },
        )
}

fn failures() -> impl Strategy<Value = Vec<Failure>> {
    let failure = (delays(), prop::option::weighted(0.2, delays()))
        .prop_map(|(after, hint)| Failure { after, hint });
    vec(failure, 10)
}

fn config(options: &Options) -> RetryConfig {
    let config = RetryConfig::new()
        .max_retries(options.max_retries)
        .strategy(options.growth)
        .jitter(options.jitter)
        .base_delay(options.base_delay)
        .max_delay(options.max_delay)
        .multiplier(options.multiplier);
    match options.max_elapsed {
        Some(limit) => config.max_elapsed(limit),
        None => config,
    }
}

/// The shortest and the longest delay before retry `number` that the options allow, after the
/// computed one before it.
fn bounds(options: &Options, number: u32, previous: Duration) -> (Duration, Duration) {
    let mut delay = options.base_delay;
    for step in 1..number {
        delay = match options.growth {
            Growth::Constant => delay,
            Growth::Linear => options.base_delay * (step + 1),
            Growth::Exponential => {
                Duration::try_from_secs_f64(delay.as_secs_f64() * options.multiplier)
                    .unwrap_or(Duration::MAX)
            }
            _ => unreachable!("the other strategies have their arms"),
        }
        .min(options.max_delay);
    }
    match options.jitter {
        Jitter::None => (delay, delay),
        Jitter::Full => (Duration::ZERO, delay),
        Jitter::Equal => (delay / 2, delay),
        Jitter::Decorrelated => (options.base_delay, (previous * 3).min(options.max_delay)),
        _ => unreachable!("the other jitters have their arms"),
    }
}

/// The steps that a call was seen to take, in order.
#[derive(Clone, Copy, Debug)]
enum Seen {
    Began(Instant),
    Failed(Instant),
    Told {
        attempt: u32,
        delay: Duration,
        elapsed: Duration,
    },
}

#[derive(Debug, PartialEq)]
struct Fault {
    attempt: usize,
    hint: Option<Duration>,
}

#[retry(
    config = config,
    delay_hint = |fault| fault.hint,
    on_retry = |event| seen.borrow_mut().push(Seen::Told {
        attempt: event.attempt,
        delay: event.delay,
        elapsed: event.elapsed,
    }),
)]
async fn call(
    config: RetryConfig,
    failures: &[Failure],
    seen: &RefCell<Vec<Seen>>,
) -> Result<(), Fault> {
    seen.borrow_mut().push(Seen::Began(Instant::now()));
    let attempt = seen
        .borrow()
        .iter()
        .filter(|seen| matches!(seen, Seen::Began(_)))
        .count();
    let Failure { after, hint } = failures[attempt - 1];
    if !after.is_zero() {
        sleep(after).await;
    }
    seen.borrow_mut().push(Seen::Failed(Instant::now()));
    Err(Fault { attempt, hint })
}

/// Floating-point formulas in two orders of operation differ in the last digits.
fn at_most(shorter: Duration, longer: Duration) -> bool {
    shorter <= longer + longer / 1_000_000_000 + Duration::from_nanos(1)
}

async fn compare(options: Options, failures: &[Failure]) -> Result<(), TestCaseError> {
    let seen = RefCell::default();
    let start = Instant::now();
    let fault = call(config(&options), failures, &seen).await.unwrap_err();
    let seen = seen.into_inner();
    let mut seen = seen.iter().copied();
    let mut previous = options.base_delay;
    for attempt in 1_u32.. {
        let failure = failures[attempt as usize - 1];
        let (Some(Seen::Began(_)), Some(Seen::Failed(failed))) = (seen.next(), seen.next()) else {
            prop_assert!(
                false,
                "attempt {} began and did not fail, or the other way round",
                attempt
            );
            break;
        };
        let elapsed = failed - start;
        let (shortest, longest) = match failure.hint {
            Some(hint) if options.jitter == Jitter::None => (hint, hint),
            Some(hint) => (hint, hint + hint / 10),
            None => bounds(&options, attempt, previous),
        };
        let mut next = seen.clone();
        let Some(told) = next.next() else {
            // It stopped; it had to.
            let wait = failure.hint.unwrap_or(longest);
            let spent = options
                .max_elapsed
                .is_some_and(|limit| at_most(limit, elapsed + wait));
            let is_too_early = failure.hint.is_some_and(|hint| hint > options.max_delay);
            prop_assert!(
                attempt == options.max_retries + 1 || spent || is_too_early,
                "stopped after attempt {}",
                attempt
            );
            prop_assert_eq!(
                fault,
                Fault {
                    attempt: attempt as usize,
                    hint: failure.hint
                },
                "the last error as it was"
            );
            return Ok(());
        };
        let Seen::Told {
            attempt: told_attempt,
            delay,
            elapsed: told_elapsed,
        } = told
        else {
            prop_assert!(false, "no hook between two attempts: {:?}", told);
            break;
        };
        prop_assert_eq!((told_attempt, told_elapsed), (attempt, elapsed));
        prop_assert!(attempt <= options.max_retries);
        let cap = failure.hint.map_or(options.max_delay, |_| longest);
        prop_assert!(delay <= cap && shortest <= options.max_delay);
        prop_assert!(
            at_most(shortest, delay) && at_most(delay, longest),
            "{delay:?} not in {shortest:?}..={longest:?}"
        );
        prop_assert!(
            options
                .max_elapsed
                .is_none_or(|limit| elapsed + delay < limit),
            "a wait past max_elapsed"
        );
        if failure.hint.is_none() {
            previous = delay;
        }
        let Some(Seen::Began(began)) = next.next() else {
            prop_assert!(false, "told of a retry that did not come");
            break;
        };
        let waited = began - failed;
        prop_assert!(
            delay <= waited && waited <= delay + TICK,
            "waited {waited:?} instead of {delay:?}"
        );
        prop_assert!(!delay.is_zero() || waited.is_zero());
        seen.next();
    }
    Ok(())
}

#[test]
fn calls_delays_and_budget_follow_the_formulas() {
    proptest!(search(1_000), |(options in options(), failures in failures())| {
        paused().block_on(compare(options, &failures))?;
    });
}
