//! Return types: aliases, `impl Trait`, borrows, and tails whose type is known from the signature
//! alone.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt::{Debug, Display};
use std::io;

use crate::{Error, Flaky};

type Alias<T> = Result<T, Error>;
type Full = Result<u32, Error>;
type Borrowed<'a, T> = Result<&'a T, Error>;

macro_rules! answer {
    ($value:ty) => { Result<$value, Error> };
}

macro_rules! return_types {
    ($($policies:tt)*) => {
        struct Store { flaky: Flaky, names: Vec<String>, seen: u32 }

        $($policies)*
        fn alias(flaky: &Flaky) -> Alias<u32> { call!(flaky) }

        $($policies)*
        fn full_alias(flaky: &Flaky) -> Full { call!(flaky) }

        $($policies)*
        fn full_path(flaky: &Flaky) -> std::result::Result<u32, crate::flaky::Error> { call!(flaky) }

        $($policies)*
        fn from_a_macro(flaky: &Flaky) -> answer!(u32) { call!(flaky) }

        $($policies)*
        fn io_result(flaky: &Flaky) -> io::Result<u32> { call!(flaky).map_err(|_| io::ErrorKind::ConnectionRefused.into()) }

        $($policies)*
        fn boxed_error(flaky: &Flaky) -> Result<u32, Box<dyn StdError + Send + Sync>> {
            let n: u32 = "1".parse()?;
            Ok(call!(flaky).map_err(|_| "down")? * n)
        }

        $($policies)*
        fn unit(flaky: &Flaky) -> Result<(), Error> { call!(flaky)?; Ok(()) }

        $($policies)*
        fn nested(flaky: &Flaky) -> Result<Result<u32, Infallible>, Error> { call!(flaky).map(Ok) }

        $($policies)*
        fn optional(flaky: &Flaky) -> Result<Option<[u32; { 1 + 1 }]>, Error> { call!(flaky).map(|n| Some([n; 2])) }

        $($policies)*
        fn never(flaky: &Flaky) -> Result<Infallible, Error> { call!(flaky)?; Err(Error::Number) }

        $($policies)*
        fn function_pointer(flaky: &Flaky) -> Result<fn(u32) -> u32, Error> { call!(flaky)?; Ok(|n| n + 1) }

        $($policies)*
        fn higher_ranked(flaky: &Flaky) -> Result<Box<dyn for<'x> Fn(&'x str) -> &'x str>, Error> {
            call!(flaky)?;
            Ok(Box::new(|text| &text[1..]))
        }

        $($policies)*
        fn function_of_unique_borrows(flaky: &Flaky) -> Result<(for<'x> fn(&'x mut u32) -> &'x mut u32, &'static mut [u32]), Error> {
            call!(flaky)?;
            Ok((|number| number, &mut []))
        }

        $($policies)*
        fn trait_object(flaky: &Flaky) -> Result<Box<dyn Display>, Error> { call!(flaky).map(|n| Box::new(n) as _) }

        $($policies)*
        fn coerced(flaky: &Flaky, long: bool) -> Result<Box<dyn Display>, Error> {
            let n = call!(flaky)?;
            if long { return Ok(Box::new(n.to_string())); }
            Ok(Box::new(n))
        }

        $($policies)*
        fn collected(flaky: &Flaky) -> Result<Vec<u32>, Error> { (0..2).map(|_| flaky.call()).collect() }

        $($policies)*
        fn parsed(flaky: &Flaky) -> Result<u32, Error> { call!(flaky)?; Ok("7".parse()?) }

        $($policies)*
        fn converted(flaky: &Flaky) -> Result<u64, Error> { Ok(call!(flaky)?.into()) }

        $($policies)*
        fn defaulted(flaky: &Flaky) -> Result<HashMap<String, u32>, Error> { call!(flaky)?; Ok(Default::default()) }

        $($policies)*
        fn impl_trait(flaky: &Flaky) -> Result<impl Iterator<Item = u32> + Debug + Clone + use<>, Error> { let n = call!(flaky)?; Ok(n..n + 2) }

        $($policies)*
        fn impl_trait_that_borrows(store: &Store) -> Result<impl Iterator<Item = &str> + '_, Error> {
            call!(store.flaky)?;
            Ok(store.names.iter().map(String::as_str))
        }

        $($policies)*
        fn impl_closure(flaky: &Flaky) -> Result<impl Fn(u32) -> u32 + use<>, Error> { let n = call!(flaky)?; Ok(move |m| m + n) }

        $($policies)*
        fn impl_higher_ranked(flaky: &Flaky) -> Result<(impl for<'x> Fn(&'x str) -> &'x str + use<>, u32), Error> {
            let n = call!(flaky)?;
            fn shorter(text: &str) -> &str { &text[1..] }
            Ok((shorter, n))
        }

        $($policies)*
        fn impl_error(flaky: &Flaky) -> Result<Vec<impl Into<u64> + use<>>, Error> { call!(flaky).map(|n| vec![n]) }

        $($policies)*
        fn borrowed(store: &Store) -> Result<&str, Error> { call!(store.flaky)?; Ok(&store.names[0]) }

        $($policies)*
        fn borrowed_alias<'s>(store: &'s Store, _other: &str) -> Borrowed<'s, String> { call!(store.flaky)?; Ok(&store.names[0]) }

        $($policies)*
        fn cow<'s>(store: &'s Store, owned: bool) -> Result<Cow<'s, str>, Error> {
            call!(store.flaky)?;
            if owned { Ok("owned".to_owned().into()) } else { Ok(store.names[0].as_str().into()) }
        }

        $($policies)*
        fn shortest<'l, 's: 'l>(flaky: &Flaky, long: &'l str, short: &'s str) -> Result<&'l str, Error> {
            call!(flaky)?;
            Ok(if long.len() < short.len() { long } else { short })
        }

        impl Store {
            fn new() -> Self { Self { flaky: Flaky::failing(ATTEMPTS - 1), names: vec!["name".to_owned()], seen: 0 } }

            $($policies)*
            fn from_self(&self) -> Result<&str, Error> { call!(self.flaky)?; Ok(&self.names[0]) }

            $($policies)*
            fn from_self_not_from_other(&self, other: &str) -> Result<&str, Error> { call!(self.flaky)?; let _ = other; Ok(&self.names[0]) }

            $($policies)*
            fn counts_and_lends_nothing(&mut self) -> Result<u32, Error> { self.seen += 1; call!(self.flaky)?; Ok(self.seen) }

            $($policies)*
            fn itself(&self) -> Result<Self, Error> {
                call!(self.flaky)?;
                Ok(Self { flaky: self.flaky.clone(), names: self.names.clone(), ..Self::new() })
            }
        }

        trait Service { type Answer; type Error; }

        impl Service for Flaky { type Answer = u32; type Error = Error; }

        $($policies)*
        fn projected(flaky: &Flaky) -> Result<<Flaky as Service>::Answer, <Flaky as Service>::Error> { call!(flaky) }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn a_result_under_any_name() {
            assert_eq!(run!(alias(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(full_alias(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(full_path(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(from_a_macro(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(io_result(&flaky())).unwrap(), ATTEMPTS);
            assert_eq!(run!(boxed_error(&flaky())).unwrap(), ATTEMPTS);
            assert_eq!(run!(projected(&flaky())), Ok(ATTEMPTS));
        }

        #[test]
        fn values_of_every_kind() {
            assert_eq!(run!(unit(&flaky())), Ok(()));
            assert_eq!(run!(nested(&flaky())), Ok(Ok(ATTEMPTS)));
            assert_eq!(run!(optional(&flaky())), Ok(Some([ATTEMPTS; 2])));
            assert_eq!(run!(never(&Flaky::default())), Err(Error::Number));
            assert_eq!(run!(function_pointer(&flaky())).unwrap()(1), 2);
            assert_eq!(run!(higher_ranked(&flaky())).unwrap()("abc"), "bc");
            assert_eq!(run!(function_of_unique_borrows(&flaky())).unwrap().0(&mut 1), &1);
        }

        #[test]
        fn tails_that_the_signature_types() {
            assert_eq!(run!(trait_object(&flaky())).unwrap().to_string(), ATTEMPTS.to_string());
            assert_eq!(run!(coerced(&flaky(), true)).unwrap().to_string(), ATTEMPTS.to_string());
            assert_eq!(run!(coerced(&flaky(), false)).unwrap().to_string(), ATTEMPTS.to_string());
            assert_eq!(run!(collected(&flaky())), Ok(vec![ATTEMPTS, ATTEMPTS + 1]));
            assert_eq!(run!(parsed(&flaky())), Ok(7));
            assert_eq!(run!(converted(&flaky())), Ok(u64::from(ATTEMPTS)));
            assert_eq!(run!(defaulted(&flaky())), Ok(HashMap::new()));
        }

        #[test]
        fn impl_trait_in_the_result() {
            assert_eq!(run!(impl_trait(&flaky())).unwrap().collect::<Vec<_>>(), [ATTEMPTS, ATTEMPTS + 1]);
            assert_eq!(run!(impl_trait_that_borrows(&Store::new())).unwrap().collect::<Vec<_>>(), ["name"]);
            assert_eq!(run!(impl_closure(&flaky())).unwrap()(1), ATTEMPTS + 1);
            let (shorter, n) = run!(impl_higher_ranked(&flaky())).unwrap();
            assert_eq!((shorter("abc"), n), ("bc", ATTEMPTS));
            assert_eq!(run!(impl_error(&flaky())).unwrap().into_iter().map(Into::into).sum::<u64>(), u64::from(ATTEMPTS));
        }

        #[test]
        fn what_is_borrowed_from_arguments() {
            let mut store = Store::new();
            assert_eq!(run!(borrowed(&store)), Ok("name"));
            assert_eq!(run!(borrowed_alias(&Store::new(), "")), Ok(&"name".to_owned()));
            assert_eq!(run!(cow(&Store::new(), true)), Ok(Cow::Borrowed("owned")));
            assert_eq!(run!(cow(&Store::new(), false)), Ok(Cow::Borrowed("name")));
            assert_eq!(run!(shortest(&flaky(), "long", "s")), Ok("s"));
            assert_eq!(run!(Store::new().from_self()), Ok("name"));
            assert_eq!(run!(Store::new().from_self_not_from_other(&String::from("x"))), Ok("name"));
            assert_eq!(run!(Store::new().itself()).unwrap().names, ["name"]);
            store = Store::new();
            assert_eq!(run!(store.counts_and_lends_nothing()), Ok(ATTEMPTS));
        }
    };
}
each!(return_types);

/// A unique borrow can be passed out of a single call; a second call would find it still borrowed
/// (issue 3).
mod unique {
    use crate::{Error, Flaky};

    macro_rules! lenders {
        ($($policies:tt)*) => {
            struct Pool { flaky: Flaky, slots: Vec<u32> }

            impl Pool {
                $($policies)*
                fn slot(&mut self) -> Result<&mut u32, Error> { call!(self.flaky)?; Ok(&mut self.slots[0]) }

                $($policies)*
                fn slots(&mut self) -> Result<impl Iterator<Item = &mut u32>, Error> { call!(self.flaky)?; Ok(self.slots.iter_mut()) }
            }

            $($policies)*
            fn first<'a>(flaky: &Flaky, slots: &'a mut [u32]) -> Result<&'a mut u32, Error> { call!(flaky)?; Ok(&mut slots[0]) }

            $($policies)*
            fn rest<'a>(flaky: &Flaky, mut slots: &'a mut [u32]) -> Result<&'a mut [u32], Error> {
                call!(flaky)?;
                slots = &mut slots[1..];
                Ok(slots)
            }

            $($policies)*
            fn consumed(flaky: &Flaky, list: Vec<u32>) -> Result<Vec<u32>, Error> { call!(flaky)?; Ok(list) }

            #[test]
            fn reborrows_and_owned_values_are_passed_out() {
                let mut pool = Pool { flaky: Flaky::default(), slots: vec![1, 2] };
                *run!(pool.slot()).unwrap() += 1;
                run!(pool.slots()).unwrap().for_each(|slot| *slot *= 2);
                *run!(first(&Flaky::default(), &mut pool.slots)).unwrap() += 1;
                run!(rest(&Flaky::default(), &mut pool.slots)).unwrap()[0] += 5;
                assert_eq!(run!(consumed(&pool.flaky, pool.slots)), Ok(vec![5, 9]));
            }
        };
    }
    each_once!(lenders);
}
