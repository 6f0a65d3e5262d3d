//! Bodies: their ways to leave, their locals and their items.

use crate::{Error, Flaky};

macro_rules! bodies {
    ($($policies:tt)*) => {
        $($policies)*
        fn early_return(flaky: &Flaky, early: u32) -> Result<u32, Error> {
            if early == 1 { return call!(flaky); }
            for n in 0.. {
                loop {
                    match n {
                        3 => return call!(flaky).map(|call| call + n),
                        _ => break,
                    }
                }
            }
            unreachable!()
        }

        $($policies)*
        fn only_a_return(flaky: &Flaky) -> Result<u32, Error> {
            #[allow(clippy::needless_return)]
            return call!(flaky);
        }

        $($policies)*
        fn question_mark_converts(flaky: &Flaky, text: &str) -> Result<u32, Error> {
            let n: u32 = text.parse()?;
            let nested = || -> Result<u32, Error> { Ok(text.parse::<u32>()?) };
            Ok(call!(flaky)? + n + nested()?)
        }

        $($policies)*
        fn question_mark_at_the_end(flaky: &Flaky) -> Result<u32, Error> {
            call!(flaky)?;
            Err(Error::Number)?
        }

        $($policies)*
        fn labels(flaky: &Flaky) -> Result<u32, Error> {
            let mut rounds = 0;
            '__body: loop {
                'attempt: {
                    rounds += 1;
                    if rounds < 3 { break 'attempt; }
                    break '__body;
                }
                for n in 0..3 {
                    if n == 1 { continue '__body; }
                }
            }
            Ok(call!(flaky)? + 'block: { if rounds == 3 { break 'block 10; } 20 })
        }

        $($policies)*
        fn let_else(flaky: &Flaky, given: Option<u32>) -> Result<u32, Error> {
            let Some(n) = given else { return Err(Error::Number) };
            call!(flaky).map(|call| call + n)
        }

        $($policies)*
        fn loops_for_its_value(flaky: &Flaky) -> Result<u32, Error> {
            loop { break call!(flaky) }
        }

        $($policies)*
        fn matches_at_the_end(flaky: &Flaky) -> Result<u32, Error> {
            match call!(flaky) { Ok(n) if n > 0 => Ok(n), Ok(_) => Err(Error::Number), Err(error) => Err(error) }
        }

        $($policies)*
        fn if_at_the_end(flaky: &Flaky, yes: bool) -> Result<u32, Error> {
            if yes { call!(flaky) } else { Err(Error::Number) }
        }

        $($policies)*
        fn a_macro_at_the_end(flaky: &Flaky) -> Result<u32, Error> { call!(flaky) }

        $($policies)*
        fn a_block_at_the_end(flaky: &Flaky) -> Result<u32, Error> {
            #![allow(unused_braces)]
            { { call!(flaky) } }
        }

        $($policies)*
        fn items(flaky: &Flaky) -> Result<u32, Error> {
            use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
            const STEP: u32 = 2;
            static CALLS: AtomicU32 = AtomicU32::new(0);
            mod inner { pub(super) fn double(n: u32) -> u32 { n * 2 } }
            struct Local(u32);
            impl Local { fn get(&self) -> u32 { self.0 } }
            enum Choice { One, }
            use Choice::One;
            type Number = u32;
            fn nested<T: Into<Number>>(value: T) -> Number { return value.into() }
            macro_rules! twice { ($e:expr) => { $e + $e } }
            let One = Choice::One;
            CALLS.fetch_add(1, Relaxed);
            let n = call!(flaky)?;
            Ok(twice!(Local(STEP).get()) + inner::double(nested(0_u8)) + n * 100 + CALLS.load(Relaxed))
        }

        $($policies)*
        fn items_named_like_ours(flaky: &Flaky) -> Result<u32, Error> {
            const __RT: u32 = 1;
            mod __private { pub(super) fn one() -> u32 { 1 } }
            use __private as resilience;
            struct Ok;
            let _ = Ok;
            Result::Ok(call!(flaky)? + __RT + resilience::one())
        }

        $($policies)*
        fn holds_across(flaky: &Flaky) -> Result<u32, Error> {
            let held = String::from("held");
            let lent = &held;
            let n = call!(flaky)?;
            Ok(n + lent.len() as u32)
        }

        $($policies)*
        fn closures(flaky: &Flaky) -> Result<u32, Error> {
            let mut sum = 0;
            let mut add = |n: u32| { sum += n; if n > 2 { return; } };
            add(1);
            add(3);
            let moved = { let text = String::from("four"); move || text };
            let called: Vec<u32> = (0..2).filter_map(|_| flaky.call().ok()).collect();
            Ok(sum + moved().len() as u32 + called.len() as u32)
        }

        /// Before,
        #[doc = "as an attribute"]
        $($policies)*
        fn comments(flaky: &Flaky) -> Result<u32, Error> {
            //! and inside,
            /*! in both forms. */
            // A comment.
            call!(flaky) /* the end */
        }

        $($policies)*
        fn diverges(flaky: &Flaky) -> Result<u32, Error> {
            if flaky.calls() == 0 { return call!(flaky); }
            panic!("not at once")
        }

        $($policies)*
        fn never_returns(flaky: &Flaky) -> Result<u32, Error> { unimplemented!("{}", flaky.calls()) }

        $($policies)*
        fn spins(flaky: &Flaky) -> Result<u32, Error> {
            loop { if let Ok(n) = flaky.call() { return Ok(n); } }
        }

        $($policies)*
        fn captures_formatted(flaky: &Flaky, value: u32) -> Result<String, Error> {
            let n = call!(flaky)?;
            Ok(format!("{value}{n:>2}{}", line!() > 0))
        }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn a_return_leaves_the_attempt() {
            assert_eq!(run!(early_return(&flaky(), 1)), Ok(ATTEMPTS));
            assert_eq!(run!(early_return(&flaky(), 0)), Ok(ATTEMPTS + 3));
            assert_eq!(run!(only_a_return(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(let_else(&flaky(), Some(1))), Ok(ATTEMPTS + 1));
            assert_eq!(run!(let_else(&flaky(), None)), Err(Error::Number));
        }

        #[test]
        fn a_question_mark_leaves_the_attempt() {
            assert_eq!(run!(question_mark_converts(&flaky(), "1")), Ok(ATTEMPTS + 2));
            assert_eq!(run!(question_mark_converts(&flaky(), "x")), Err(Error::Number));
            let flaky = flaky();
            assert_eq!(run!(question_mark_at_the_end(&flaky)), Err(Error::Number));
            assert_eq!(flaky.calls(), ATTEMPTS);
        }

        #[test]
        fn the_end_is_the_value() {
            assert_eq!(run!(labels(&flaky())), Ok(ATTEMPTS + 10));
            assert_eq!(run!(loops_for_its_value(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(matches_at_the_end(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(if_at_the_end(&flaky(), true)), Ok(ATTEMPTS));
            assert_eq!(run!(a_macro_at_the_end(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(a_block_at_the_end(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(comments(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(spins(&flaky())), Ok(ATTEMPTS));
        }

        #[test]
        fn bodies_hold_items_closures_and_borrows() {
            assert_eq!(run!(items(&flaky())), Ok(4 + ATTEMPTS * 100 + ATTEMPTS));
            assert_eq!(run!(items_named_like_ours(&flaky())), Ok(ATTEMPTS + 2));
            assert_eq!(run!(holds_across(&flaky())), Ok(ATTEMPTS + 4));
            assert_eq!(run!(closures(&Flaky::default())), Ok(4 + 4 + 2));
            assert_eq!(run!(captures_formatted(&flaky(), 7)), Ok(format!("7{ATTEMPTS:>2}true")));
        }

        #[test]
        fn a_panic_is_the_bodys_own() {
            assert_eq!(run!(diverges(&Flaky::default())), Ok(1));
            let panicked = std::panic::catch_unwind(|| run!(never_returns(&Flaky::default()))).unwrap_err();
            assert_eq!(panicked.downcast_ref::<String>().unwrap(), "not implemented: 0");
        }
    };
}
each!(bodies);
each_hedged!(bodies);

mod recursive {
    use super::*;

    macro_rules! recursions {
        ($($policies:tt)*) => {
            $($policies)*
            fn countdown(flaky: &Flaky, n: u32) -> Result<u32, Error> {
                if n == 0 { return flaky.call(); }
                countdown(flaky, n - 1).map(|call| call + 1)
            }

            #[test]
            fn a_function_may_call_itself() {
                assert_eq!(countdown(&Flaky::failing(ATTEMPTS - 1), 3), Ok(ATTEMPTS + 3));
            }
        };
    }
    each_sync!(recursions);

    macro_rules! async_recursions {
        ($($policies:tt)*) => {
            $($policies)*
            fn countdown(flaky: &Flaky, n: u32) -> Result<u32, Error> {
                if n == 0 { return call!(flaky); }
                Box::pin(countdown(flaky, n - 1)).await.map(|call| call + 1)
            }

            #[test]
            fn a_boxed_future_may_be_of_the_function_itself() {
                assert_eq!(run!(countdown(&Flaky::failing(ATTEMPTS - 1), 3)), Ok(ATTEMPTS + 3));
            }

            #[test]
            fn it_is_send_all_the_same() {
                crate::assert_send(&countdown(&Flaky::default(), 1));
            }
        };
    }
    each_async!(async_recursions);
    each_hedged!(async_recursions);
}

/// Only an async body can hold these.
mod awaiting {
    use std::rc::Rc;

    use super::*;

    macro_rules! bodies {
        ($($policies:tt)*) => {
            $($policies)*
            fn inner_blocks(flaky: &Flaky) -> Result<u32, Error> {
                let block = async { call!(flaky) };
                let moved = { let flaky = flaky.clone(); async move { flaky.calls() } };
                let closure = async |extra: u32| Ok::<u32, Error>(extra);
                Ok(block.await? + moved.await - flaky.calls() + closure(1).await?)
            }

            $($policies)*
            fn local_guard(flaky: &Flaky) -> Result<u32, Error> {
                let shared = Rc::new(1);
                Ok(call!(flaky)? * *shared)
            }

            $($policies)*
            fn lock_held(flaky: &Flaky, lock: &tokio::sync::Mutex<u32>) -> Result<u32, Error> {
                let mut held = lock.lock().await;
                *held += 1;
                call!(flaky)
            }

            $($policies)*
            fn raced(flaky: &Flaky) -> Result<u32, Error> {
                tokio::select! {
                    biased;
                    answer = flaky.call_async() => answer,
                    () = std::future::pending() => unreachable!(),
                }
            }

            $($policies)*
            fn joined(flaky: &Flaky) -> Result<u32, Error> {
                let (left, right) = tokio::join!(flaky.call_async(), async { Ok::<u32, Error>(0) });
                Ok(left? + right?)
            }

            $($policies)*
            fn spawned(flaky: &Flaky) -> Result<u32, Error> {
                let flaky = flaky.clone();
                tokio::spawn(async move { flaky.call_async().await }).await.unwrap()
            }

            $($policies)*
            fn never_awaits(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

            fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

            #[test]
            fn futures_of_every_kind_may_be_awaited() {
                assert_eq!(run!(inner_blocks(&flaky())), Ok(ATTEMPTS + 1));
                assert_eq!(run!(raced(&flaky())), Ok(ATTEMPTS));
                assert_eq!(run!(joined(&flaky())), Ok(ATTEMPTS));
                assert_eq!(run!(spawned(&flaky())), Ok(ATTEMPTS));
                assert_eq!(run!(never_awaits(&flaky())), Ok(ATTEMPTS));
            }

            #[test]
            fn what_an_attempt_holds_it_gives_back() {
                let lock = tokio::sync::Mutex::new(0);
                assert_eq!(run!(local_guard(&flaky())), Ok(ATTEMPTS));
                assert_eq!(run!(lock_held(&flaky(), &lock)), Ok(ATTEMPTS));
                assert_eq!(lock.into_inner(), ATTEMPTS);
            }
        };
    }
    each_async!(bodies);
    each_hedged!(bodies);
}
