//! The three attributes in every order, beside a model that says what an order means.
//!
//! The model is read from top to bottom, as the attributes are: each layer is a few lines that call
//! the layers below it.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use resilience::{circuit_breaker, retry, timeout};
use tokio::time::Instant;

use super::Step::{self, Fails, FailsAfter, Hangs, Succeeds};
use super::{ApiError, SECOND, Service, word};
use crate::abandoned::with_growing_limits;

type Outcome = Result<(), ApiError>;

/// Hands each order of the layers in the last list to the macro `$visit`, with the name of the
/// argument that the layers use.
macro_rules! permute {
    ($visit:ident $service:ident [$($order:tt)*] [] []) => { $visit!($service $($order)*) };
    ($visit:ident $service:ident [$($order:tt)*] [$($skipped:tt)+] []) => {};
    ($visit:ident $service:ident [$($order:tt)*] [$($skipped:tt)*] [$next:tt $($rest:tt)*]) => {
        permute!($visit $service [$($order)* $next] [] [$($skipped)* $($rest)*]);
        permute!($visit $service [$($order)*] [$($skipped)* $next] [$($rest)*]);
    };
}

/// The way in which the timeout of a model treats its inside.
#[derive(Clone, Copy, PartialEq)]
enum Expiry {
    /// It drops the future: a circuit inside counts the call as abandoned.
    Drops,
    /// It begins nothing more: a running body is finished, and is late.
    BeginsNoMore,
    /// It leaves the body to a worker, which goes on until it sees that it was given up.
    Leaves,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Layer {
    Retry,
    Circuit,
    Timeout,
}

/// The expected effect of a call of the service in some order.
struct Model {
    expiry: Expiry,
    script: Vec<Step>,
    wait: Duration,
    limit: Duration,
    /// The failures that open the circuit, which stays open for longer than a test.
    threshold: usize,
    now: Duration,
    executions: usize,
    is_open: bool,
    counts: [usize; 4],
}

/// The outcome of a call that passed the circuit, by its place in [`Model::counts`].
#[derive(Clone, Copy)]
enum Count {
    Succeeded,
    Failed,
    Refused,
    Abandoned,
}

/// The word of an outcome, or nothing where the call was cut off.
type Answer = Option<&'static str>;

impl Model {
    /// Calls the rest of the order before `end`, and moves the time on.
    fn call(&mut self, order: &[Layer], end: Duration) -> Answer {
        let Some((layer, inside)) = order.split_first() else {
            return self.body(end);
        };
        match layer {
            Layer::Retry => self.retry(inside, end),
            Layer::Circuit => self.circuit(inside, end),
            Layer::Timeout => self.timeout(inside, end),
        }
    }

    fn body(&mut self, end: Duration) -> Answer {
        let step = self.script[self.executions.min(self.script.len() - 1)];
        self.executions += 1;
        let (takes, answer) = match step {
            Succeeds => (Duration::ZERO, "ok"),
            Fails => (Duration::ZERO, "down"),
            FailsAfter(time) => (time, "down"),
            Hangs => (Duration::MAX, "down"),
        };
        self.spend(takes, end).then_some(answer)
    }

    /// Spends the time, unless the end comes first. In place nothing is cut off, and a worker's
    /// body ends at the end.
    fn spend(&mut self, time: Duration, end: Duration) -> bool {
        let then = self.now.saturating_add(time);
        let is_in_time = then < end || time.is_zero();
        self.now = match self.expiry {
            Expiry::BeginsNoMore => then,
            Expiry::Drops | Expiry::Leaves => then.min(end),
        };
        is_in_time || self.expiry != Expiry::Drops
    }

    fn retry(&mut self, inside: &[Layer], end: Duration) -> Answer {
        let mut last_error = None;
        for attempt in 1.. {
            let answer = self.call(inside, end)?;
            // A refusal is not retried, and the caller gets the error before it.
            if answer == "open" {
                return last_error.or(Some(answer));
            }
            if answer == "ok" || attempt == 3 || (self.is_open && self.sees_circuit(inside)) {
                return Some(answer);
            }
            last_error = Some(answer);
            // A retry does not begin a wait that would reach the deadline of the timeout around it.
            let then = self.now + self.wait;
            if then >= end {
                return Some(answer);
            }
            self.now = then;
        }
        unreachable!("the third attempt is the last")
    }

    /// True if a retry can ask the circuit below it: the handle that is part of an argument goes to
    /// the worker with it.
    fn sees_circuit(&self, inside: &[Layer]) -> bool {
        let mut layers = inside.iter();
        let mut before = layers
            .by_ref()
            .take_while(|layer| **layer != Layer::Circuit);
        let is_on_worker =
            self.expiry == Expiry::Leaves && before.any(|layer| *layer == Layer::Timeout);
        inside.contains(&Layer::Circuit) && !is_on_worker
    }

    fn circuit(&mut self, inside: &[Layer], end: Duration) -> Answer {
        if self.is_open {
            self.count(Count::Refused);
            return Some("open");
        }
        let answer = self.call(inside, end);
        self.count(match answer {
            None => Count::Abandoned,
            Some("ok") => Count::Succeeded,
            Some(_) => Count::Failed,
        });
        self.is_open |= self.counts[Count::Failed as usize] >= self.threshold;
        answer
    }

    fn timeout(&mut self, inside: &[Layer], end: Duration) -> Answer {
        let own = self.now.saturating_add(self.limit);
        let answer = self.call(inside, own.min(end));
        if self.now >= own && own < end {
            return Some("late");
        }
        answer
    }

    fn count(&mut self, count: Count) {
        self.counts[count as usize] += 1;
    }

    fn recorded(&self) -> String {
        let words = ["succeeded", "failed", "refused", "abandoned"];
        let counted = self
            .counts
            .iter()
            .zip(words)
            .filter(|(count, _)| **count > 0);
        let counted: Vec<_> = counted
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        counted.join(", ")
    }
}

/// A claim: how the service behaves, and how often it is called.
struct Case {
    name: &'static str,
    script: &'static [Step],
    calls: usize,
    limit: Duration,
    /// The circuit opens at two failures, else never by itself.
    opens: bool,
    is_isolated: bool,
}

const CASE: Case = Case {
    name: "",
    script: &[Succeeds],
    calls: 1,
    limit: Duration::from_secs(3600),
    opens: false,
    is_isolated: false,
};

impl Case {
    fn service(&self) -> Service {
        let service = if self.opens {
            Service::new(self.script)
        } else {
            Service::unguarded(self.script)
        };
        if self.is_isolated {
            service.breaker.isolate();
        }
        service.limit(self.limit)
    }

    /// The model's answer: the last answer, the executions, what the circuit recorded, and the
    /// time.
    fn expected(&self, order: &[Layer], expiry: Expiry, wait: Duration) -> (String, Duration) {
        let mut model = Model {
            expiry,
            script: self.script.to_vec(),
            wait,
            limit: self.limit,
            threshold: if self.opens { 2 } else { usize::MAX },
            now: Duration::ZERO,
            executions: 0,
            is_open: self.is_isolated,
            counts: [0; 4],
        };
        let mut answer = None;
        for _ in 0..self.calls {
            answer = model.call(order, Duration::MAX);
        }
        let line = line(
            answer.unwrap_or("cut off"),
            model.executions,
            &model.recorded(),
        );
        (line, model.now)
    }
}

fn line(answer: &str, executions: usize, recorded: &str) -> String {
    format!("{answer}, {executions} executions, {recorded}")
}

fn seen(outcome: &Outcome, service: &Service) -> String {
    line(word(outcome), service.executions(), &service.recorded())
}

const CASES: [Case; 9] = [
    Case {
        name: "a success passes all three at once",
        ..CASE
    },
    Case {
        name: "an attempt fails three times",
        script: &[Fails],
        ..CASE
    },
    Case {
        name: "a circuit outside of the retry sees no failure that a retry made good",
        script: &[Fails, Fails, Succeeds],
        ..CASE
    },
    Case {
        name: "each attempt hangs",
        script: &[Hangs],
        limit: Duration::from_secs(5),
        ..CASE
    },
    Case {
        name: "attempts that are in time one by one are late together",
        script: &[FailsAfter(Duration::from_secs(3))],
        limit: Duration::from_secs(5),
        ..CASE
    },
    Case {
        name: "each attempt is late",
        script: &[FailsAfter(Duration::from_secs(3))],
        limit: Duration::from_secs(2),
        ..CASE
    },
    Case {
        name: "a wait is twice as long as the limit",
        script: &[Fails],
        limit: Duration::from_millis(500),
        ..CASE
    },
    Case {
        name: "a circuit inside of the retry opens between attempts and one outside between calls",
        script: &[Fails],
        calls: 3,
        opens: true,
        ..CASE
    },
    Case {
        name: "an open circuit costs no execution, no second attempt and no time",
        is_isolated: true,
        ..CASE
    },
];

#[tokio::test(start_paused = true)]
async fn every_order_of_an_async_function_does_what_it_says() {
    let mut orders = 0;
    for case in CASES {
        macro_rules! visit {
            ($service:ident $(($layer:ident $($attribute:tt)*))+) => {{
                $($($attribute)*)+
                async fn call($service: &Service) -> Outcome {
                    $service.answer().await
                }
                let (order, service) = ([$(Layer::$layer),+], case.service());
                let start = Instant::now();
                let mut outcome = Ok(());
                for _ in 0..case.calls {
                    outcome = call(&service).await;
                }
                let seen = (seen(&outcome, &service), start.elapsed());
                assert_eq!(seen, case.expected(&order, Expiry::Drops, SECOND), "{}: {order:?}", case.name);
                orders += 1;
            }};
        }
        permute!(visit service [] [] [
            (Retry #[retry(max_retries = 2, base_delay = 1s, strategy = constant, jitter = none)])
            (Circuit #[circuit_breaker(breaker = &service.breaker)])
            (Timeout #[timeout(service.limit)])
        ]);
    }
    assert_eq!(orders, 6 * CASES.len());
}

#[tokio::test(start_paused = true)]
async fn every_order_of_a_sync_function_in_place_does_what_it_says() {
    let mut orders = 0;
    // In place nothing ends a body that hangs.
    for case in CASES
        .into_iter()
        .filter(|case| !matches!(case.script, [Hangs]))
    {
        macro_rules! visit {
            ($service:ident $(($layer:ident $($attribute:tt)*))+) => {{
                $($($attribute)*)+
                fn call($service: &Service) -> Outcome {
                    $service.answer_blocking()
                }
                let (order, service) = ([$(Layer::$layer),+], case.service());
                let start = Instant::now();
                let mut outcome = Ok(());
                for _ in 0..case.calls {
                    outcome = call(&service);
                }
                let seen = (seen(&outcome, &service), start.elapsed());
                let expected = case.expected(&order, Expiry::BeginsNoMore, Duration::ZERO);
                assert_eq!(seen, expected, "{}: {order:?}", case.name);
                orders += 1;
            }};
        }
        permute!(visit service [] [] [
            (Retry #[retry(max_retries = 2, base_delay = 0s)])
            (Circuit #[circuit_breaker(breaker = &service.breaker)])
            (Timeout #[timeout(service.limit, mode = cooperative)])
        ]);
    }
    assert_eq!(orders, 6 * (CASES.len() - 1));
}

/// Compares calls on workers with the model. If the body hangs, the limit grows until a worker
/// begins each body within it.
fn on_workers(case: &Case, order: &[Layer], call: &dyn Fn(&Arc<Service>) -> Outcome) {
    let (expected, _) = case.expected(order, Expiry::Leaves, Duration::ZERO);
    with_growing_limits(|limit| {
        let hangs = matches!(case.script, [Hangs]);
        let limit = if hangs { limit } else { case.limit };
        let service = Arc::new(case.service().limit(limit));
        let mut outcome = Ok(());
        for _ in 0..case.calls {
            outcome = call(&service);
        }
        // A body that was given up still holds its service, and its circuit has not heard of it
        // yet.
        let begun = std::time::Instant::now();
        while Arc::strong_count(&service) > 1 {
            assert!(begun.elapsed() < 60 * SECOND, "{}: a body hangs", case.name);
            thread::sleep(Duration::from_millis(1));
        }
        let all_begun = format!(", {} executions,", service.executions());
        if hangs && !expected.contains(&all_begun) {
            return None;
        }
        assert_eq!(
            seen(&outcome, &service),
            expected,
            "{}: {order:?}",
            case.name
        );
        Some(())
    });
}

#[test]
fn every_order_of_a_sync_function_on_a_worker_does_what_it_says() {
    // The time is real, so that no body takes any but one that hangs.
    let is_quick = |case: &Case| {
        !case.script.iter().any(|step| matches!(step, FailsAfter(_))) && case.limit >= SECOND
    };
    let mut calls = Vec::new();
    for case in CASES.into_iter().filter(is_quick) {
        let case = Arc::new(case);
        macro_rules! visit {
            ($service:ident $(($layer:ident $($attribute:tt)*))+) => {{
                $($($attribute)*)+
                fn call($service: Arc<Service>) -> Outcome {
                    $service.answer_blocking()
                }
                let (order, case) = ([$(Layer::$layer),+], Arc::clone(&case));
                // All at once, so that the limits pass together.
                calls.push(thread::spawn(move || {
                    on_workers(&case, &order, &|service| call(Arc::clone(service)));
                }));
            }};
        }
        permute!(visit service [] [] [
            (Retry #[retry(max_retries = 2, base_delay = 0s)])
            (Circuit #[circuit_breaker(breaker = &service.breaker)])
            (Timeout #[timeout(service.limit)])
        ]);
    }
    assert_eq!(calls.len() % 6, 0);
    for call in calls {
        call.join().expect("as the model says");
    }
}
