//! A retry whose first attempt succeeds. The call takes two nanoseconds, and its place in the
//! program decides on half a nanosecond, so each contender is compiled for four places.

use std::hint::black_box;

use backon::{BlockingRetryable, ExponentialBuilder, Retryable};
use resilience::retry;
use tokio_retry2::Retry;
use tower_resilience_retry::RetryLayer;

use crate::{
    Goal, Scenario,
    contender::Place,
    retry_peers::{three_retries, tower, transient},
    subject::{Error, Failed, answer},
};

/// Compiles the functions and the contenders for one place.
macro_rules! place {
    ($module:ident, $number:literal) => {
        mod $module {
            use crate::first_attempt::*;

            #[retry]
            fn sync(n: u64) -> Result<u64, Error> {
                answer(n)
            }

            #[retry]
            async fn ready(n: u64) -> Result<u64, Error> {
                answer(n)
            }

            pub(super) fn first() -> Scenario {
                Scenario::new(
                    "retry, first attempt succeeds, sync",
                    [
                        Place::<$number>::sync("ours", || sync(black_box(1))),
                        Place::<$number>::sync("plain", || answer::<Error>(black_box(1))),
                        Place::<$number>::sync("backon", || {
                            (|| answer::<Failed>(black_box(1)))
                                .retry(ExponentialBuilder::default())
                                .call()
                        }),
                    ],
                    [Goal::Over("plain", 1.5)],
                )
            }

            pub(super) fn first_async() -> Scenario {
                let retries = RetryLayer::builder().max_attempts(4).build();
                Scenario::new(
                    "retry, first attempt succeeds, async",
                    [
                        Place::<$number>::awaited("ours", || ready(black_box(1))),
                        Place::<$number>::awaited("plain", || async {
                            answer::<Error>(black_box(1))
                        }),
                        Place::<$number>::awaited("backon", || {
                            (async || answer::<Failed>(black_box(1)))
                                .retry(ExponentialBuilder::default())
                        }),
                        Place::<$number>::awaited("tokio-retry2", || {
                            Retry::spawn(three_retries(), async || transient(black_box(1)))
                        }),
                        tower::<$number>(&retries, || 1),
                    ],
                    [
                        Goal::Over("plain", 1.5),
                        Goal::ShareOver("plain", "backon", 0.06),
                    ],
                )
            }
        }
    };
}

place!(first_place, 0);
place!(second_place, 1);
place!(third_place, 2);
place!(fourth_place, 3);

/// The sync scenario and the async one.
pub(crate) fn scenarios() -> [Scenario; 2] {
    let first = [
        first_place::first(),
        second_place::first(),
        third_place::first(),
        fourth_place::first(),
    ];
    let first_async = [
        first_place::first_async(),
        second_place::first_async(),
        third_place::first_async(),
        fourth_place::first_async(),
    ];
    [first, first_async].map(Scenario::in_places)
}
