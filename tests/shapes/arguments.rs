//! Arguments: every pattern, names that the expansion might use itself, attributes, what the body
//! does with them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::marker::PhantomData;

use crate::{Error, Flaky};

struct Point {
    x: u32,
    y: u32,
}

struct Wrapper<T>(T);

struct Tagged<T: ?Sized> {
    flaky: Flaky,
    tag: PhantomData<T>,
}

/// This type is neither `Clone` nor `Copy`.
struct Token(u32);

macro_rules! patterns {
    ($($policies:tt)*) => {
        $($policies)*
        fn mutable(flaky: &Flaky, mut seen: u32, mut list: Vec<u32>) -> Result<(u32, Vec<u32>), Error> {
            seen += 1;
            list.push(seen);
            call!(flaky)?;
            Ok((seen, list.clone()))
        }

        $($policies)*
        fn unused(flaky: &Flaky, _: u32, _named: &str) -> Result<u32, Error> { call!(flaky) }

        $($policies)*
        fn destructured(
            flaky: &Flaky,
            (a, b): (u32, u32),
            Point { x, y: ordinate }: Point,
            Wrapper(inner): Wrapper<u32>,
            [first, .., last]: [u32; 3],
            &reference: &u32,
            &(left, ref right): &(u32, u32),
            Wrapper((deep, Wrapper(deeper))): Wrapper<(u32, Wrapper<u32>)>,
        ) -> Result<Vec<u32>, Error> {
            call!(flaky)?;
            Ok(vec![a, b, x, ordinate, inner, first, last, reference, left, *right, deep, deeper])
        }

        $($policies)*
        fn bound(flaky: &Flaky, ref by_ref: u32, ref mut by_mut: u32, whole @ (part, _): (u32, u32)) -> Result<u32, Error> {
            *by_mut += 1;
            call!(flaky)?;
            Ok(*by_ref + *by_mut + whole.1 + part)
        }

        $($policies)*
        fn names(
            flaky: &Flaky,
            (retry, outcome, error, delay, permit): (u32, u32, u32, u32, u32),
            (circuit, open, late, next, refused): (u32, u32, u32, u32, u32),
            (__retry, __outcome, __error, __delay, __permit): (u32, u32, u32, u32, u32),
            (__circuit, __open, __late, __next, __refused): (u32, u32, u32, u32, u32),
            (__rt, __timeout, __body, __circuit_config, __was_refused): (u32, u32, u32, u32, u32),
            (resilience, std, core, r#loop, e): (u32, u32, u32, u32, u32),
        ) -> Result<u32, Error> {
            call!(flaky)?;
            let plain = retry + outcome + error + delay + permit + circuit + open + late + next + refused;
            let marked = __retry + __outcome + __error + __delay + __permit + __circuit + __open + __late + __next + __refused;
            Ok(plain + marked + __rt + __timeout + __body + __circuit_config + __was_refused + resilience + std + core + r#loop + e)
        }

        $($policies)*
        fn with_attributes(
            flaky: &Flaky,
            #[allow(unused_variables)] allowed: u32,
            #[cfg(any())] absent: u32,
            #[cfg(all())] present: u32,
        ) -> Result<u32, Error> {
            call!(flaky)?;
            Ok(present)
        }

        $($policies)*
        fn set_anew(flaky: &Flaky, mut text: &str, mut rest: &[u32]) -> Result<String, Error> {
            let local = format!("<{text}>");
            text = &local;
            let own = [rest.len() as u32];
            if rest.len() == 2 { rest = &own; }
            call!(flaky)?;
            Ok(format!("{text}{rest:?}"))
        }

        $($policies)*
        fn unique<'a>(flaky: &Flaky, seen: &'a mut u32, list: &mut Vec<u32>) -> Result<u32, Error> {
            *seen += 1;
            list.push(*seen);
            call!(flaky)
        }

        $($policies)*
        fn not_clone(flaky: &Flaky, token: Token, borrowed: &Token) -> Result<u32, Error> {
            call!(flaky)?;
            Ok(token.0 + borrowed.0)
        }

        $($policies)*
        fn impls(flaky: &Flaky, shown: impl Display, mut numbers: impl Iterator<Item = u32>, mut add: impl FnMut(u32) -> u32)
            -> Result<String, Error>
        {
            let number = numbers.next().map(|n| add(n));
            call!(flaky)?;
            Ok(format!("{shown}{number:?}"))
        }

        $($policies)*
        fn dynamic(flaky: &Flaky, shown: &dyn Display, map: &dyn Fn(u32) -> u32, boxed: Box<dyn Fn(u32) -> u32 + '_>) -> Result<String, Error> {
            call!(flaky)?;
            Ok(format!("{shown}{}{}", map(1), boxed(2)))
        }

        $($policies)*
        fn pointers(flaky: &Flaky, function: fn(u32) -> u32, higher: for<'x> fn(&'x str) -> &'x str, raw: *const u32) -> Result<u32, Error> {
            call!(flaky)?;
            Ok(function(higher("12").len() as u32) + u32::from(raw.is_null()))
        }

        $($policies)*
        fn anonymous(flaky: &Flaky, wrapper: Wrapper<&'_ str>, map: &BTreeMap<&str, &'_ u32>) -> Result<u32, Error> {
            call!(flaky)?;
            Ok(*map[wrapper.0])
        }

        $($policies)*
        fn unsized_tag(tagged: &Tagged<dyn Display + Send>) -> Result<u32, Error> {
            let _ = tagged.tag;
            call!(tagged.flaky)
        }

        $($policies)*
        fn shadowed(flaky: &Flaky, value: u32) -> Result<u32, Error> {
            let flaky = flaky.clone();
            let value = value + 1;
            { let value = call!(flaky)? + value; Ok(value) }
        }

        #[rustfmt::skip]
        $($policies)*
        fn nothing_but_a_trailing_comma(flaky: &Flaky,) -> Result<u32, Error> { call!(flaky) }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn a_change_of_an_owned_argument_stays_for_the_next_attempt() {
            let all: Vec<u32> = (1..=ATTEMPTS).collect();
            assert_eq!(run!(mutable(&flaky(), 0, Vec::new())), Ok((ATTEMPTS, all)));
        }

        #[test]
        fn patterns_bind() {
            assert_eq!(run!(unused(&flaky(), 1, "")), Ok(ATTEMPTS));
            let listed = run!(destructured(&flaky(), (1, 2), Point { x: 3, y: 4 }, Wrapper(5), [6, 0, 7], &8, &(9, 10), Wrapper((11, Wrapper(12)))));
            assert_eq!(listed, Ok((1..=12).collect()));
            assert_eq!(run!(bound(&flaky(), 1, 0, (2, 3))), Ok(1 + ATTEMPTS + 3 + 2));
        }

        #[test]
        fn names_of_the_expansion_are_free() {
            let five = (1, 1, 1, 1, 1);
            assert_eq!(run!(names(&flaky(), five, five, five, five, five, five)), Ok(30));
        }

        #[test]
        fn attributes_stay_on_arguments() {
            assert_eq!(run!(with_attributes(&flaky(), 1, 2)), Ok(2));
        }

        #[test]
        fn a_reference_may_be_set_to_a_local_and_is_the_callers_again_in_the_next_attempt() {
            assert_eq!(run!(set_anew(&flaky(), "a", &[1])), Ok("<a>[1]".to_owned()));
            assert_eq!(run!(set_anew(&flaky(), "b", &[1, 2])), Ok("<b>[2]".to_owned()));
        }

        #[test]
        fn unique_references_are_lent_to_each_attempt() {
            let (mut seen, mut list) = (0, Vec::new());
            assert_eq!(run!(unique(&flaky(), &mut seen, &mut list)), Ok(ATTEMPTS));
            assert_eq!((seen, list), (ATTEMPTS, (1..=ATTEMPTS).collect()));
        }

        #[test]
        fn nothing_need_be_clone() {
            assert_eq!(run!(not_clone(&flaky(), Token(1), &Token(2))), Ok(3));
        }

        #[test]
        fn types_of_every_kind() {
            let mut sum = 0;
            let add = |n| { sum += n; sum };
            let expected = format!("x{:?}", Some((1..=ATTEMPTS).sum::<u32>()));
            assert_eq!(run!(impls(&flaky(), "x", 1.., add)), Ok(expected));
            assert_eq!(run!(dynamic(&flaky(), &'x', &|n| n + 1, Box::new(|n| n + 2))), Ok("x24".to_owned()));
            assert_eq!(run!(pointers(&flaky(), |n| n * 5, |text| text, &0)), Ok(10));
            assert_eq!(run!(anonymous(&flaky(), Wrapper("a"), &BTreeMap::from([("a", &7)]))), Ok(7));
            assert_eq!(run!(unsized_tag(&Tagged { flaky: flaky(), tag: PhantomData })), Ok(ATTEMPTS));
            assert_eq!(run!(shadowed(&flaky(), 1)), Ok(ATTEMPTS + 2));
            assert_eq!(run!(nothing_but_a_trailing_comma(&flaky())), Ok(ATTEMPTS));
        }
    };
}

each!(patterns);

/// Owned patterns go to the worker thread, each attempt with copies of its own under a retry.
mod threaded {
    use super::*;

    #[derive(Clone)]
    struct Pair {
        x: u32,
        y: String,
    }

    macro_rules! patterns {
        ($($policies:tt)*) => {
            $($policies)*
            fn destructured(flaky: Flaky, (a, mut b): (u32, String), Pair { x, y }: Pair, _: u32, _named: u32) -> Result<String, Error> {
                b = b.to_uppercase();
                flaky.call()?;
                Ok(format!("{a}{b}{x}{y}"))
            }

            $($policies)*
            fn bound(flaky: Flaky, whole @ (part, _): (u32, u32), mut text: &'static str) -> Result<String, Error> {
                let local = text.to_uppercase();
                text = &local;
                flaky.call()?;
                Ok(format!("{text}{whole:?}{part}"))
            }

            $($policies)*
            fn generic<T: ToString + Clone + Send + 'static>(flaky: Flaky, value: T) -> Result<String, Error> {
                flaky.call()?;
                Ok(value.to_string())
            }

            #[test]
            fn owned_patterns_move_to_the_worker() {
                let flaky = || Flaky::failing(ATTEMPTS - 1);
                let pair = Pair { x: 2, y: "y".to_owned() };
                assert_eq!(destructured(flaky(), (1, "b".to_owned()), pair, 0, 0), Ok("1B2y".to_owned()));
                assert_eq!(bound(flaky(), (1, 2), "t"), Ok("T(1, 2)1".to_owned()));
                assert_eq!(generic(flaky(), 7), Ok("7".to_owned()));
            }
        };
    }
    each_threaded!(patterns);

    macro_rules! consumers {
        ($($policies:tt)*) => {
            $($policies)*
            fn consumer(flaky: Flaky, list: Vec<u32>, #[cfg(any())] absent: u32) -> Result<Vec<u32>, Error> {
                let doubled = list.into_iter().map(|n| n * 2).collect();
                flaky.call()?;
                Ok(doubled)
            }

            #[test]
            fn each_worker_may_consume_its_copies() {
                assert_eq!(consumer(Flaky::failing(ATTEMPTS - 1), vec![1, 2]), Ok(vec![2, 4]));
            }
        };
    }
    group!(consumed, sync, 3, consumers,
        #[resilience::retry(max_retries = 2, base_delay = 0s)]
        #[resilience::timeout(1m)]
    );
}
