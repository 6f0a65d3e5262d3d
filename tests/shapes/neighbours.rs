//! Other people's attributes above and below ours.
//!
//! An attribute above ours takes a function whose body is our expansion, or rather will be: it is
//! expanded first, and ours then finds what it wrote, which is what is attempted. One below stays
//! on the function and is expanded after ours, so it stands around all attempts. `logging/spans.rs`
//! counts the spans of both.

use resilience::{retry, timeout};
use rstest::{fixture, rstest};

use crate::policies::asynchronous::block_on;
use crate::{Error, Flaky};

/// Attributes that rustc itself understands.
mod built_in {
    use super::*;

    macro_rules! marked {
        ($($policies:tt)*) => {
            #[inline]
            #[must_use = "the answer is why one asks"]
            #[allow(clippy::unnecessary_wraps)]
            $($policies)*
            fn above(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            $($policies)*
            #[inline(always)]
            #[cold]
            #[must_use = "the answer is why one asks"]
            #[doc(alias = "inquire")]
            /// Documented below.
            #[expect(unused_variables)]
            fn below(flaky: &Flaky) -> Result<u32, Error> {
                let unused = 1;
                flaky.call()
            }

            #[deprecated(note = "ask somebody else")]
            $($policies)*
            fn deprecated_above(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            $($policies)*
            #[deprecated(note = "ask somebody else")]
            fn deprecated_below(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            #[cfg(all())]
            $($policies)*
            #[cfg(all())]
            #[cfg_attr(all(), inline)]
            fn configured(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            #[test]
            fn attributes_of_rustc_stay() {
                let flaky = || Flaky::failing(ATTEMPTS - 1);
                assert_eq!(above(&flaky()), Ok(ATTEMPTS));
                assert_eq!(below(&flaky()), Ok(ATTEMPTS));
                assert_eq!(configured(&flaky()), Ok(ATTEMPTS));
                #[expect(deprecated, reason = "the mark is still on them")]
                let deprecated = [deprecated_above(&flaky()), deprecated_below(&flaky())];
                assert_eq!(deprecated, [Ok(ATTEMPTS), Ok(ATTEMPTS)]);
            }

            #[test]
            fn must_use_is_still_heard() {
                #[expect(unused_must_use, reason = "it says that the mark is still there")]
                {
                    above(&Flaky::default());
                    below(&Flaky::default());
                }
            }
        };
    }
    each_sync!(marked);
}

mod tracing_instrument {
    use super::*;

    macro_rules! instrumented {
        ($($policies:tt)*) => {
            #[tracing::instrument(skip_all, fields(extra), err(Debug))]
            $($policies)*
            fn above(flaky: &Flaky, extra: u32) -> Result<u32, Error> { Ok(flaky.call()? + extra) }

            $($policies)*
            #[tracing::instrument(skip_all, fields(extra), err(Debug), ret)]
            fn below(flaky: &Flaky, extra: u32) -> Result<u32, Error> { Ok(flaky.call()? + extra) }

            #[test]
            fn values_come_through_a_span() {
                assert_eq!(above(&Flaky::failing(ATTEMPTS - 1), 1), Ok(ATTEMPTS + 1));
                assert_eq!(below(&Flaky::failing(ATTEMPTS - 1), 1), Ok(ATTEMPTS + 1));
            }
        };
    }
    each_sync!(instrumented);

    macro_rules! instrumented_async {
        ($($policies:tt)*) => {
            #[tracing::instrument(skip_all, fields(extra), err(Debug))]
            $($policies)*
            async fn above(flaky: &Flaky, extra: u32) -> Result<u32, Error> { Ok(flaky.call_async().await? + extra) }

            $($policies)*
            #[tracing::instrument(skip(flaky), err(Debug), ret)]
            async fn below(flaky: &Flaky, extra: u32) -> Result<u32, Error> { Ok(flaky.call_async().await? + extra) }

            #[async_trait::async_trait]
            trait Ask {
                async fn by_reference(&self, extra: &str) -> Result<u32, Error>;
                async fn by_value(&self, extra: String) -> Result<u32, Error>;
            }

            #[async_trait::async_trait]
            impl Ask for Flaky {
                // The first attempt would move an owned argument into the span's future: there, it
                // goes below.
                #[tracing::instrument(skip(self))]
                $($policies)*
                async fn by_reference(&self, extra: &str) -> Result<u32, Error> {
                    Ok(self.call_async().await? + extra.len() as u32)
                }

                $($policies)*
                #[tracing::instrument(skip(self))]
                async fn by_value(&self, extra: String) -> Result<u32, Error> {
                    Ok(self.call_async().await? + extra.len() as u32)
                }
            }

            #[test]
            fn values_come_through_a_span() {
                let flaky = || Flaky::failing(ATTEMPTS - 1);
                assert_eq!(run!(above(&flaky(), 1)), Ok(ATTEMPTS + 1));
                assert_eq!(run!(below(&flaky(), 1)), Ok(ATTEMPTS + 1));
                crate::assert_send(&above(&flaky(), 1));
                crate::assert_send(&below(&flaky(), 1));
            }

            #[test]
            fn in_an_async_trait_too() {
                let flaky = || Flaky::failing(ATTEMPTS - 1);
                assert_eq!(run!(flaky().by_reference("a")), Ok(ATTEMPTS + 1));
                assert_eq!(run!(flaky().by_value("a".to_owned())), Ok(ATTEMPTS + 1));
            }
        };
    }
    each_async!(instrumented_async,);
    each_hedged!(instrumented_async,);
}

/// A test or a `main` that is itself retried: the harness stands outside, whichever is written
/// first.
mod harnesses {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;

    fn third(calls: &AtomicU32) -> Result<(), Error> {
        if calls.fetch_add(1, Relaxed) < 2 {
            Err(Error::Down)
        } else {
            Ok(())
        }
    }

    #[test]
    #[retry(max_retries = 2, base_delay = 0s)]
    fn a_test_above_is_retried() -> Result<(), Error> {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        third(&CALLS)
    }

    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(1m)]
    #[test]
    fn a_test_below_is_retried() -> Result<(), Error> {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        third(&CALLS)
    }

    #[tokio::test(start_paused = true)]
    #[retry(max_retries = 2, base_delay = 1s)]
    #[timeout(1m)]
    async fn a_tokio_test_above_is_retried() -> Result<(), Error> {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        third(&CALLS)
    }

    #[retry(max_retries = 2, base_delay = 1s)]
    #[timeout(1m)]
    #[tokio::test(start_paused = true)]
    async fn a_tokio_test_below_is_retried() -> Result<(), Error> {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        third(&CALLS)
    }

    #[retry(max_retries = 2, base_delay = 1ms)]
    #[tokio::main(flavor = "current_thread")]
    async fn main_below(calls: &AtomicU32) -> Result<(), Error> {
        tokio::task::yield_now().await;
        third(calls)
    }

    #[tokio::main(flavor = "current_thread")]
    #[retry(max_retries = 2, base_delay = 1ms)]
    async fn main_above(calls: &AtomicU32) -> Result<(), Error> {
        tokio::task::yield_now().await;
        third(calls)
    }

    #[test]
    fn a_main_is_retried_inside_its_runtime() {
        let calls = [AtomicU32::new(0), AtomicU32::new(0)];
        assert_eq!(
            [main_below(&calls[0]), main_above(&calls[1])],
            [Ok(()), Ok(())]
        );
        assert_eq!(calls.map(AtomicU32::into_inner), [3, 3]);
    }

    #[fixture]
    fn two() -> u32 {
        2
    }

    #[rstest]
    #[case(1, 3)]
    #[case(2, 4)]
    #[retry(max_retries = 2, base_delay = 0s)]
    fn rstest_above(#[case] one: u32, #[case] sum: u32, two: u32) -> Result<(), Error> {
        if one + two == sum {
            Ok(())
        } else {
            Err(Error::Number)
        }
    }

    /// rstest takes the plain `#[timeout]` below it, because ours would refuse a function that
    /// returns nothing.
    #[rstest]
    #[timeout(std::time::Duration::from_secs(60))]
    fn rstest_takes_a_plain_timeout_for_its_own() {
        assert_eq!(two::default(), 2);
    }

    /// By its full path: rstest takes a plain `#[timeout]` below it for its own.
    #[rstest]
    #[tokio::test(start_paused = true)]
    #[case(2)]
    #[retry(max_retries = 2, base_delay = 1s)]
    #[resilience::timeout(1m)]
    async fn rstest_and_tokio_above(
        #[case] failures: u32,
        #[values(0, 1)] extra: u32,
    ) -> Result<(), Error> {
        static CALLS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
        tokio::task::yield_now().await;
        if CALLS[extra as usize].fetch_add(1, Relaxed) < failures {
            Err(Error::Down)
        } else {
            Ok(())
        }
    }

    #[retry(max_retries = 2, base_delay = 0s)]
    #[rstest]
    #[case(1, 3)]
    fn rstest_below(#[case] one: u32, #[case] sum: u32, two: u32) -> Result<(), Error> {
        if one + two == sum {
            Ok(())
        } else {
            Err(Error::Number)
        }
    }
}

/// Ours under a full path, apart from each other, and with others in between.
mod ours {
    use super::*;

    #[resilience::retry(max_retries = 2, base_delay = 0s)]
    #[inline]
    #[::resilience::circuit_breaker(failure_threshold = 3, recovery_timeout = 1h)]
    #[must_use]
    #[resilience::timeout(1m)]
    async fn full_paths(flaky: &Flaky) -> Result<u32, Error> {
        flaky.call_async().await
    }

    mod reexported {
        pub(super) use resilience::{retry, timeout};
    }

    #[reexported::retry(max_retries = 1, base_delay = 0s)]
    #[reexported::timeout(1s)]
    async fn other_paths() -> Result<u32, Error> {
        std::future::pending().await
    }

    #[test]
    fn a_full_path_is_placed_right() {
        let flaky = Flaky::failing(3);
        assert_eq!(block_on(full_paths(&flaky)), Err(Error::Down));
        assert_eq!(
            block_on(full_paths(&flaky)),
            Err(Error::CircuitOpen),
            "every attempt passed the breaker"
        );
        assert_eq!(flaky.calls(), 3);
    }

    #[test]
    fn each_attempt_has_its_own_timeout() {
        let (outcome, elapsed) = block_on(async {
            let start = tokio::time::Instant::now();
            (other_paths().await, start.elapsed())
        });
        assert_eq!((outcome, elapsed.as_secs()), (Err(Error::TimedOut), 2));
    }

    use resilience::retry as again;

    /// Renamed, but on top: it takes the stack below it.
    #[again(max_retries = 2, base_delay = 0s)]
    #[timeout(1m, mode = cooperative)]
    fn renamed_on_top(flaky: &Flaky) -> Result<u32, Error> {
        flaky.call()
    }

    #[test]
    fn a_renamed_attribute_on_top_works() {
        assert_eq!(renamed_on_top(&Flaky::failing(2)), Ok(3));
    }
}
