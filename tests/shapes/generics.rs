//! Type, lifetime and const parameters, their bounds, and configurations that name them.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;

use crate::{Error, Flaky};

trait Source {
    type Item<'a>
    where
        Self: 'a;
    const LIMIT: u32;

    fn read(&self) -> Result<Self::Item<'_>, Error>;
}

struct Shelf {
    flaky: Flaky,
    label: String,
}

impl Source for Shelf {
    type Item<'a> = &'a str;
    const LIMIT: u32 = 4;

    fn read(&self) -> Result<&str, Error> {
        self.flaky.call().map(|_| self.label.as_str())
    }
}

macro_rules! generics {
    ($($policies:tt)*) => {
        $($policies)*
        fn of_type<T: Clone + Debug>(flaky: &Flaky, value: T) -> Result<T, Error> { call!(flaky)?; Ok(value.clone()) }

        $($policies)*
        fn with_where<T, U>(flaky: &Flaky, value: &T) -> Result<U, Error> where for<'x> &'x T: Into<U>, U: Default {
            call!(flaky)?;
            Ok(value.into())
        }

        $($policies)*
        fn of_const<const N: usize, const WIDE: bool>(flaky: &Flaky, list: [u32; N]) -> Result<usize, Error> {
            call!(flaky)?;
            Ok(if WIDE { list.len() * 2 } else { N })
        }

        $($policies)*
        fn of_lifetimes<'a, 'b: 'a, T: ?Sized + 'b>(flaky: &'a Flaky, value: &'b T) -> Result<&'a T, Error> where 'b: 'a {
            call!(flaky)?;
            Ok(value)
        }

        $($policies)*
        fn of_unsized<T: ?Sized + Debug>(flaky: &Flaky, value: &T) -> Result<String, Error> { call!(flaky)?; Ok(format!("{value:?}")) }

        $($policies)*
        fn of_higher_rank<F>(flaky: &Flaky, read: F) -> Result<u32, Error> where F: for<'x> Fn(&'x str) -> &'x str {
            Ok(call!(flaky)? + read("1").len() as u32)
        }

        $($policies)*
        fn of_closures<F: FnMut(u32) -> u32>(flaky: &Flaky, mut add: F, other: impl Fn() -> u32) -> Result<u32, Error> {
            let sum = add(1);
            call!(flaky)?;
            Ok(sum + other())
        }

        $($policies)*
        fn of_family<S: Source>(source: &S) -> Result<S::Item<'_>, Error> { source.read() }

        $($policies)*
        fn inner_items_are_not_generic<T: Default + PartialEq>(flaky: &Flaky, value: T) -> Result<bool, Error> {
            call!(flaky)?;
            let default: T = T::default();
            Ok(default == value)
        }

        struct Client<T, const N: usize = 2> { flaky: Flaky, values: [T; N] }

        impl<T: Copy + Debug, const N: usize> Client<T, N> {
            $($policies)*
            fn first(&self) -> Result<T, Error> where T: PartialEq { call!(self.flaky)?; Ok(self.values[0]) }

            $($policies)*
            fn map<U>(&self, map: impl Fn(T) -> U) -> Result<[U; N], Error> { call!(self.flaky)?; Ok(self.values.map(&map)) }

            $($policies)*
            fn kind(flaky: &Flaky) -> Result<PhantomData<T>, Error> { call!(flaky)?; Ok(PhantomData) }
        }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn parameters_of_every_kind() {
            assert_eq!(run!(of_type(&flaky(), "x")), Ok("x"));
            assert_eq!(run!(of_const::<3, true>(&flaky(), [0; 3])), Ok(6));
            assert_eq!(run!(of_lifetimes(&flaky(), "text")), Ok("text"));
            assert_eq!(run!(of_unsized(&flaky(), "text")), Ok("\"text\"".to_owned()));
            assert_eq!(run!(of_unsized::<[u8]>(&flaky(), &[1])), Ok("[1]".to_owned()));
            assert_eq!(run!(of_higher_rank(&flaky(), |text| text)), Ok(ATTEMPTS + 1));
            assert_eq!(run!(inner_items_are_not_generic(&flaky(), 0)), Ok(true));
            let shelf = Shelf { flaky: flaky(), label: "label".to_owned() };
            assert_eq!(run!(of_family(&shelf)), Ok("label"));
            let mut sum = 0;
            assert_eq!(run!(of_closures(&flaky(), |n| { sum += n; sum }, || 10)), Ok(ATTEMPTS + 10));
        }

        #[test]
        fn where_clauses_are_kept() {
            struct Name;
            impl From<&Name> for String { fn from(_: &Name) -> Self { "name".to_owned() } }
            assert_eq!(run!(with_where::<Name, String>(&flaky(), &Name)), Ok("name".to_owned()));
        }

        #[test]
        fn methods_of_generic_types() {
            let client = || Client { flaky: flaky(), values: [1, 2] };
            assert_eq!(run!(client().first()), Ok(1));
            assert_eq!(run!(client().map(|n| n * 2)), Ok([2, 4]));
            assert!(run!(Client::<u8, 1>::kind(&flaky())).is_ok());
        }
    };
}
each!(generics);

/// Numbers that only an instance of the generic knows.
mod in_configurations {
    use super::*;
    use crate::policies::asynchronous::block_on;
    use resilience::{circuit_breaker, retry, timeout};

    #[retry(max_retries = N, base_delay = 0s)]
    fn const_parameter<const N: u32>(flaky: &Flaky) -> Result<u32, Error> {
        flaky.call()
    }

    #[retry(max_retries = S::LIMIT, base_delay = 0s)]
    #[circuit_breaker(name = "generics::projected", failure_threshold = S::LIMIT)]
    #[timeout(Duration::from_secs(S::LIMIT as u64))]
    async fn projected<S: Source>(source: &S, flaky: &Flaky) -> Result<u32, Error> {
        source.read()?;
        flaky.call_async().await
    }

    #[retry(max_retries = limit, base_delay = pause)]
    async fn from_arguments(flaky: &Flaky, limit: u32, pause: Duration) -> Result<u32, Error> {
        flaky.call_async().await
    }

    trait Limited {
        const RETRIES: u32;
        const NAME: &'static str;
        fn flaky(&self) -> &Flaky;

        #[retry(max_retries = Self::RETRIES, base_delay = 0s)]
        #[circuit_breaker(name = Self::NAME, failure_threshold = 3)]
        fn call(&self) -> Result<u32, Error> {
            self.flaky().call()
        }
    }

    struct Patient(Flaky);
    struct Hasty(Flaky);

    impl Limited for Patient {
        const RETRIES: u32 = 2;
        const NAME: &'static str = "generics::patient";
        fn flaky(&self) -> &Flaky {
            &self.0
        }
    }

    impl Limited for Hasty {
        const RETRIES: u32 = 0;
        const NAME: &'static str = "generics::hasty";
        fn flaky(&self) -> &Flaky {
            &self.0
        }
    }

    struct Wrapper<const R: u32>;

    impl<const R: u32> Wrapper<R> {
        const LIMIT: u32 = R + 1;

        #[retry(max_retries = R, base_delay = 0s)]
        fn own(&self, flaky: &Flaky) -> Result<u32, Error> {
            flaky.call()
        }

        #[retry(max_retries = Self::LIMIT, base_delay = 0s)]
        fn associated(flaky: &Flaky) -> Result<u32, Error> {
            flaky.call()
        }
    }

    #[test]
    fn const_parameters() {
        assert_eq!(const_parameter::<4>(&Flaky::failing(4)), Ok(5));
        assert_eq!(const_parameter::<3>(&Flaky::failing(4)), Err(Error::Down));
        assert_eq!(Wrapper::<2>.own(&Flaky::failing(2)), Ok(3));
        assert_eq!(Wrapper::<2>::associated(&Flaky::failing(3)), Ok(4));
    }

    #[test]
    fn associated_constants() {
        let source = Shelf {
            flaky: Flaky::default(),
            label: String::new(),
        };
        assert_eq!(block_on(projected(&source, &Flaky::failing(3))), Ok(4));
        assert_eq!(Patient(Flaky::failing(2)).call(), Ok(3));
        assert_eq!(Hasty(Flaky::failing(2)).call(), Err(Error::Down));
        let names = ["generics::patient", "generics::hasty"]
            .map(|name| resilience::registry::stats(name).unwrap().failures);
        assert_eq!(names, [2, 1]);
    }

    #[test]
    fn arguments() {
        let flaky = Flaky::failing(5);
        assert_eq!(
            block_on(from_arguments(&flaky, 5, Duration::from_secs(1))),
            Ok(6)
        );
    }
}
