use std::{
    io,
    pin::pin,
    sync::{Mutex, PoisonError, mpsc},
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use super::*;
use crate::{
    CircuitBreakerConfig, CircuitState, Command, TransitionReason,
    circuit::probe_future::ProbeFuture,
    fleet::{ProbeAnswer, ProbeRequest, Trip, Verdict},
};

const SECOND: Duration = Duration::from_secs(1);

/// Opens at the first failure, probes after 30 s, closes after 2 successes.
const CONFIG: CircuitBreakerConfig = CircuitBreakerConfig::new().failure_threshold(1);

/// Keeps what it is told, and answers each question in one way, or keeps it.
#[derive(Default)]
struct Others {
    answer: Option<ProbeAnswer>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    trips: Vec<Trip>,
    verdicts: Vec<(u64, Verdict)>,
    questions: u32,
    kept: Vec<ProbeRequest>,
}

impl Others {
    fn answering(answer: ProbeAnswer) -> Arc<Self> {
        Arc::new(Self {
            answer: Some(answer),
            ..Self::default()
        })
    }

    fn told<R>(&self, read: impl FnOnce(&mut Told) -> R) -> R {
        read(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn verdicts(&self) -> Vec<(u64, Verdict)> {
        self.told(|told| told.verdicts.clone())
    }

    fn questions(&self) -> u32 {
        self.told(|told| told.questions)
    }
}

impl Coordinator for Others {
    fn tripped(&self, trip: Trip) {
        self.told(|told| told.trips.push(trip));
    }

    fn asked(&self, request: ProbeRequest) {
        self.told(|told| told.questions += 1);
        match self.answer {
            Some(answer) => request.answer(answer),
            None => self.told(|told| told.kept.push(request)),
        }
    }

    fn probed(&self, lease: u64, verdict: Verdict) {
        self.told(|told| told.verdicts.push((lease, verdict)));
    }
}

fn coordinated(others: &Arc<Others>) -> (CircuitBreaker, StoreContact) {
    let contact = StoreContact::new("test");
    contact.restored();
    let breaker = CircuitBreaker::new("coordinated", CONFIG);
    breaker.coordinate(contact.clone(), Arc::clone(others) as Arc<dyn Coordinator>);
    (breaker, contact)
}

/// A circuit that would probe now.
async fn half_open(others: &Arc<Others>) -> (CircuitBreaker, StoreContact) {
    let (breaker, contact) = coordinated(others);
    breaker.follow_open(30 * SECOND);
    tokio::time::advance(30 * SECOND).await;
    (breaker, contact)
}

fn last_reason(breaker: &CircuitBreaker) -> Option<TransitionReason> {
    breaker.history().last().map(|past| past.reason)
}

#[test]
fn the_others_are_told_of_own_openings_only() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = coordinated(&others);
    breaker.trip();
    breaker.reset();
    breaker.follow_open(SECOND);
    breaker.reset();
    breaker.acquire().expect("closed").failure();
    let trips = others.told(|told| told.trips.clone());
    let [trip] = trips[..] else {
        panic!("{trips:?}")
    };
    assert_eq!(trip.reason, TransitionReason::Failures);
    assert!(trip.open_for > 29 * SECOND && trip.open_for <= 30 * SECOND);
}

/// The others once heard of an opening only when all listeners had heard of it and of those before.
#[test]
fn a_listener_that_blocks_keeps_no_opening_from_the_others() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = coordinated(&others);
    let (is_blocked, blocks) = mpsc::channel();
    let (may_go, goes_on) = mpsc::channel::<()>();
    let goes_on = Mutex::new(goes_on);
    breaker.on_transition(move |_| {
        let _ = is_blocked.send(());
        let _ = goes_on.lock().map(|goes_on| goes_on.recv());
    });
    let blocked = {
        let breaker = breaker.clone();
        thread::spawn(move || breaker.acquire().expect("closed").failure())
    };
    blocks.recv().expect("the listener is called");
    breaker.reset();
    breaker.acquire().expect("closed").failure();
    assert_eq!(others.told(|told| told.trips.len()), 2);
    drop(may_go);
    blocked.join().expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_probe_with_a_lease_does_not_close_the_circuit_and_the_others_do() {
    let others = Others::answering(ProbeAnswer::granted(7));
    let (breaker, _contact) = half_open(&others).await;
    for _ in 0..3 {
        breaker.acquire().expect("a lease").success();
    }
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert_eq!(others.verdicts(), [(7, Verdict::Succeeded); 3]);
    assert!(breaker.follow_closed());
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(last_reason(&breaker), Some(TransitionReason::Fleet));
    assert!(
        breaker.follow_closed(),
        "a closed circuit is closed already"
    );
    assert_eq!(breaker.stats().closed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_the_circuit_and_says_for_how_long() {
    let others = Others::answering(ProbeAnswer::granted(7));
    let (breaker, _contact) = half_open(&others).await;
    breaker.acquire().expect("a lease").failure();
    assert_eq!(breaker.state(), CircuitState::Open);
    let open_for = 30 * SECOND;
    assert_eq!(others.verdicts(), [(7, Verdict::Failed { open_for })]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_ignored_or_dropped_gives_its_lease_back() {
    let others = Others::answering(ProbeAnswer::granted(7));
    let (breaker, _contact) = half_open(&others).await;
    breaker.acquire().expect("a lease").ignore();
    drop(breaker.acquire().expect("a lease"));
    assert_eq!(others.verdicts(), [(7, Verdict::Released); 2]);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_denied_call_is_refused_and_the_next_one_asks_after_the_pause() {
    let others = Others::answering(ProbeAnswer::denied(SECOND));
    let (breaker, _contact) = half_open(&others).await;
    let refused = breaker.acquire().expect_err("denied");
    assert_eq!(refused.retry_after(), Some(Duration::ZERO));
    assert_eq!(refused.reason(), TransitionReason::Fleet);
    assert!(breaker.acquire().is_err());
    assert_eq!(others.questions(), 1);
    tokio::time::advance(SECOND).await;
    assert!(breaker.acquire().is_err());
    assert_eq!(others.questions(), 2);
    assert_eq!(breaker.stats().refused, 3);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_is_left_alone_probes_and_closes_by_its_own_settings() {
    let others = Others::answering(ProbeAnswer::Alone);
    let (breaker, _contact) = half_open(&others).await;
    breaker.acquire().expect("a probe").success();
    breaker.acquire().expect("a probe").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(others.questions(), 1);
    assert_eq!(others.verdicts(), []);
}

#[tokio::test(start_paused = true)]
async fn without_contact_nobody_is_asked_and_own_successes_count() {
    let others = Others::answering(ProbeAnswer::granted(7));
    let (breaker, contact) = half_open(&others).await;
    breaker.acquire().expect("a lease").success();
    contact.lost("test");
    breaker.acquire().expect("a probe").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert_eq!(others.questions(), 1);
    assert_eq!(
        last_reason(&breaker),
        Some(TransitionReason::ProbesSucceeded)
    );
}

#[test]
fn a_sync_call_without_an_answer_is_refused_after_the_timeout() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = coordinated(&others);
    breaker.follow_open(Duration::ZERO);
    let asked = Instant::now();
    assert!(breaker.acquire().is_err());
    assert!(asked.elapsed() >= ProbeRequest::TIMEOUT);
    let late = others.told(|told| told.kept.pop()).expect("a question");
    assert!(!late.is_waiting());
    late.answer(ProbeAnswer::granted(9));
    assert_eq!(others.verdicts(), [(9, Verdict::Released)]);
}

#[tokio::test(start_paused = true)]
async fn an_async_call_waits_and_the_others_are_refused_meanwhile() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    let mut call = pin!(breaker.call_async(async { Ok::<_, io::Error>(42) }));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(cx).is_pending());
    assert!(breaker.acquire().is_err());
    assert_eq!(others.questions(), 1);
    let request = others.told(|told| told.kept.pop()).expect("a question");
    request.answer(ProbeAnswer::granted(7));
    assert!(matches!(call.poll(cx), Poll::Ready(Ok(42))));
    assert_eq!(others.verdicts(), [(7, Verdict::Succeeded)]);
}

#[tokio::test(start_paused = true)]
async fn an_async_acquire_waits_as_a_future_and_one_that_may_not_wait_is_refused() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    assert!(breaker.is_coordinated());
    let refused = breaker.try_acquire().expect_err("it would have to ask");
    assert!(refused.to_string().contains("half-open"), "{refused}");
    assert!(breaker.try_acquire_owned().is_err());
    assert_eq!((others.questions(), breaker.stats().refused), (0, 2));

    let mut acquire = pin!(breaker.acquire_async());
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(acquire.as_mut().poll(cx).is_pending());
    let request = others.told(|told| told.kept.pop()).expect("a question");
    request.answer(ProbeAnswer::granted(7));
    let Poll::Ready(Ok(permit)) = acquire.poll(cx) else {
        panic!("granted")
    };
    permit.success();
    assert_eq!(others.verdicts(), [(7, Verdict::Succeeded)]);
}

#[tokio::test(start_paused = true)]
async fn an_async_acquire_that_is_dropped_gives_its_lease_back() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    let cx = &mut Context::from_waker(Waker::noop());
    {
        let acquire = pin!(breaker.acquire_owned_async());
        assert!(acquire.poll(cx).is_pending());
        let request = others.told(|told| told.kept.pop()).expect("a question");
        request.answer(ProbeAnswer::granted(7));
    }
    assert_eq!(others.verdicts(), [(7, Verdict::Released)]);
    tokio::time::advance(2 * ProbeRequest::TIMEOUT).await;
    let mut acquire = pin!(breaker.acquire_owned_async());
    assert!(acquire.as_mut().poll(cx).is_pending());
    others.told(|told| told.kept.clear());
    assert!(matches!(acquire.poll(cx), Poll::Ready(Err(_))));
}

#[tokio::test(start_paused = true)]
async fn an_async_acquire_of_a_circuit_without_a_fleet_waits_for_nobody() {
    let breaker = CircuitBreaker::new("alone", CONFIG);
    breaker.acquire_async().await.expect("closed").failure();
    assert!(breaker.acquire_owned_async().await.is_err());
    assert!(breaker.try_acquire().is_err());
    tokio::time::advance(30 * SECOND).await;
    assert!(!breaker.is_coordinated());
    breaker.try_acquire().expect("a probe").success();
    breaker.acquire_async().await.expect("a probe").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_async_call_whose_question_is_dropped_is_refused_and_the_next_one_asks() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    for _ in 0..2 {
        let mut call = pin!(breaker.call_async(async { Ok::<_, io::Error>(42) }));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(call.as_mut().poll(cx).is_pending());
        others.told(|told| told.kept.clear());
        let Poll::Ready(Err(refused)) = call.poll(cx) else {
            panic!("refused")
        };
        assert!(refused.to_string().contains("half-open"), "{refused}");
    }
    assert_eq!((others.questions(), breaker.stats().refused), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_asks_gives_the_lease_back() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    {
        let call = pin!(breaker.call_async(async { Ok::<_, io::Error>(42) }));
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(call.poll(cx).is_pending());
        let request = others.told(|told| told.kept.pop()).expect("a question");
        request.answer(ProbeAnswer::granted(7));
    }
    assert_eq!(others.verdicts(), [(7, Verdict::Released)]);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_comes_after_the_circuit_closed_is_given_back_and_the_call_enters() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    let mut call = pin!(breaker.call_async(async { Ok::<_, io::Error>(42) }));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(cx).is_pending());
    breaker.follow_closed();
    let request = others.told(|told| told.kept.pop()).expect("a question");
    request.answer(ProbeAnswer::granted(7));
    assert!(matches!(call.poll(cx), Poll::Ready(Ok(42))));
    assert_eq!(others.verdicts(), [(7, Verdict::Released)]);
}

/// The generation was read after the decision to ask. A circuit that had closed and opened in
/// between was then half-open with two probes where it admits one.
#[tokio::test(start_paused = true)]
async fn a_question_of_an_earlier_open_time_makes_no_second_probe() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    let ask = || {
        let open = breaker
            .shared()
            .admit_task(None)
            .expect_err("it has to ask");
        assert!(open.asks());
        open
    };
    let earlier = ask();
    breaker.follow_closed();
    breaker.follow_open(30 * SECOND);
    tokio::time::advance(30 * SECOND).await;
    let later = ask();
    let mut probes =
        [earlier, later].map(|open| Box::pin(ProbeFuture::new(breaker.shared(), None, open, None)));
    for lease in [7, 9] {
        let request = others.told(|told| told.kept.remove(0));
        request.answer(ProbeAnswer::granted(lease));
    }
    let cx = &mut Context::from_waker(Waker::noop());
    let [earlier, later] = probes.each_mut().map(|probe| probe.as_mut().poll(cx));
    assert!(matches!(later, Poll::Ready(Ok(_))), "{later:?}");
    assert!(matches!(earlier, Poll::Ready(Err(_))), "{earlier:?}");
    assert_eq!(others.verdicts(), [(7, Verdict::Released)]);
}

/// A call asks once. One that comes to a later half-open time kept the others from asking for
/// 100 ms, as if it asked again.
#[tokio::test(start_paused = true)]
async fn a_call_that_has_asked_keeps_no_other_call_from_asking() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = half_open(&others).await;
    let ask = || breaker.shared().admit_task(None).expect_err("half-open");
    let mut earlier = pin!(ProbeFuture::new(breaker.shared(), None, ask(), None));
    breaker.follow_closed();
    breaker.follow_open(30 * SECOND);
    tokio::time::advance(30 * SECOND).await;
    let request = others.told(|told| told.kept.remove(0));
    request.answer(ProbeAnswer::granted(7));
    let cx = &mut Context::from_waker(Waker::noop());
    let polled = earlier.as_mut().poll(cx);
    assert!(matches!(polled, Poll::Ready(Err(_))), "{polled:?}");
    assert!(ask().asks());
}

#[tokio::test(start_paused = true)]
async fn commands_are_stronger_than_the_others() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = coordinated(&others);
    breaker.isolate_with(Command::new("maintenance").for_(60 * SECOND));
    assert!(!breaker.follow_open(SECOND));
    assert!(!breaker.follow_closed());
    assert!(breaker.stats().isolated);
    tokio::time::advance(60 * SECOND).await;
    assert!(breaker.follow_open(SECOND), "the command is over");
    breaker.allow();
    assert!(breaker.follow_open(30 * SECOND));
    let stats = breaker.stats();
    assert_eq!(stats.state, CircuitState::Closed);
    assert_eq!(stats.computed_state, CircuitState::Open);
    tokio::time::advance(30 * SECOND).await;
    drop(breaker.acquire().expect("all are admitted"));
    assert_eq!(others.questions(), 0, "nobody depends on these probes");
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_takes_over_the_open_time_of_the_others() {
    let others = Arc::new(Others::default());
    let (breaker, _contact) = coordinated(&others);
    breaker.acquire().expect("closed").failure();
    assert!(breaker.follow_open(5 * SECOND));
    let stats = breaker.stats();
    assert_eq!((stats.retry_after, stats.opened), (Some(5 * SECOND), 1));
}

#[test]
fn a_coordinator_that_panics_breaks_no_call() {
    struct Panics;
    impl Coordinator for Panics {
        fn tripped(&self, _: Trip) {
            panic!("expected");
        }
        fn asked(&self, _: ProbeRequest) {
            panic!("expected");
        }
        fn probed(&self, _: u64, _: Verdict) {
            panic!("expected");
        }
    }
    let contact = StoreContact::new("test");
    contact.restored();
    let config = CONFIG.recovery_timeout(Duration::from_nanos(1));
    let breaker = CircuitBreaker::new("panicking", config);
    breaker.coordinate(contact, Arc::new(Panics));
    breaker.acquire().expect("closed").failure();
    assert!(breaker.acquire().is_err(), "nobody answered");
    breaker.end_coordination();
    assert!(breaker.acquire().is_ok());
}

#[test]
fn a_lost_contact_is_told_once() {
    let logged = crate::circuit::capture::events(|| {
        let contact = StoreContact::new("orders-prod");
        contact.restored();
        contact.lost("timeout");
        contact.lost("refused");
        contact.restored();
        contact.restored();
    });
    assert_eq!(logged.len(), 2, "{logged:?}");
    assert!(
        logged[0].starts_with("WARN") && logged[0].contains("cause=\"timeout\""),
        "{logged:?}"
    );
}
