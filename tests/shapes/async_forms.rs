//! Every way to write a function of a future: `async fn`, `-> impl Future`, a boxed one,
//! `#[async_trait]`, in traits with and without `Send`. The future is retried and timed, not its
//! construction.

use std::future::{Future, ready};
use std::pin::Pin;

use async_trait::async_trait;

use crate::{Error, Flaky, assert_send};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type LocalBoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

macro_rules! returned_futures {
    ($($policies:tt)*) => {
        $($policies)*
        fn block(flaky: &Flaky) -> impl Future<Output = Result<u32, Error>> { async { flaky.call_async().await } }

        $($policies)*
        fn moving(flaky: Flaky, extra: String) -> impl Future<Output = Result<u32, Error>> + Send + 'static {
            async move { Ok(flaky.call_async().await? + extra.len() as u32) }
        }

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
        fn named<'a>(flaky: &'a Flaky, text: &'a str) -> impl Future<Output = Result<&'a str, Error>> + 'a {
            async move { flaky.call_async().await?; Ok(text) }
        }

        $($policies)*
        fn moved_in_front(flaky: Flaky, list: Vec<u32>, text: &str) -> impl Future<Output = Result<u32, Error>> {
            async move {
                let list = list;
                let mut text = text;
                let local = text.to_uppercase();
                if text.is_empty() { text = &local; }
                Ok(flaky.call_async().await? + list.len() as u32 + text.len() as u32)
            }
        }

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
        fn pinned_inner(flaky: &Flaky) -> std::pin::Pin<std::boxed::Box<dyn std::future::Future<Output = Result<u32, Error>> + '_>> {
            async fn inner(flaky: &Flaky) -> Result<u32, Error> { flaky.call_async().await }
            Box::pin(inner(flaky))
        }

        $($policies)*
        fn pinned_local(flaky: &Flaky) -> LocalBoxFuture<'_, Result<u32, Error>> {
            let shared = std::rc::Rc::new(1);
            Box::pin(async move { Ok(flaky.call_async().await? * *shared) })
        }

        struct Client { flaky: Flaky, seen: u32 }

        impl Client {
            fn new() -> Self { Self { flaky: Flaky::failing(ATTEMPTS - 1), seen: 0 } }

            $($policies)*
            fn shared(&self) -> impl Future<Output = Result<u32, Error>> + Send { async move { self.flaky.call_async().await } }

            $($policies)*
            fn unique(&mut self) -> impl Future<Output = Result<u32, Error>> + Send {
                async move { self.seen += 1; Ok(self.flaky.call_async().await? * self.seen) }
            }

            $($policies)*
            fn named_unique<'a>(&'a mut self, step: u32) -> BoxFuture<'a, Result<u32, Error>> {
                Box::pin(async move { self.seen += step; Ok(self.flaky.call_async().await? * self.seen) })
            }

            $($policies)*
            fn named_reborrow<'a>(&'a mut self, step: u32) -> BoxFuture<'a, Result<u32, Error>> {
                let (this, step) = (&mut *self, step * 2);
                Box::pin(async move { this.seen += step; Ok(this.flaky.call_async().await? * this.seen) })
            }

            $($policies)*
            fn unique_elided(&mut self) -> impl Future<Output = Result<u32, Error>> {
                self.seen += 1;
                let flaky = &self.flaky;
                async move { flaky.call_async().await }
            }
        }

        fn flaky() -> Flaky { Flaky::failing(ATTEMPTS - 1) }

        #[test]
        fn an_impl_future_is_retried() {
            assert_eq!(run!(block(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(moving(flaky(), "ab".to_owned())), Ok(ATTEMPTS + 2));
            assert_eq!(run!(statements(&flaky(), 1)), Ok(ATTEMPTS + 2));
            assert_eq!(run!(forwarded(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(at_once(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(moved_in_front(flaky(), vec![1], "a")), Ok(ATTEMPTS + 2));
            assert_eq!(run!(named(&flaky(), "text")), Ok("text"));
            assert_eq!(run!(of_impl(&flaky())).unwrap().count(), ATTEMPTS as usize);
            assert_eq!(run!(early(&flaky(), "")), Ok(ATTEMPTS));
            assert_eq!(run!(early(&flaky(), "1")), Ok(ATTEMPTS + 1));
            assert_eq!(run!(early(&flaky(), "x")), Err(Error::Number));
            let flaky = flaky();
            let future = captures(&flaky, &String::from("gone before the first poll"));
            assert_eq!(run!(future), Ok(ATTEMPTS));
        }

        #[test]
        fn a_boxed_future_is_retried() {
            assert_eq!(run!(pinned(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(pinned_statements(&flaky(), 1)), Ok(ATTEMPTS + 2));
            assert_eq!(run!(pinned_inner(&flaky())), Ok(ATTEMPTS));
            assert_eq!(run!(pinned_local(&flaky())), Ok(ATTEMPTS));
        }

        #[test]
        fn a_future_of_self_is_retried() {
            assert_eq!(run!(Client::new().shared()), Ok(ATTEMPTS));
            assert_eq!(run!(Client::new().unique()), Ok(ATTEMPTS * ATTEMPTS));
            assert_eq!(run!(Client::new().named_unique(1)), Ok(ATTEMPTS * ATTEMPTS));
            assert_eq!(run!(Client::new().named_reborrow(1)), Ok(2 * ATTEMPTS * ATTEMPTS));
            assert_eq!(run!(Client::new().unique_elided()), Ok(ATTEMPTS));
        }

        #[test]
        fn nothing_runs_before_the_first_poll() {
            let flaky = flaky();
            drop((block(&flaky), moving(flaky.clone(), String::new()), forwarded(&flaky)));
            drop((pinned(&flaky), pinned_statements(&flaky, 1), pinned_inner(&flaky)));
            assert_eq!(flaky.calls(), 0);
        }

        #[test]
        fn what_is_said_to_be_send_is_send() {
            let flaky = flaky();
            assert_send(&block(&flaky));
            assert_send(&statements(&flaky, 1));
            assert_send(&forwarded(&flaky));
            assert_send(&pinned(&flaky));
            assert_send(&Client::new().shared());
        }
    };
}
mod returned {
    use super::*;
    each_async!(returned_futures,);
}

macro_rules! traits {
    ($($policies:tt)*) => {
        trait Plain {
            async fn required(&self) -> Result<u32, Error>;
            fn flaky(&self) -> &Flaky;

            $($policies)*
            async fn provided(&self) -> Result<u32, Error> { self.flaky().call_async().await }

            $($policies)*
            async fn provided_unique(&mut self, extra: &str) -> Result<u32, Error> {
                Ok(self.flaky().call_async().await? + extra.len() as u32)
            }
        }

        trait Sending: Sync {
            fn required(&self) -> impl Future<Output = Result<u32, Error>> + Send;
            fn flaky(&self) -> &Flaky;

            $($policies)*
            fn provided(&self) -> impl Future<Output = Result<u32, Error>> + Send {
                async move { self.flaky().call_async().await }
            }

            $($policies)*
            fn provided_generic<T: Send + Into<u32> + Copy>(&self, extra: T) -> impl Future<Output = Result<u32, Error>> + Send {
                async move { Ok(self.flaky().call_async().await? + extra.into()) }
            }
        }

        struct Client(Flaky);

        impl Plain for Client {
            $($policies)*
            async fn required(&self) -> Result<u32, Error> { self.0.call_async().await }
            fn flaky(&self) -> &Flaky { &self.0 }
        }

        // An `async fn` for an `impl Future + Send`, as rustc lets one.
        impl Sending for Client {
            $($policies)*
            async fn required(&self) -> Result<u32, Error> { self.0.call_async().await }
            fn flaky(&self) -> &Flaky { &self.0 }
        }

        fn client() -> Client { Client(Flaky::failing(ATTEMPTS - 1)) }

        #[test]
        fn async_functions_of_traits() {
            assert_eq!(run!(Plain::required(&client())), Ok(ATTEMPTS));
            assert_eq!(run!(Plain::provided(&client())), Ok(ATTEMPTS));
            assert_eq!(run!(Plain::provided_unique(&mut client(), "a")), Ok(ATTEMPTS + 1));
        }

        #[test]
        fn async_functions_of_traits_that_promise_send() {
            fn sent<S: Sending>(service: &S) -> impl Future<Output = Result<u32, Error>> + Send { service.required() }
            assert_eq!(run!(sent(&client())), Ok(ATTEMPTS));
            assert_eq!(run!(Sending::provided(&client())), Ok(ATTEMPTS));
            assert_eq!(run!(client().provided_generic(1_u8)), Ok(ATTEMPTS + 1));
        }
    };
}
mod in_traits {
    use super::*;
    each_async!(traits,);
}

macro_rules! async_traits {
    ($($policies:tt)*) => {
        #[async_trait]
        trait Service: Sync {
            async fn required(&self, prompt: String, list: &[u32]) -> Result<u32, Error>;
            fn flaky(&self) -> &Flaky;

            $($policies)*
            async fn provided(&self) -> Result<u32, Error> { self.flaky().call_async().await }

            $($policies)*
            async fn provided_unique(&mut self, mut count: u32, text: &str) -> Result<u32, Error> where Self: Send {
                count += 1;
                Ok(self.flaky().call_async().await? + count + text.len() as u32)
            }

            $($policies)*
            async fn named(flaky: &Flaky) -> Result<u32, Error> where Self: Sized { flaky.call_async().await }
        }

        struct Client(Flaky);

        #[async_trait]
        impl Service for Client {
            $($policies)*
            async fn required(&self, prompt: String, list: &[u32]) -> Result<u32, Error> {
                if prompt.is_empty() { return self.0.call_async().await; }
                let n: u32 = prompt.parse()?;
                Ok(self.0.call_async().await? + n + list.len() as u32)
            }

            fn flaky(&self) -> &Flaky { &self.0 }
        }

        #[async_trait(?Send)]
        trait Local {
            async fn required(&self, pair: (u32, Vec<u32>), _: u32, text: String) -> Result<u32, Error>;
        }

        #[async_trait(?Send)]
        impl<T: Service> Local for T {
            $($policies)*
            async fn required(&self, (left, right): (u32, Vec<u32>), _: u32, mut text: String) -> Result<u32, Error> {
                let shared = std::rc::Rc::new(left);
                text = format!("{text}{}", right.len());
                Ok(self.flaky().call_async().await? + *shared + text.len() as u32)
            }
        }

        #[async_trait]
        trait Owning: Sized + Send {
            async fn by_value(self) -> Result<u32, Error>;
            async fn by_arc(self: std::sync::Arc<Self>) -> Result<u32, Error>;
        }

        #[async_trait]
        impl Owning for Flaky {
            $($policies)*
            async fn by_value(self) -> Result<u32, Error> { self.call_async().await }

            $($policies)*
            async fn by_arc(self: std::sync::Arc<Self>) -> Result<u32, Error> { self.call_async().await }
        }

        fn client() -> Client { Client(Flaky::failing(ATTEMPTS - 1)) }

        #[test]
        fn methods_of_an_async_trait() {
            assert_eq!(run!(Service::required(&client(), String::new(), &[])), Ok(ATTEMPTS));
            assert_eq!(run!(Service::required(&client(), "1".to_owned(), &[1, 2])), Ok(ATTEMPTS + 3));
            assert_eq!(run!(Service::required(&client(), "x".to_owned(), &[])), Err(Error::Number));
            assert_eq!(run!(client().provided()), Ok(ATTEMPTS));
            assert_eq!(run!(<Client as Service>::named(&client().0)), Ok(ATTEMPTS));
            assert_eq!(run!(client().0.by_value()), Ok(ATTEMPTS));
            assert_eq!(run!(std::sync::Arc::new(client().0).by_arc()), Ok(ATTEMPTS));
        }

        #[test]
        fn a_change_of_an_owned_argument_stays_for_the_next_attempt() {
            assert_eq!(run!(client().provided_unique(0, "ab")), Ok(ATTEMPTS + ATTEMPTS + 2));
        }

        #[test]
        fn methods_of_a_local_async_trait() {
            assert_eq!(run!(Local::required(&client(), (1, vec![2]), 3, "ab".to_owned())), Ok(ATTEMPTS + 1 + 2 + ATTEMPTS));
        }

        #[test]
        fn methods_of_a_trait_object() {
            let object: Box<dyn Service> = Box::new(client());
            assert_send(&object.provided());
            assert_eq!(run!(object.required(String::new(), &[])), Ok(ATTEMPTS));
        }

        #[test]
        fn nothing_runs_before_the_first_poll() {
            let client = client();
            drop((client.provided(), Service::required(&client, String::new(), &[])));
            assert_eq!(client.0.calls(), 0);
        }
    };
}
mod in_async_traits {
    use super::*;
    each_async!(async_traits,);
}
