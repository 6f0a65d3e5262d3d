//! The shapes whose arguments several attempts can share, under a hedge: arguments, generics,
//! receivers, return types, and every form of a function of a future. The groups of the other
//! files have functions among them that change an argument, which a hedge refuses.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::future::{Future, ready};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{Error, Flaky, assert_send};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;
type Alias<'a, T> = Result<&'a T, Error>;

struct Point {
    x: u32,
    y: u32,
}

struct Wrapper<T>(T);

/// This type is neither `Clone` nor `Copy`.
struct Token(u32);

trait Source {
    type Item<'a>
    where
        Self: 'a;

    fn read(&self) -> Result<Self::Item<'_>, Error>;
}

struct Shelf {
    flaky: Flaky,
    label: String,
}

impl Source for Shelf {
    type Item<'a> = &'a str;

    fn read(&self) -> Result<&str, Error> {
        self.flaky.call().map(|_| self.label.as_str())
    }
}

macro_rules! functions {
    ($($policies:tt)*) => {
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
            ref by_ref: u32,
            whole @ (part, _): (u32, u32),
        ) -> Result<Vec<u32>, Error> {
            call!(flaky)?;
            Ok(vec![a, b, x, ordinate, inner, first, last, reference, left, *right, *by_ref, part, whole.1])
        }

        $($policies)*
        fn names(
            flaky: &Flaky,
            (hedged, outcome, error, ended, load): (u32, u32, u32, u32, u32),
            (__hedged, __outcome, __error, __ended, __origin): (u32, u32, u32, u32, u32),
            (__rt, __hedge, __hedge_budget, __latency, __operation): (u32, u32, u32, u32, u32),
            (resilience, std, core, r#loop, e): (u32, u32, u32, u32, u32),
        ) -> Result<u32, Error> {
            call!(flaky)?;
            let plain = hedged + outcome + error + ended + load;
            let marked = __hedged + __outcome + __error + __ended + __origin;
            let items = __rt + __hedge + __hedge_budget + __latency + __operation;
            Ok(plain + marked + items + resilience + std + core + r#loop + e)
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
        fn not_clone(flaky: &Flaky, token: Token, borrowed: &Token) -> Result<u32, Error> {
            call!(flaky)?;
            Ok(token.0 + borrowed.0)
        }

        $($policies)*
        fn functions(flaky: &Flaky, shown: impl Display, map: &dyn Fn(u32) -> u32, boxed: Box<dyn Fn(u32) -> u32 + '_>, raw: fn(u32) -> u32)
            -> Result<String, Error>
        {
            call!(flaky)?;
            Ok(format!("{shown}{}{}{}", map(1), boxed(2), raw(3)))
        }

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
        fn of_family<S: Source>(source: &S) -> Result<S::Item<'_>, Error> { source.read() }

        $($policies)*
        fn coerced(flaky: &Flaky, long: bool) -> Result<Box<dyn Display>, Error> {
            let n = call!(flaky)?;
            if long { return Ok(Box::new(n.to_string())); }
            Ok(Box::new(n))
        }

        $($policies)*
        fn parsed(flaky: &Flaky) -> Result<u32, Error> { call!(flaky)?; Ok("7".parse()?) }

        $($policies)*
        fn converted(flaky: &Flaky) -> Result<u64, Error> { Ok(call!(flaky)?.into()) }

        $($policies)*
        fn boxed_error(flaky: &Flaky) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
            let n: u32 = "1".parse()?;
            Ok(call!(flaky).map_err(|_| "down")? * n)
        }

        $($policies)*
        fn impl_trait(flaky: &Flaky) -> Result<impl Iterator<Item = u32> + Debug + Clone + use<>, Error> { let n = call!(flaky)?; Ok(n..n + 2) }

        $($policies)*
        fn impl_that_borrows(shelf: &Shelf) -> Result<impl Iterator<Item = char> + '_, Error> {
            call!(shelf.flaky)?;
            Ok(shelf.label.chars())
        }

        $($policies)*
        fn cow<'s>(shelf: &'s Shelf, owned: bool) -> Result<Cow<'s, str>, Error> {
            call!(shelf.flaky)?;
            if owned { Ok("owned".to_owned().into()) } else { Ok(shelf.label.as_str().into()) }
        }

        $($policies)*
        fn alias<'s>(shelf: &'s Shelf, _other: &str) -> Alias<'s, String> { call!(shelf.flaky)?; Ok(&shelf.label) }

        $($policies)*
        fn holds_an_rc(flaky: &Flaky) -> Result<u32, Error> { let held = Rc::new(1); Ok(call!(flaky)? + *held) }

        struct Client<T = u32, const N: usize = 2> { flaky: Flaky, values: [T; N] }

        impl<T: Copy + Debug + Default, const N: usize> Client<T, N> {
            fn new() -> Self { Self { flaky: flaky(), values: [T::default(); N] } }

            $($policies)*
            fn value(self) -> Result<u32, Error> { call!(self.flaky) }

            $($policies)*
            fn shared(&self) -> Result<T, Error> where T: PartialEq { call!(self.flaky)?; Ok(self.values[0]) }

            $($policies)*
            fn named<'a>(&'a self, _other: &str) -> Result<&'a T, Error> { call!(self.flaky)?; Ok(&self.values[0]) }

            $($policies)*
            fn map<U>(&self, map: impl Fn(T) -> U) -> Result<[U; N], Error> { call!(self.flaky)?; Ok(self.values.map(&map)) }

            $($policies)*
            fn kind(flaky: &Flaky) -> Result<PhantomData<T>, Error> { call!(flaky)?; Ok(PhantomData) }

            $($policies)*
            fn typed(self: &Self) -> Result<u32, Error> { call!(self.flaky) }

            $($policies)*
            fn arc(self: Arc<Self>) -> Result<u32, Error> { call!(self.flaky) }

            $($policies)*
            fn arc_shared(self: &Arc<Self>) -> Result<u32, Error> { call!(Arc::clone(self).flaky) }

            $($policies)*
            fn rc(self: Rc<Self>) -> Result<u32, Error> { call!(self.flaky) }

            $($policies)*
            fn boxed(self: Box<Self>) -> Result<u32, Error> { call!(self.flaky) }

            $($policies)*
            fn nested(self: Rc<Box<Self>>) -> Result<u32, Error> { call!(self.flaky) }

            $($policies)*
            fn pinned(self: Pin<&Self>) -> Result<u32, Error> { call!(self.flaky) }
        }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        fn shelf() -> Shelf { Shelf { flaky: flaky(), label: "ab".to_owned() } }

        #[test]
        fn patterns_bind() {
            assert_eq!(run!(unused(&flaky(), 1, "")), Ok(ATTEMPTS));
            let listed = run!(destructured(&flaky(), (1, 2), Point { x: 3, y: 4 }, Wrapper(5), [6, 0, 7], &8, &(9, 10), 11, (12, 13)));
            assert_eq!(listed, Ok((1..=13).collect()));
            let five = (1, 1, 1, 1, 1);
            assert_eq!(run!(names(&flaky(), five, five, five, five)), Ok(20));
            assert_eq!(run!(with_attributes(&flaky(), 1, 2)), Ok(2));
        }

        #[test]
        fn arguments_of_every_kind() {
            assert_eq!(run!(not_clone(&flaky(), Token(1), &Token(2))), Ok(3));
            assert_eq!(run!(functions(&flaky(), "x", &|n| n + 1, Box::new(|n| n + 2), |n| n)), Ok("x243".to_owned()));
        }

        #[test]
        fn parameters_of_every_kind() {
            struct Name;
            impl From<&Name> for String { fn from(_: &Name) -> Self { "name".to_owned() } }
            assert_eq!(run!(of_type(&flaky(), "x")), Ok("x"));
            assert_eq!(run!(with_where::<Name, String>(&flaky(), &Name)), Ok("name".to_owned()));
            assert_eq!(run!(of_const::<3, true>(&flaky(), [0; 3])), Ok(6));
            assert_eq!(run!(of_lifetimes(&flaky(), "text")), Ok("text"));
            assert_eq!(run!(of_family(&shelf())), Ok("ab"));
        }

        #[test]
        fn results_of_every_kind() {
            assert_eq!(run!(coerced(&flaky(), true)).unwrap().to_string(), ATTEMPTS.to_string());
            assert_eq!(run!(parsed(&flaky())), Ok(7));
            assert_eq!(run!(converted(&flaky())), Ok(u64::from(ATTEMPTS)));
            assert_eq!(run!(boxed_error(&flaky())).unwrap(), ATTEMPTS);
            assert_eq!(run!(impl_trait(&flaky())).unwrap().count(), 2);
            assert_eq!(run!(impl_that_borrows(&shelf())).unwrap().count(), 2);
            assert_eq!(run!(cow(&shelf(), true)), Ok(Cow::Borrowed("owned")));
            assert_eq!(run!(cow(&shelf(), false)), Ok(Cow::Borrowed("ab")));
            assert_eq!(run!(alias(&shelf(), &String::from("x"))), Ok(&"ab".to_owned()));
            assert_eq!(run!(holds_an_rc(&flaky())), Ok(ATTEMPTS + 1));
        }

        #[test]
        fn receivers_of_every_kind() {
            let client = Client::<u32>::new;
            assert_eq!(run!(client().value()), Ok(ATTEMPTS));
            assert_eq!(run!(client().shared()), Ok(0));
            assert_eq!(run!(client().named(&String::from("x"))), Ok(&0));
            assert_eq!(run!(client().map(|n| n + 1)), Ok([1, 1]));
            assert!(run!(Client::<u8, 1>::kind(&flaky())).is_ok());
            assert_eq!(run!(client().typed()), Ok(ATTEMPTS));
            assert_eq!(run!(Arc::new(client()).arc()), Ok(ATTEMPTS));
            assert_eq!(run!(Arc::new(client()).arc_shared()), Ok(ATTEMPTS));
            assert_eq!(run!(Rc::new(client()).rc()), Ok(ATTEMPTS));
            assert_eq!(run!(Box::new(client()).boxed()), Ok(ATTEMPTS));
            assert_eq!(run!(Rc::new(Box::new(client())).nested()), Ok(ATTEMPTS));
            assert_eq!(run!(Pin::new(&client()).pinned()), Ok(ATTEMPTS));
        }

        #[test]
        fn a_future_that_was_send_is() {
            assert_send(&not_clone(&flaky(), Token(1), &Token(2)));
            assert_send(&of_type(&flaky(), 1_u8));
            assert_send(&Client::<u32>::new().shared());
        }
    };
}

mod functions {
    use super::*;
    each_hedged!(functions);
}

macro_rules! forms {
    ($($policies:tt)*) => {
        $($policies)*
        fn block(flaky: &Flaky) -> impl Future<Output = Result<u32, Error>> { async { flaky.call_async().await } }

        $($policies)*
        fn statements(flaky: &Flaky, extra: u32) -> impl Future<Output = Result<u32, Error>> {
            let doubled = extra * 2;
            let flaky = flaky.clone();
            async move { Ok(flaky.call_async().await? + doubled) }
        }

        $($policies)*
        fn forwarded(flaky: &Flaky) -> impl Future<Output = Result<u32, Error>> { flaky.call_async() }

        $($policies)*
        fn at_once(flaky: &Flaky) -> impl Future<Output = Result<u32, Error>> { ready(flaky.call()) }

        $($policies)*
        fn captures<'a>(flaky: &'a Flaky, _text: &str) -> impl Future<Output = Result<u32, Error>> + use<'a> { flaky.call_async() }

        $($policies)*
        fn of_impl(flaky: &Flaky) -> impl Future<Output = Result<impl Iterator<Item = u32>, Error>> {
            async { let n = flaky.call_async().await?; Ok(0..n) }
        }

        $($policies)*
        fn early(flaky: &Flaky, text: &str) -> impl Future<Output = Result<u32, Error>> {
            async move {
                if text.is_empty() { return flaky.call_async().await; }
                let n: u32 = text.parse()?;
                Ok(flaky.call_async().await? + n)
            }
        }

        $($policies)*
        fn pinned(flaky: &Flaky) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send + '_>> {
            Box::pin(async move { flaky.call_async().await })
        }

        $($policies)*
        fn pinned_statements<'a>(flaky: &'a Flaky, extra: u32) -> BoxFuture<'a, Result<u32, Error>> {
            let doubled = extra * 2;
            Box::pin(async move { Ok(flaky.call_async().await? + doubled) })
        }

        $($policies)*
        fn pinned_local(flaky: &Flaky) -> LocalBoxFuture<'_, Result<u32, Error>> {
            let shared = Rc::new(1);
            Box::pin(async move { Ok(flaky.call_async().await? * *shared) })
        }

        trait Sending: Sync {
            fn required(&self) -> impl Future<Output = Result<u32, Error>> + Send;
            fn flaky(&self) -> &Flaky;

            $($policies)*
            fn provided(&self) -> impl Future<Output = Result<u32, Error>> + Send {
                async move { self.flaky().call_async().await }
            }

            $($policies)*
            fn provided_generic<T: Send + Sync + Into<u32> + Copy>(&self, extra: T) -> impl Future<Output = Result<u32, Error>> + Send {
                async move { Ok(self.flaky().call_async().await? + extra.into()) }
            }
        }

        struct Client(Flaky);

        impl Sending for Client {
            $($policies)*
            fn required(&self) -> impl Future<Output = Result<u32, Error>> + Send { async move { self.0.call_async().await } }
            fn flaky(&self) -> &Flaky { &self.0 }
        }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn every_form_has_attempts() {
            assert_eq!(run!(block(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(statements(&flaky(), 1)), Ok(ATTEMPTS + 2));
            assert_eq!(run!(forwarded(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(at_once(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(of_impl(&flaky())).unwrap().count(), ATTEMPTS as usize);
            assert_eq!(run!(early(&flaky(), "")), Ok(ATTEMPTS));
            assert_eq!(run!(early(&flaky(), "1")), Ok(ATTEMPTS + 1));
            assert_eq!(run!(early(&flaky(), "x")), Err(Error::Number));
            assert_eq!(run!(pinned(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(pinned_statements(&flaky(), 1)), Ok(ATTEMPTS + 2));
            assert_eq!(run!(pinned_local(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(Client(flaky()).required()), Ok(ATTEMPTS));
            assert_eq!(run!(Client(flaky()).provided()), Ok(ATTEMPTS));
            assert_eq!(run!(Client(flaky()).provided_generic(1_u8)), Ok(ATTEMPTS + 1));
            let flaky = flaky();
            let future = captures(&flaky, &String::from("gone before the first poll"));
            assert_eq!(run!(future), Ok(ATTEMPTS));
        }

        #[test]
        fn nothing_runs_before_the_first_poll() {
            let flaky = flaky();
            drop((block(&flaky), forwarded(&flaky), pinned(&flaky), pinned_statements(&flaky, 1)));
            assert_eq!(flaky.calls(), 0);
        }

        #[test]
        fn what_is_said_to_be_send_is_send() {
            let flaky = flaky();
            assert_send(&block(&flaky));
            assert_send(&forwarded(&flaky));
            assert_send(&pinned(&flaky));
            assert_send(&Client(flaky).required());
        }
    };
}

mod forms {
    use super::*;
    each_hedged!(forms,);
}

macro_rules! async_traits {
    ($($policies:tt)*) => {
        trait Plain {
            async fn required(&self) -> Result<u32, Error>;
            fn flaky(&self) -> &Flaky;

            $($policies)*
            async fn provided(&self, extra: &str) -> Result<u32, Error> {
                Ok(self.flaky().call_async().await? + extra.len() as u32)
            }
        }

        #[async_trait]
        trait Service: Sync {
            async fn asked(&self, prompt: String, list: &[u32]) -> Result<u32, Error>;
            fn flaky(&self) -> &Flaky;

            $($policies)*
            async fn provided(&self) -> Result<u32, Error> { self.flaky().call_async().await }

            $($policies)*
            async fn named(flaky: &Flaky) -> Result<u32, Error> where Self: Sized { flaky.call_async().await }
        }

        #[async_trait(?Send)]
        trait Local {
            async fn of_a_pair(&self, pair: (u32, Vec<u32>), _: u32) -> Result<u32, Error>;
            async fn by_arc(self: Arc<Self>) -> Result<u32, Error>;
        }

        struct Client(Flaky);

        impl Plain for Client {
            $($policies)*
            async fn required(&self) -> Result<u32, Error> { self.0.call_async().await }
            fn flaky(&self) -> &Flaky { &self.0 }
        }

        #[async_trait]
        impl Service for Client {
            $($policies)*
            async fn asked(&self, prompt: String, list: &[u32]) -> Result<u32, Error> {
                if prompt.is_empty() { return self.0.call_async().await; }
                let n: u32 = prompt.parse()?;
                Ok(self.0.call_async().await? + n + list.len() as u32)
            }

            fn flaky(&self) -> &Flaky { &self.0 }
        }

        #[async_trait(?Send)]
        impl<T: Service> Local for T {
            $($policies)*
            async fn of_a_pair(&self, (left, right): (u32, Vec<u32>), _: u32) -> Result<u32, Error> {
                let shared = Rc::new(left);
                Ok(self.flaky().call_async().await? + *shared + right.len() as u32)
            }

            $($policies)*
            async fn by_arc(self: Arc<Self>) -> Result<u32, Error> { self.flaky().call_async().await }
        }

        fn client() -> Client { Client(Flaky::failing(ATTEMPTS - 1)) }

        #[test]
        fn methods_of_traits() {
            assert_eq!(run!(Plain::required(&client())), Ok(ATTEMPTS));
            assert_eq!(run!(Plain::provided(&client(), "a")), Ok(ATTEMPTS + 1));
            assert_eq!(run!(client().asked(String::new(), &[])), Ok(ATTEMPTS));
            assert_eq!(run!(client().asked("1".to_owned(), &[1, 2])), Ok(ATTEMPTS + 3));
            assert_eq!(run!(client().asked("x".to_owned(), &[])), Err(Error::Number));
            assert_eq!(run!(Service::provided(&client())), Ok(ATTEMPTS));
            assert_eq!(run!(<Client as Service>::named(&client().0)), Ok(ATTEMPTS));
            assert_eq!(run!(client().of_a_pair((1, vec![2]), 3)), Ok(ATTEMPTS + 2));
            assert_eq!(run!(Arc::new(client()).by_arc()), Ok(ATTEMPTS));
        }

        #[test]
        fn methods_of_a_trait_object() {
            let object: Box<dyn Service> = Box::new(client());
            assert_send(&object.provided());
            assert_eq!(run!(object.asked(String::new(), &[])), Ok(ATTEMPTS));
        }
    };
}

mod in_traits {
    use super::*;
    each_hedged!(async_traits,);
}
