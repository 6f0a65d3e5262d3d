//! Random programs of timeouts, deadlines, waits and joined futures, beside a model that knows the
//! deadline of each future from its place in the program.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::future::join_all;
use proptest::prelude::*;
use resilience::{TimeoutConfig, deadline, inherit, remaining, with_deadline};
use tokio::time::{Instant, sleep};

#[derive(Clone, Debug)]
enum Step {
    Ask,
    Yield,
    /// Waits for so many milliseconds.
    Sleep(u64),
    /// A timeout with a limit in milliseconds.
    Timeout(u64, Vec<Step>),
    /// A deadline from outside, so many milliseconds after the start of the program.
    Deadline(u64, Vec<Step>),
    /// Futures that are polled in turn by one task.
    Join(Vec<Vec<Step>>),
    /// A task of its own, that inherits the deadline or not.
    Spawn {
        inherits: bool,
        steps: Vec<Step>,
    },
    /// A sync body in place.
    InPlace(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![
        Just(Step::Ask),
        Just(Step::Yield),
        (0_u64..30).prop_map(Step::Sleep),
        (1_u64..40).prop_map(Step::InPlace),
    ];
    let step = leaf.prop_recursive(5, 48, 4, |inner| {
        let steps = || prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (0_u64..60, steps()).prop_map(|(limit, steps)| Step::Timeout(limit, steps)),
            (0_u64..60, steps()).prop_map(|(at, steps)| Step::Deadline(at, steps)),
            prop::collection::vec(steps(), 1..4).prop_map(Step::Join),
            (any::<bool>(), steps()).prop_map(|(inherits, steps)| Step::Spawn { inherits, steps }),
        ]
    });
    prop::collection::vec(step, 1..6)
}

/// The deadline of a place in the program.
#[derive(Clone, Copy, Debug)]
struct Expected {
    start: Instant,
    deadline: Option<Instant>,
    /// No timeout around the place drops the future at the deadline.
    is_unenforced: bool,
}

impl Expected {
    /// The place inside of another deadline.
    fn inside(self, at: Instant, is_unenforced: bool) -> Self {
        match self.deadline {
            Some(earlier) if earlier < at => self,
            _ => Self {
                deadline: Some(at),
                is_unenforced,
                ..self
            },
        }
    }

    fn check(self) {
        assert_eq!(deadline(), self.deadline);
        let left = self
            .deadline
            .map(|at| at.saturating_duration_since(Instant::now()));
        assert_eq!(remaining(), left);
    }
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn run(steps: Vec<Step>, expected: Expected) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        expected.check();
        for step in steps {
            run_step(step, expected).await;
            expected.check();
        }
    })
}

async fn run_step(step: Step, expected: Expected) {
    match step {
        Step::Ask => {}
        Step::Yield => tokio::task::yield_now().await,
        Step::Sleep(time) => sleep(millis(time)).await,
        Step::Timeout(limit, steps) => time_out(millis(limit), steps, expected).await,
        Step::Deadline(at, steps) => {
            let at = expected.start + millis(at);
            with_deadline(at, run(steps, expected.inside(at, true))).await;
        }
        Step::Join(branches) => {
            join_all(branches.into_iter().map(|steps| run(steps, expected))).await;
        }
        Step::Spawn { inherits, steps } => {
            let none = Expected {
                deadline: None,
                ..expected
            };
            let task = if inherits {
                let inside = expected.deadline.map_or(none, |at| none.inside(at, true));
                tokio::spawn(inherit(run(steps, inside)))
            } else {
                tokio::spawn(run(steps, none))
            };
            task.await.expect("the task sees its own deadline");
        }
        Step::InPlace(limit) => {
            let inside = expected.inside(Instant::now() + millis(limit), true);
            let _ = TimeoutConfig::new(millis(limit)).run_cooperative(|| inside.check());
        }
    }
}

/// Runs the steps in a timeout, and checks the way in which it ends.
async fn time_out(limit: Duration, steps: Vec<Step>, expected: Expected) {
    // A value of a configuration takes no limit of zero.
    let limit = limit.max(millis(1));
    let begin = Instant::now();
    let own = begin + limit;
    let outer = expected.deadline.filter(|_| expected.is_unenforced);
    let inherited = outer.filter(|outer| *outer < own || *outer <= begin);
    let at = inherited.unwrap_or(own);
    let body = run(steps, expected.inside(at, false));
    match TimeoutConfig::new(limit).run_async(body).await {
        Ok(()) => assert!(at > begin, "no time was left"),
        Err(error) => {
            assert_eq!(error.is_inherited(), inherited.is_some());
            assert_eq!(error.was_started(), at > begin);
            assert_eq!(error.limit(), at.saturating_duration_since(begin));
            assert_eq!(Instant::now(), at.max(begin));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn every_future_sees_the_deadline_of_its_place_in_every_poll(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let start = Instant::now();
            let expected = Expected { start, deadline: None, is_unenforced: false };
            run(steps, expected).await;
        });
        prop_assert_eq!(deadline(), None);
    }
}
