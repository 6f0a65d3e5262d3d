//! The positions of a function: in modules, bodies, closures and consts, in impls and traits, made
//! by macros, chosen by `cfg`.

use std::fmt::Debug;

use crate::{Error, Flaky};

macro_rules! positions {
    ($($policies:tt)*) => {
        trait Service {
            fn flaky(&self) -> &Flaky;

            $($policies)*
            fn provided(&self) -> Result<u32, Error> { self.flaky().call() }

            $($policies)*
            fn provided_by_name(flaky: &Flaky) -> Result<u32, Error> where Self: Sized { flaky.call() }

            $($policies)*
            fn provided_generic<T: Debug>(&self, value: T) -> Result<String, Error> where Self: Sized {
                self.flaky().call()?;
                Ok(format!("{value:?}"))
            }

            fn required(&self) -> Result<u32, Error>;
        }

        impl Service for Flaky {
            fn flaky(&self) -> &Flaky { self }

            $($policies)*
            fn required(&self) -> Result<u32, Error> { self.call() }
        }

        impl Service for Vec<Flaky> {
            fn flaky(&self) -> &Flaky { &self[0] }

            $($policies)*
            fn required(&self) -> Result<u32, Error> { self[0].call() }

            $($policies)*
            fn provided(&self) -> Result<u32, Error> { self[0].call().map(|call| call + 1) }
        }

        trait Convert<T> { fn convert(&self) -> Result<T, Error>; }

        impl<T: From<u32>> Convert<T> for Flaky {
            $($policies)*
            fn convert(&self) -> Result<T, Error> { self.call().map(T::from) }
        }

        impl dyn Service + '_ {
            $($policies)*
            fn on_the_object(&self) -> Result<u32, Error> { self.flaky().call() }
        }

        fn in_a_body(flaky: &Flaky) -> Result<u32, Error> {
            $($policies)*
            fn nested(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }
            nested(flaky)
        }

        fn in_a_closure(flaky: &Flaky) -> Result<u32, Error> {
            let closure = || {
                $($policies)*
                fn nested(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }
                nested(flaky)
            };
            closure()
        }

        $($policies)*
        fn in_an_annotated_body(flaky: &Flaky) -> Result<u32, Error> {
            $($policies)*
            fn nested(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }
            nested(flaky)
        }

        const FUNCTION: fn(&Flaky) -> Result<u32, Error> = {
            $($policies)*
            fn in_a_const(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }
            in_a_const
        };

        mod name {
            use super::*;

            $($policies)*
            pub(super) fn name(name: &Flaky) -> Result<u32, Error> { name.call() }
        }

        $($policies)*
        fn retry(flaky: &Flaky) -> Result<u32, Error> { flaky.call() }

        $($policies)*
        fn resilience(flaky: &Flaky) -> Result<u32, Error> { retry(flaky) }

        #[cfg(any())]
        $($policies)*
        fn compiled_out(flaky: &Flaky) -> Result<u32, Error> { does_not(exist) }

        $($policies)*
        #[cfg(any())]
        fn compiled_out(flaky: &Flaky) -> Result<u32, Error> { does_not(exist) }

        #[allow(non_snake_case)]
        $($policies)*
        fn Flaky(flaky: &crate::Flaky) -> Result<u32, Error> { flaky.call() }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn methods_of_traits() {
            assert_eq!(flaky().provided(), Ok(ATTEMPTS));
            assert_eq!(<Flaky as Service>::provided_by_name(&flaky()), Ok(ATTEMPTS));
            assert_eq!(flaky().provided_generic(1), Ok("1".to_owned()));
            assert_eq!(flaky().required(), Ok(ATTEMPTS));
            assert_eq!(vec![flaky()].required(), Ok(ATTEMPTS));
            assert_eq!(vec![flaky()].provided(), Ok(ATTEMPTS + 1));
            assert_eq!(Convert::<u64>::convert(&flaky()), Ok(u64::from(ATTEMPTS)));
        }

        #[test]
        fn methods_of_trait_objects() {
            let object: Box<dyn Service> = Box::new(flaky());
            assert_eq!(object.provided(), Ok(ATTEMPTS));
            let object: &dyn Service = &flaky();
            assert_eq!(object.required(), Ok(ATTEMPTS));
            let object: &dyn Service = &flaky();
            assert_eq!(object.on_the_object(), Ok(ATTEMPTS));
        }

        #[test]
        fn functions_in_other_bodies() {
            assert_eq!(in_a_body(&flaky()), Ok(ATTEMPTS));
            assert_eq!(in_a_closure(&flaky()), Ok(ATTEMPTS));
            assert_eq!(FUNCTION(&flaky()), Ok(ATTEMPTS));
            let nested = Flaky::failing(ATTEMPTS * ATTEMPTS - 1);
            assert_eq!(in_an_annotated_body(&nested), Ok(ATTEMPTS * ATTEMPTS));
        }

        #[test]
        fn functions_named_like_something_else() {
            assert_eq!(name::name(&flaky()), Ok(ATTEMPTS));
            assert_eq!(retry(&flaky()), Ok(ATTEMPTS));
            assert_eq!(resilience(&flaky()), Ok(ATTEMPTS));
            assert_eq!(Flaky(&flaky()), Ok(ATTEMPTS));
        }

        #[test]
        fn functions_as_values() {
            let calls: [fn(&Flaky) -> Result<u32, Error>; 2] = [retry, FUNCTION];
            assert_eq!(calls.map(|call| call(&flaky())), [Ok(ATTEMPTS), Ok(ATTEMPTS)]);
            assert_eq!([flaky()].iter().map(Service::provided).collect::<Vec<_>>(), [Ok(ATTEMPTS)]);
        }
    };
}
each_sync!(positions);

/// One name, two functions, chosen by the target.
#[cfg_attr(all(), resilience::retry(max_retries = 2, base_delay = 0s))]
#[cfg_attr(any(), resilience::does_not_exist)]
#[cfg_attr(all(), resilience::timeout(1m, mode = cooperative), allow(dead_code))]
fn chosen(flaky: &Flaky) -> Result<u32, Error> {
    flaky.call()
}

#[cfg_attr(any(), resilience::retry)]
fn not_chosen(flaky: &Flaky) -> Result<u32, Error> {
    flaky.call()
}

#[test]
fn cfg_attr_decides_before_the_stack_is_read() {
    assert_eq!(chosen(&Flaky::failing(2)), Ok(3));
    assert_eq!(not_chosen(&Flaky::failing(2)), Err(Error::Down));
}
