//! The names that a method's body may use for its own type.

use crate::{Error, Flaky};

macro_rules! forward {
    ($method:expr) => {
        $method
    };
}

macro_rules! bodies {
    ($($policies:tt)*) => {
        pub(super) fn free(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

        struct Tuple(Flaky);

        impl Tuple {
            const STEP: u32 = 10;

            fn step() -> u32 { Self::STEP }

            $($policies)*
            fn path_to_the_module(&self) -> Result<u32, Error> { self::free(&self.0) }

            $($policies)*
            fn constructor(&self) -> Result<Self, Error> { call!(self.0)?; Ok(Self(self.0.clone())) }

            $($policies)*
            fn pattern(&self) -> Result<u32, Error> { let Self(flaky) = self; call!(flaky) }

            $($policies)*
            fn constants(&self) -> Result<u32, Error> { call!(self.0).map(|n| n + Self::STEP + Self::step()) }

            $($policies)*
            fn self_in_macros(&self) -> Result<u32, Error> {
                macro_rules! ask { ($this:ident) => { $this.0.call() }; }
                let shown = format!("{} {:?}", Self::STEP, self.0);
                assert!(!shown.is_empty() && matches!(self, Self(_)));
                forward!(ask!(self))
            }

            $($policies)*
            fn without_receiver(flaky: &Flaky) -> Result<Self, Error> { call!(flaky).map(|_| Self(flaky.clone())) }

            $($policies)*
            fn nested_items(&self) -> Result<u32, Error> {
                struct Local<'a>(&'a Tuple);
                trait Call { fn call(&self) -> Result<u32, Error>; }
                impl Call for Local<'_> { fn call(&self) -> Result<u32, Error> { self.0.0.call() } }
                Local(self).call()
            }
        }

        #[derive(Debug, PartialEq)]
        enum Answer { Once, Often { times: u32 } }

        impl Answer {
            $($policies)*
            fn variants(&self, flaky: &Flaky) -> Result<Self, Error> {
                match (self, call!(flaky)?) {
                    (Self::Once, times) => Ok(Self::Often { times }),
                    (Self::Often { .. }, _) => Ok(Self::Once),
                }
            }
        }

        #[test]
        fn self_means_the_type() {
            let tuple = || Tuple(Flaky::failing(ATTEMPTS - 1));
            assert_eq!(run!(tuple().path_to_the_module()), Ok(ATTEMPTS));
            assert_eq!(run!(tuple().constructor()).unwrap().0.calls(), ATTEMPTS);
            assert_eq!(run!(tuple().pattern()), Ok(ATTEMPTS));
            assert_eq!(run!(tuple().constants()), Ok(ATTEMPTS + 20));
            assert_eq!(run!(tuple().self_in_macros()), Ok(ATTEMPTS));
            assert_eq!(run!(Tuple::without_receiver(&tuple().0)).unwrap().0.calls(), ATTEMPTS);
            assert_eq!(run!(tuple().nested_items()), Ok(ATTEMPTS));
            assert_eq!(run!(Answer::Once.variants(&tuple().0)), Ok(Answer::Often { times: ATTEMPTS }));
            assert_eq!(run!(Answer::Often { times: 0 }.variants(&tuple().0)), Ok(Answer::Once));
        }
    };
}
each!(bodies);
each_hedged!(bodies);
