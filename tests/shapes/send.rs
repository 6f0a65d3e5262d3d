//! A future is `Send` exactly when the bare function's is.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;

use crate::{Error, Flaky, assert_send};

/// Tells whether a future is `Send`: the inherent method wins over the trait's where its bound
/// holds.
struct IsSend<T>(T);

trait NotSend {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> NotSend for IsSend<T> {}

impl<T: Send> IsSend<T> {
    fn is_send(&self) -> bool {
        true
    }
}

/// Taken apart by an argument's pattern.
struct Wrapped {
    inner: Cell<u32>,
    _other: u32,
}

macro_rules! futures {
    ($($policies:tt)*) => {
        struct Connection(Flaky, Cell<u32>);

        impl Connection {
            fn query(&self) -> u32 { self.1.replace(1) }

            $($policies)*
            fn unique(&mut self) -> Result<u32, Error> { let n = self.query(); Ok(call!(self.0)? + n) }

            $($policies)*
            fn field_of_unique(&mut self) -> Result<u32, Error> { let n = self.1.get(); Ok(call!(self.0)? + n) }

            $($policies)*
            fn owned_self(self) -> Result<u32, Error> { let n = self.query(); Ok(call!(self.0)? + n) }

            $($policies)*
            fn boxed_self(self: Box<Self>) -> Result<u32, Error> { let n = self.query(); Ok(call!(self.0)? + n) }

            $($policies)*
            fn shared(&self) -> Result<u32, Error> { call!(self.0) }
        }

        $($policies)*
        fn borrows(flaky: &Flaky, text: &str, list: &mut Vec<u32>) -> Result<u32, Error> {
            list.push(text.len() as u32);
            call!(flaky)
        }

        $($policies)*
        fn generic<T: Into<u32> + Clone + Send>(flaky: &Flaky, payload: T) -> Result<u32, Error> {
            let n = payload.clone().into();
            Ok(call!(flaky)? + n)
        }

        $($policies)*
        fn callback(flaky: &Flaky, map: Box<dyn Fn(u32) -> u32 + Send>) -> Result<u32, Error> { let n = map(1); Ok(call!(flaky)? + n) }

        $($policies)*
        fn of_impl(flaky: &Flaky, map: impl Fn(u32) -> u32 + Send) -> Result<u32, Error> { let n = map(1); Ok(call!(flaky)? + n) }

        $($policies)*
        fn destructured(flaky: &Flaky, (cell, Wrapped { inner, .. }): (Cell<u32>, Wrapped)) -> Result<u32, Error> {
            let n = cell.get() + inner.get();
            Ok(call!(flaky)? + n)
        }

        $($policies)*
        fn formatted(flaky: &Flaky, shown: impl std::fmt::Display + Send) -> Result<String, Error> {
            let text = format!("{shown}");
            call!(flaky)?;
            Ok(text)
        }

        $($policies)*
        fn unique_reference(flaky: &Flaky, connection: &mut Connection) -> Result<u32, Error> { let n = connection.query(); Ok(call!(flaky)? + n) }

        $($policies)*
        fn holds_an_rc(flaky: &Flaky) -> Result<u32, Error> { let held = Rc::new(1); Ok(call!(flaky)? + *held) }

        $($policies)*
        fn holds_an_rc_not_across(flaky: &Flaky) -> Result<u32, Error> { let n = *Rc::new(1); Ok(call!(flaky)? + n) }

        $($policies)*
        fn takes_an_rc(flaky: &Flaky, shared: Rc<u32>) -> Result<u32, Error> { Ok(call!(flaky)? + *shared) }

        $($policies)*
        fn shares_a_cell(flaky: &Flaky, cell: &Cell<u32>) -> Result<u32, Error> { Ok(call!(flaky)? + cell.get()) }

        fn connection() -> Connection { Connection(Flaky::failing(ATTEMPTS - 1), Cell::new(0)) }

        #[test]
        fn a_future_that_was_send_is() {
            let flaky = Flaky::default();
            assert_send(&borrows(&flaky, "", &mut Vec::new()));
            assert_send(&generic(&flaky, 1_u8));
            assert_send(&callback(&flaky, Box::new(|n| n)));
            assert_send(&of_impl(&flaky, |n| n));
            assert_send(&destructured(&flaky, (Cell::new(1), Wrapped { inner: Cell::new(1), _other: 1 })));
            assert_send(&formatted(&flaky, 1));
            assert_send(&holds_an_rc_not_across(&flaky));
            assert_send(&connection().unique());
            assert_send(&connection().field_of_unique());
            assert_send(&connection().owned_self());
            assert_send(&Box::new(connection()).boxed_self());
            assert_send(&unique_reference(&flaky, &mut connection()));
        }

        #[test]
        fn in_general_too() {
            fn of_any<'f, T: Into<u32> + Clone + Send + 'f>(flaky: &'f Flaky, payload: T) -> impl Future + Send + 'f {
                generic(flaky, payload)
            }
            assert_send(&of_any(&Flaky::default(), 1_u8));
        }

        #[test]
        fn a_future_that_was_not_send_is_not() {
            let flaky = Flaky::default();
            assert!(IsSend(borrows(&flaky, "", &mut Vec::new())).is_send(), "the test can tell");
            assert!(!IsSend(holds_an_rc(&flaky)).is_send());
            assert!(!IsSend(takes_an_rc(&flaky, Rc::new(1))).is_send());
            assert!(!IsSend(shares_a_cell(&flaky, &Cell::new(1))).is_send());
            assert!(!IsSend(connection().shared()).is_send());
        }

        #[test]
        fn both_run() {
            let flaky = || Flaky::failing(ATTEMPTS - 1);
            assert_eq!(run!(generic(&flaky(), 1_u8)), Ok(ATTEMPTS + 1));
            assert_eq!(run!(formatted(&flaky(), "x")), Ok("x".to_owned()));
            assert_eq!(run!(holds_an_rc(&flaky())), Ok(ATTEMPTS + 1));
            assert_eq!(run!(takes_an_rc(&flaky(), Rc::new(1))), Ok(ATTEMPTS + 1));
            assert_eq!(run!(shares_a_cell(&flaky(), &Cell::new(1))), Ok(ATTEMPTS + 1));
            assert_eq!(run!(connection().shared()), Ok(ATTEMPTS));
            // The first attempt left this in the cell.
            assert_eq!(run!(connection().owned_self()), Ok(ATTEMPTS + u32::from(ATTEMPTS > 1)));
        }
    };
}

// The rule itself, by rustc's own hand.
group!(bare, asynchronous, 1, futures, async);
each_async!(futures);
