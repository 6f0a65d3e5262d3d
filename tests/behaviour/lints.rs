//! The user's own lints fire in an annotated function as in a bare one, and only those.
//!
//! `#[expect]` is the assertion: it is itself a warning, and so an error here, if nothing fires.

#![deny(unfulfilled_lint_expectations)]

use std::io;

use resilience::{circuit_breaker, retry, timeout};

macro_rules! under {
    ($name:ident, $($attribute:tt)*) => {
        mod $name {
            use super::*;

            $($attribute)*
            #[expect(unused_variables, reason = "that is the test")]
            fn argument(unused: u32) -> io::Result<()> {
                Ok(())
            }

            $($attribute)*
            fn body() -> io::Result<()> {
                #[expect(unused_variables, reason = "that is the test")]
                let unused = 1;
                #[expect(unused_must_use, reason = "that is the test")]
                {
                    "7".parse::<u32>();
                }
                Ok(())
            }

            $($attribute)*
            #[expect(unreachable_code, reason = "that is the test")]
            fn unreachable() -> io::Result<()> {
                return Ok(());
                println!("never");
            }

            $($attribute)*
            #[expect(unused_mut, reason = "that is the test")]
            fn mutable(mut number: u32) -> io::Result<u32> {
                Ok(number)
            }

            $($attribute)*
            #[expect(dead_code, reason = "that is the test")]
            fn never_called() -> io::Result<()> {
                Ok(())
            }

            #[test]
            fn the_functions_work() {
                argument(1).unwrap();
                body().unwrap();
                unreachable().unwrap();
                assert_eq!(mutable(7).unwrap(), 7);
            }
        }
    };
}

under!(retried, #[retry]);
under!(guarded, #[circuit_breaker]);
under!(timed_in_place, #[timeout(1h, mode = cooperative)]);
under!(timed_on_a_worker, #[timeout(1h)]);
under!(stacked, #[retry] #[circuit_breaker] #[timeout(1h)]);

mod asynchronous {
    use super::*;

    #[retry]
    #[circuit_breaker]
    #[timeout(1h)]
    #[expect(unused_variables, reason = "that is the test")]
    async fn argument(unused: u32) -> io::Result<()> {
        Ok(())
    }

    #[retry]
    #[circuit_breaker]
    #[timeout(1h)]
    #[expect(unreachable_code, reason = "that is the test")]
    async fn unreachable() -> io::Result<()> {
        return Ok(());
        tokio::task::yield_now().await;
    }

    #[retry]
    #[timeout(1h)]
    #[expect(dead_code, reason = "that is the test")]
    async fn never_called() -> io::Result<()> {
        Ok(())
    }

    #[tokio::test]
    async fn the_functions_work() {
        argument(1).await.unwrap();
        unreachable().await.unwrap();
    }
}

/// With an error that has no values rustc calls unreachable whatever is done with one, and does so
/// for us as well.
mod no_error {
    #![deny(unreachable_code)]

    use super::*;

    trait Returned {
        type Type;
    }

    impl<R> Returned for fn() -> R {
        type Type = R;
    }

    /// `!`: stable Rust has no other way to write it here.
    type Never = <fn() -> ! as Returned>::Type;

    #[retry]
    fn sync(n: u8) -> Result<u8, Never> {
        Ok(n)
    }

    #[retry(retry_if = |_| true, on_retry = |_| ())]
    #[circuit_breaker(fallback = |_| Ok(0))]
    async fn asynchronous(n: u8) -> Result<u8, Never> {
        Ok(n)
    }

    #[retry(retry_if = |_| true)]
    async fn filtered(n: u8) -> Result<u8, Never> {
        Ok(n)
    }

    #[tokio::test]
    async fn the_functions_work() {
        assert_eq!(
            (sync(1), asynchronous(2).await, filtered(3).await),
            (Ok(1), Ok(2), Ok(3))
        );
    }
}
