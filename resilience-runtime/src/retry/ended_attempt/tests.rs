use super::super::hint::RetryHint;
use super::super::strategy::Jitter;
use super::*;
use crate::deadline::Frame;
use crate::errors::Inspect;
use core::cell::Cell;

static TEST: Operation = Operation::new("test");
const SECOND: Duration = Duration::from_secs(1);
const CONFIG: RetryConfig = RetryConfig::new().jitter(Jitter::None);
const FAILED: Result<u8, &str> = Err("busy");
const DONE: Result<u8, &str> = Ok(7);

type State<E> = Retry<&'static RetryConfig, Option<E>>;

/// `attempt!(&mut retry, outcome)` is an attempt that has ended.
macro_rules! attempt {
    ($retry:expr, $outcome:expr) => {{
        let outcome = $outcome;
        let traits = Inspect::of(&outcome).__traits_in_stack();
        EndedAttempt::after_blocking($retry, traits, outcome)
    }};
}

/// Judges the first attempt of a call by the filters: the delay, if another one follows.
macro_rules! judge {
    ($outcome:expr $(, $filter:ident($($argument:expr),*))*) => {{
        let mut retry = Retry::new(&CONFIG);
        let last = attempt!(&mut retry, $outcome)$(.$filter($($argument),*))*.next(&TEST);
        last.is_none().then(|| retry.delay().expect("it is due"))
    }};
}

#[test]
fn every_error_is_retried_and_no_value() {
    assert_eq!(judge!(FAILED), Some(SECOND));
    assert_eq!(judge!(DONE), None);
}

#[test]
fn all_filters_must_agree() {
    for (first, second) in [(true, true), (true, false), (false, true), (false, false)] {
        let due = judge!(FAILED, retry_on(|_| first), retry_if(|_| second));
        assert_eq!(due.is_some(), first && second);
    }
}

#[test]
fn abort_wins() {
    assert_eq!(judge!(FAILED, retry_if(|_| true), abort_if(|_| true)), None);
    assert!(judge!(FAILED, retry_if(|_| true), abort_if(|_| false)).is_some());
}

#[test]
fn filters_see_only_their_side_of_the_outcome() {
    let due = judge!(
        DONE,
        retry_on(|_| unreachable!()),
        retry_if(|_| unreachable!()),
        abort_if(|_| unreachable!()),
        delay_hint(|_| -> RetryHint { unreachable!() })
    );
    assert_eq!(due, None);
    assert_eq!(
        judge!(FAILED, retry_if_ok(|_| unreachable!())),
        Some(SECOND)
    );
}

#[test]
fn a_value_can_be_tried_again() {
    assert_eq!(judge!(DONE, retry_if_ok(|value| *value == 7)), Some(SECOND));
    assert_eq!(judge!(DONE, retry_if_ok(|value| *value == 0)), None);
}

/// Judges a refusal that the own stack knows of.
macro_rules! judge_refusal {
    ($config:expr $(, $filter:ident($($argument:expr),*))*) => {
        judge_noted!(Origin::Refused, $config $(, $filter($($argument),*))*)
    };
}

/// Judges an error whose origin the own stack knows.
macro_rules! judge_noted {
    ($origin:expr, $config:expr $(, $filter:ident($($argument:expr),*))*) => {{
        let (config, mut origin) = ($config, $origin);
        let mut retry = Retry::new(&config);
        attempt!(&mut retry, FAILED).from_stack(&mut origin)$(.$filter($($argument),*))*.next(&TEST).is_none()
    }};
}

#[test]
fn a_refusal_is_retried_only_if_it_is_asked_for() {
    assert!(!judge_refusal!(CONFIG));
    assert!(!judge_refusal!(CONFIG, retry_on(|_| false)));
    assert!(judge_refusal!(CONFIG, retry_on(|_| true)));
    assert!(judge_refusal!(CONFIG.retry_refused(true)));
    assert!(judge_refusal!(
        CONFIG.retry_refused(true),
        retry_on(|_| false)
    ));
}

#[test]
fn an_inherited_expiry_is_retried_only_by_retry_refused() {
    const INHERITED: Origin = Origin::Inherited;
    assert!(!judge_noted!(INHERITED, CONFIG));
    assert!(!judge_noted!(INHERITED, CONFIG, retry_on(|_| true)));
    assert!(!judge_noted!(INHERITED, CONFIG, retry_if(|_| true)));
    let config = CONFIG.retry_refused(true);
    assert!(judge_noted!(INHERITED, config));
    assert!(judge_noted!(INHERITED, config, retry_on(|_| false)));
    assert!(!judge_noted!(INHERITED, config, abort_if(|_| true)));
}

#[test]
fn a_timeout_whose_body_never_began_is_retried_as_any_timeout() {
    assert!(judge_noted!(Origin::NotStarted, CONFIG));
    assert!(!judge_noted!(
        Origin::NotStarted,
        CONFIG,
        retry_on(|_| false)
    ));
}

#[test]
fn a_deadline_that_ended_a_timeout_of_the_stack_is_seen_without_a_mark_in_the_error() {
    // The frame of a caller's deadline, as it is when a timeout inside has been ended by it.
    let reached = Frame::current().asked_to_end_at(0).enter();
    Frame::note_reached(true);
    let mut retry: State<&str> = Retry::new(&CONFIG);
    let attempt = attempt!(&mut retry, Err::<(), _>("late"));
    assert_eq!(attempt.above_timeout().next(&TEST), Some(Err("late")));
    assert!(reached.leave());
    let attempt = attempt!(&mut retry, Err::<(), _>("late"));
    assert_eq!(attempt.above_timeout().next(&TEST), None);
}

#[test]
fn retry_if_does_not_decide_over_refusals_and_abort_wins() {
    assert!(!judge_refusal!(CONFIG, retry_if(|_| unreachable!())));
    assert!(judge_refusal!(
        CONFIG,
        retry_on(|_| true),
        retry_if(|_| unreachable!())
    ));
    assert!(!judge_refusal!(
        CONFIG,
        retry_on(|_| true),
        abort_if(|_| true)
    ));
    assert!(!judge_refusal!(
        CONFIG.retry_refused(true),
        abort_if(|_| true)
    ));
}

#[test]
fn when_a_layer_refuses_the_last_error_of_the_body_is_the_calls() {
    let mut origin = Origin::Body;
    let mut retry: State<&str> = Retry::new(&CONFIG);
    for error in ["first", "second"] {
        let attempt = attempt!(&mut retry, Err::<(), _>(error));
        assert_eq!(attempt.from_stack(&mut origin).next(&TEST), None);
    }
    origin = Origin::Refused;
    let attempt = attempt!(&mut retry, Err::<(), _>("refused"));
    assert_eq!(
        attempt.from_stack(&mut origin).next(&TEST),
        Some(Err("second"))
    );
    assert_eq!(origin, Origin::Body, "for the layers around it");
}

#[test]
fn so_it_is_if_the_last_attempt_is_refused() {
    let config = CONFIG.max_retries(1);
    let mut origin = Origin::Body;
    let mut retry = Retry::new(&config);
    let attempt = attempt!(&mut retry, Err::<(), _>("first"));
    assert_eq!(attempt.from_stack(&mut origin).next(&TEST), None);
    origin = Origin::Refused;
    let attempt = attempt!(&mut retry, Err::<(), _>("refused"));
    assert_eq!(
        attempt.from_stack(&mut origin).next(&TEST),
        Some(Err("first"))
    );
}

#[test]
fn without_an_error_of_the_body_the_refusal_is_the_calls() {
    let mut origin = Origin::Refused;
    let mut retry: State<&str> = Retry::new(&CONFIG);
    let attempt = attempt!(&mut retry, Err::<(), _>("refused"));
    assert_eq!(
        attempt.from_stack(&mut origin).next(&TEST),
        Some(Err("refused"))
    );
    assert_eq!(origin, Origin::Refused);
}

#[test]
fn no_wait_is_begun_after_which_the_circuit_would_still_refuse() {
    let open = |wait| judge!(FAILED, refused_for(wait));
    assert_eq!(open(Some(2 * SECOND)), None);
    assert_eq!(open(Some(SECOND + Duration::from_nanos(1))), None);
    assert_eq!(open(Some(SECOND)), Some(SECOND), "it probes then");
    assert_eq!(open(None), Some(SECOND));
    assert_eq!(
        judge!(FAILED, refused_for(Some(2 * SECOND)), refused_for(None)),
        None,
        "one circuit of two is enough"
    );
}

#[test]
fn a_hint_replaces_the_delay() {
    let hinted = |hint| judge!(FAILED, delay_hint(|_| hint));
    assert_eq!(hinted(Some(9 * SECOND)), Some(9 * SECOND));
    assert_eq!(hinted(Some(Duration::ZERO)), Some(Duration::ZERO));
    assert_eq!(hinted(None), Some(SECOND));
}

#[test]
fn a_hint_is_asked_only_if_a_retry_is_possible() {
    let filtered = judge!(
        FAILED,
        retry_if(|_| false),
        delay_hint(|_| -> RetryHint { unreachable!() })
    );
    assert_eq!(filtered, None);
}

#[test]
fn no_filter_of_errors_and_no_hook_is_asked_after_the_last_attempt() {
    let config = CONFIG.max_retries(0);
    let mut retry = Retry::new(&config);
    let last = attempt!(&mut retry, FAILED)
        .retry_on(|_| unreachable!())
        .retry_if(|_| unreachable!())
        .abort_if(|_| unreachable!())
        .delay_hint(|_| -> RetryHint { unreachable!() })
        .next_telling(&TEST, |_| unreachable!());
    assert_eq!(last, Some(FAILED));
}

#[test]
fn the_last_value_is_judged_for_the_statistics_alone() {
    let config = CONFIG.max_retries(0);
    for is_wanted in [false, true] {
        let mut retry = Retry::new(&config);
        let last = attempt!(&mut retry, DONE)
            .retry_if_ok(|_| is_wanted)
            .next_telling(&TEST, |_| unreachable!());
        assert_eq!(last, Some(DONE));
    }
}

#[test]
fn a_filter_that_cannot_change_the_decision_is_not_asked() {
    let asked = Cell::new(0);
    let ask = |answer| {
        asked.set(asked.get() + 1);
        answer
    };
    let due = judge!(
        FAILED,
        retry_on(|_| ask(false)),
        retry_if(|_| ask(true)),
        abort_if(|_| ask(true))
    );
    assert_eq!((due, asked.get()), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_told_about_each_retry_and_not_about_the_end() {
    let config = CONFIG.max_retries(2);
    let mut retry = Retry::timed(&config);
    let mut told = Vec::new();
    loop {
        tokio::time::advance(10 * SECOND).await;
        let last = attempt!(&mut retry, FAILED).next_telling(&TEST, |event| {
            told.push((
                event.operation.to_owned(),
                event.attempt,
                event.max_attempts,
                event.delay,
                event.elapsed,
                event.outcome.err().copied(),
            ));
        });
        if last.is_some() {
            break;
        }
        retry.wait(&TEST).await;
    }
    let busy = Some("busy");
    assert_eq!(
        told,
        [
            ("test".to_owned(), 1, 3, SECOND, 10 * SECOND, busy),
            ("test".to_owned(), 2, 3, 2 * SECOND, 21 * SECOND, busy)
        ]
    );
}

#[test]
fn a_hook_sees_the_value_that_was_not_accepted() {
    let mut seen = None;
    let mut retry = Retry::timed(&CONFIG);
    let last = attempt!(&mut retry, DONE)
        .retry_if_ok(|_| true)
        .next_telling(&TEST, |event| {
            seen = event.outcome.ok().copied();
        });
    assert_eq!(last, None);
    assert_eq!(seen, Some(7));
}

#[tokio::test(start_paused = true)]
async fn elapsed_counts_from_the_beginning_of_the_call() {
    let config = CONFIG.max_elapsed(3 * SECOND);
    let mut retry = Retry::new(&config);
    tokio::time::advance(SECOND).await;
    assert_eq!(attempt!(&mut retry, FAILED).next(&TEST), None);
    tokio::time::advance(SECOND).await;
    // 2 s and the next delay of 2 s would reach the limit.
    assert_eq!(attempt!(&mut retry, FAILED).next(&TEST), Some(FAILED));
}

#[test]
fn jitter_is_drawn_anew_for_each_delay() {
    let config = CONFIG.jitter(Jitter::Full);
    let draw = || {
        let mut retry = Retry::new(&config);
        assert_eq!(attempt!(&mut retry, FAILED).next(&TEST), None);
        retry.delay()
    };
    let first = draw();
    assert!((0..100).any(|_| draw() != first));
}

#[test]
fn outcomes_without_any_trait_can_be_judged() {
    struct Opaque;
    assert_eq!(judge!(Err::<Opaque, _>(Opaque)), Some(SECOND));
}
