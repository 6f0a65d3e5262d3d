use std::{
    ops::Deref,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, advance};

use crate::{
    RateLimit, RateLimitConfig,
    fleet::{PermitRequest, RateLimitCoordinator},
    keyed::KeyText,
    limiter::Registered as _,
    operation::Operation,
    rate_limit::expansion::RateLimitSite,
    registry,
};

const SECOND: Duration = Duration::from_secs(1);
const CONFIG: RateLimitConfig = RateLimitConfig::new(100, SECOND);

/// Keeps the requests.
#[derive(Default)]
struct Others(Mutex<Vec<PermitRequest>>);

impl Others {
    fn next(&self) -> Option<PermitRequest> {
        self.0.lock().expect("nothing panics").pop()
    }
}

impl RateLimitCoordinator for Others {
    fn wanted(&self, request: PermitRequest) {
        self.0.lock().expect("nothing panics").push(request);
    }

    fn fleet_name(&self) -> String {
        "orders".to_owned()
    }
}

/// The others of one test. A request that nobody answers holds the limit, and the limit holds them,
/// so they drop their requests at the end.
struct Kept(Arc<Others>);

impl Deref for Kept {
    type Target = Others;

    fn deref(&self) -> &Others {
        &self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        while self.next().is_some() {}
    }
}

/// A limit of 4 processes with at most 9 permits in hand.
fn shared(config: RateLimitConfig) -> (RateLimit, Kept) {
    let (limit, others) = (
        RateLimit::new("shared", config),
        Arc::new(Others::default()),
    );
    limit.coordinate(Arc::clone(&others) as Arc<dyn RateLimitCoordinator>);
    limit.lease_among(4, 10);
    (limit, Kept(others))
}

fn admitted(limit: &RateLimit, calls: u32) -> usize {
    (0..calls).filter(|_| limit.acquire().is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn calls_take_permits_and_the_next_batch_is_asked_for_before_they_are_gone() {
    let (limit, others) = shared(CONFIG);
    assert_eq!(
        admitted(&limit, 9),
        1,
        "the share of this process, one call at a time"
    );
    let request = others.next().expect("a request");
    assert_eq!((request.permits(), request.spent()), (9, 0));
    request.grant(9, Duration::ZERO);
    assert_eq!(admitted(&limit, 4), 4);
    assert!(others.next().is_none(), "more than half is left");
    assert_eq!(admitted(&limit, 1), 1);
    let request = others.next().expect("a request");
    assert_eq!((request.permits(), request.spent()), (5, 1));
    assert_eq!(admitted(&limit, 9), 4, "nobody waits for the answer");
    request.grant(5, Duration::ZERO);
    assert_eq!(admitted(&limit, 9), 5);
    assert_eq!(limit.stats().admitted, 15);
}

#[tokio::test(start_paused = true)]
async fn without_permits_the_share_of_the_process_is_the_pace_of_calls_that_wait() {
    let (limit, others) = shared(CONFIG.max_wait(SECOND));
    let start = Instant::now();
    for _ in 0..5 {
        limit.acquire_async().await.expect("within the wait");
    }
    assert_eq!(start.elapsed(), 4 * Duration::from_millis(40));
    let request = others
        .next()
        .expect("a second request, because nobody answered the first");
    assert_eq!(request.spent(), 4);
    request.grant(0, SECOND);
    assert_eq!(others.next().map(|request| request.spent()), Some(0));
    limit.acquire_async().await.expect("within the wait");
    assert!(others.next().is_none(), "the answer said when to ask");
    advance(SECOND).await;
    limit.acquire_async().await.expect("a turn");
    assert_eq!(others.next().map(|request| request.spent()), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_is_made_again_with_its_calls() {
    let (limit, others) = shared(CONFIG);
    assert_eq!(admitted(&limit, 2), 1);
    drop(others.next());
    advance(Duration::from_millis(99)).await;
    assert_eq!(admitted(&limit, 1), 1);
    assert!(others.next().is_none());
    advance(Duration::from_millis(1)).await;
    assert_eq!(admitted(&limit, 1), 0);
    let request = others.next().expect("a request");
    assert_eq!(request.spent(), 2);
    drop(request);
    advance(Duration::from_millis(100)).await;
    assert_eq!(admitted(&limit, 1), 1);
    assert_eq!(
        others.next().map(|request| request.spent()),
        Some(2),
        "still not counted"
    );
}

#[tokio::test(start_paused = true)]
async fn answers_that_come_late_leave_no_more_permits_in_hand_than_a_batch() {
    let (limit, others) = shared(CONFIG);
    let mut late = Vec::new();
    for _ in 0..5 {
        assert_eq!(admitted(&limit, 1), 1, "the share of this process");
        late.extend(others.next());
        advance(Duration::from_millis(100)).await;
    }
    assert_eq!(late.len(), 5, "nobody answered, so each call asked again");
    for request in late {
        let permits = request.permits();
        request.grant(permits, SECOND);
    }
    assert_eq!(admitted(&limit, 100), 10, "those in hand, and the share");
}

#[tokio::test(start_paused = true)]
async fn without_the_store_each_process_has_its_share_and_uses_the_permits_in_hand() {
    let (limit, others) = shared(CONFIG);
    assert_eq!(admitted(&limit, 1), 1);
    others.next().expect("a request").grant(9, Duration::ZERO);
    limit.divide_among(4);
    advance(SECOND).await;
    assert_eq!(admitted(&limit, 200), 9 + 25);
    advance(SECOND).await;
    assert_eq!(admitted(&limit, 200), 25);
    assert!(others.next().is_none(), "nobody is asked");
    limit.end_coordination();
    advance(SECOND).await;
    assert_eq!(admitted(&limit, 200), 100, "the whole limit");
}

#[tokio::test(start_paused = true)]
async fn another_configuration_is_divided_too() {
    let (limit, _others) = shared(CONFIG);
    limit.divide_among(4);
    limit.reconfigure(RateLimitConfig::new(40, SECOND));
    advance(SECOND).await;
    assert_eq!(admitted(&limit, 200), 10);
    assert_eq!(limit.config().get_limit(), 40);
    assert_eq!(limit.stats().limit, 40);
}

#[test]
fn the_statistics_have_the_division() {
    static OPERATION: Operation = Operation::new("coordinate::division");
    static KEYS: RateLimitSite = RateLimitSite::new("divided_keys", &OPERATION);
    let others = Arc::new(Others::default());
    let view = |limit: &RateLimit| {
        let view = limit.stats().fleet?;
        Some((view.name, view.is_degraded, view.replicas, view.batch))
    };
    let limit = registry::get_or_register_rate_limit("divided", CONFIG);
    assert_eq!(view(&limit), None);
    limit.coordinate(Arc::clone(&others) as Arc<dyn RateLimitCoordinator>);
    assert_eq!(view(&limit), None, "it is not divided yet");
    limit.lease_among(4, 10);
    assert_eq!(view(&limit), Some(("orders".to_owned(), false, 4, 10)));
    limit.divide_among(3);
    assert_eq!(view(&limit), Some(("orders".to_owned(), true, 3, 0)));
    let by_name = registry::rate_limit("divided").expect("registered");
    assert_eq!(by_name.fleet, limit.stats().fleet);
    limit.end_coordination();
    assert_eq!(view(&limit), None);

    KEYS.of_key(&CONFIG, KeyText::Text("a"));
    let of_name = || registry::rate_limit("divided_keys").expect("registered");
    assert_eq!(of_name().fleet, None);
    let mut of_key = RateLimit::names().handles().into_iter();
    let of_key = of_key.find(|limit| limit.name() == "divided_keys");
    let of_key = of_key.expect("the key has one");
    of_key.coordinate(others);
    of_key.lease_among(2, 5);
    assert_eq!(view(&of_key), Some(("orders".to_owned(), false, 2, 5)));
    assert_eq!(of_name().fleet, of_key.stats().fleet);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_panics_breaks_no_call() {
    struct Panics;
    impl RateLimitCoordinator for Panics {
        fn wanted(&self, _request: PermitRequest) {
            panic!("expected");
        }
    }
    let limit = RateLimit::new("panicking", CONFIG);
    limit.coordinate(Arc::new(Panics));
    limit.lease_among(1, 2);
    assert_eq!(admitted(&limit, 2), 1);
}

#[test]
fn threads_take_no_more_permits_than_were_leased() {
    let config = RateLimitConfig::new(1, Duration::from_secs(1_000_000));
    let (limit, others) = shared(config);
    limit.lease_among(4, 1_001);
    assert_eq!(admitted(&limit, 1), 1);
    others
        .next()
        .expect("a request")
        .grant(1_000, Duration::MAX);
    let admitted: usize = std::thread::scope(|scope| {
        let thread = |_| scope.spawn(|| admitted(&limit, 400));
        let threads: Vec<_> = (0..4).map(thread).collect();
        threads
            .into_iter()
            .map(|it| it.join().expect("no panic"))
            .sum()
    });
    assert_eq!(admitted, 1_000);
}
