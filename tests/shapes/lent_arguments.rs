//! Owned arguments that the body hands on by value, and that a retry lends to each attempt: a
//! reference to them is as good.

use std::collections::HashMap;
use std::fmt::Display;
use std::future::Future;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::pin::Pin;
use std::{fs, io};

use resilience::{circuit_breaker, retry, timeout};

use crate::flaky::{Error, Flaky};

/// These types are not `Clone`, so that a clone cannot be the reason why a function compiles.
struct Name(&'static str);

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        self.0
    }
}

fn length(text: impl AsRef<str>) -> usize {
    text.as_ref().len()
}

mod sync {
    use super::*;

    #[retry(base_delay = 0s)]
    fn bounded<N: AsRef<str>>(flaky: &Flaky, name: N) -> Result<usize, Error> {
        let length = length(name);
        flaky.call().map(|_| length)
    }

    #[retry(base_delay = 0s, clone(..))]
    fn anonymous(flaky: &Flaky, name: impl AsRef<str>, text: String) -> Result<usize, Error> {
        let length = length(name) + text.into_bytes().len();
        flaky.call().map(|_| length)
    }

    #[retry(base_delay = 0s)]
    fn in_a_where_clause<D>(flaky: &Flaky, shown: D) -> Result<String, Error>
    where
        D: Display,
    {
        let show = move || shown.to_string();
        flaky.call().map(|_| show())
    }

    #[test]
    fn a_type_that_is_only_read_is_lent() {
        assert_eq!(bounded(&Flaky::failing(2), Name("four")), Ok(4));
        let answer = anonymous(&Flaky::failing(2), Name("four"), "text".to_owned());
        assert_eq!(answer, Ok(8));
        let shown = in_a_where_clause(&Flaky::failing(2), 7);
        assert_eq!(shown.as_deref(), Ok("7"));
    }

    #[retry(base_delay = 0s, max_retries = 1)]
    fn open<P: AsRef<Path>>(path: P) -> io::Result<fs::File> {
        fs::File::open(path)
    }

    #[retry(base_delay = 0s, max_retries = 1)]
    fn connect(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
        TcpStream::connect(address)
    }

    #[test]
    fn functions_of_std_take_what_is_lent() {
        open(file!()).expect_err("the tests run in another folder");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("bound");
        connect(address).expect("somebody listens");
    }

    #[retry(base_delay = 0s)]
    fn each<F: FnMut(u32) -> Result<u32, Error>>(numbers: &[u32], call: F) -> Result<u32, Error> {
        let answers = numbers.iter().copied().map(call);
        answers.sum()
    }

    #[retry(base_delay = 0s)]
    fn each_mut(numbers: &[u32], mut call: impl FnMut(u32) -> u32) -> Result<u32, Error> {
        let first = call(1);
        let sum: u32 = numbers.iter().copied().map(&mut call).sum();
        let rest: u32 = numbers.iter().copied().map(call).sum();
        if first + sum + rest < 10 {
            Err(Error::Down)
        } else {
            Ok(first + sum + rest)
        }
    }

    #[retry(base_delay = 0s)]
    fn shared_closure<F>(flaky: &Flaky, call: F) -> Result<u32, Error>
    where
        F: Fn(u32) -> u32,
    {
        let sum = [1, 2].into_iter().map(call).sum();
        flaky.call().map(|_| sum)
    }

    #[test]
    fn a_closure_is_lent_and_called_again() {
        let mut calls = 0;
        let answer = each(&[1, 2], |number| {
            calls += 1;
            if calls < 4 {
                Err(Error::Down)
            } else {
                Ok(number)
            }
        });
        assert_eq!((answer, calls), (Ok(3), 5));

        let mut calls = 0;
        let answer = each_mut(&[1], |number| {
            calls += 1;
            number + calls
        });
        assert_eq!((answer, calls), (Ok(18), 6));
        assert_eq!(shared_closure(&Flaky::failing(2), |number| number), Ok(3));
    }

    #[retry(base_delay = 0s)]
    fn optional(flaky: &Flaky, seen: Option<&mut Vec<u32>>) -> Result<u32, Error> {
        fn note(seen: Option<&mut Vec<u32>>, call: u32) {
            if let Some(seen) = seen {
                seen.push(call);
            }
        }
        note(seen, flaky.calls());
        flaky.call()
    }

    #[retry(base_delay = 0s)]
    fn optional_slice<'a>(flaky: &Flaky, mut seen: Option<&'a mut [u32]>) -> Result<u32, Error> {
        if let Some(seen) = seen.take() {
            seen[0] += 1;
        }
        flaky.call()
    }

    #[retry(base_delay = 0s)]
    fn pinned(flaky: Pin<&mut Flaky>) -> Result<u32, Error> {
        Pin::into_inner(flaky).call()
    }

    #[test]
    fn a_mutable_reference_inside_of_an_option_or_a_pin_is_borrowed_anew() {
        let mut seen = Vec::new();
        assert_eq!(optional(&Flaky::failing(2), Some(&mut seen)), Ok(3));
        assert_eq!(seen, [0, 1, 2]);
        assert_eq!(optional(&Flaky::failing(2), None), Ok(3));
        let mut seen = [0];
        assert_eq!(optional_slice(&Flaky::failing(2), Some(&mut seen)), Ok(3));
        assert_eq!(seen, [3]);
        assert_eq!(pinned(Pin::new(&mut Flaky::failing(2))), Ok(3));
    }

    #[retry(base_delay = 0s, retry_if = |_| name.as_ref() == "again")]
    fn read_later<N: AsRef<str>>(flaky: &Flaky, name: N) -> Result<usize, Error> {
        let length = length(name);
        flaky.call().map(|_| length)
    }

    #[test]
    fn a_filter_reads_the_argument_behind_the_attempt() {
        assert_eq!(read_later(&Flaky::failing(2), "again"), Ok(5));
        assert_eq!(read_later(&Flaky::failing(2), "once"), Err(Error::Down));
    }

    /// The type parameter stands in the return type, so the argument stays what it is.
    #[retry(base_delay = 0s, clone(..))]
    fn returned<N: AsRef<str> + Clone>(flaky: &Flaky, name: N) -> Result<N, Error> {
        flaky.call().map(|_| name)
    }

    #[retry(base_delay = 0s, clone(..))]
    fn stored<K: AsRef<str> + Clone>(flaky: &Flaky, key: K) -> Result<u32, Error> {
        let mut stored: HashMap<String, K> = HashMap::new();
        stored.insert(key.as_ref().to_owned(), key);
        flaky.call()
    }

    #[retry(base_delay = 0s, clone(..))]
    fn same<T: AsRef<str> + Clone>(flaky: &Flaky, one: T, other: T) -> Result<usize, Error> {
        let both = [one, other];
        flaky.call().map(|_| both.into_iter().map(length).sum())
    }

    #[test]
    fn an_argument_whose_type_stands_elsewhere_keeps_it() {
        assert_eq!(returned(&Flaky::failing(1), "name"), Ok("name"));
        assert_eq!(stored(&Flaky::failing(1), "name"), Ok(2));
        assert_eq!(same(&Flaky::failing(1), "one", "other"), Ok(8));
    }

    #[retry(base_delay = 0s)]
    #[circuit_breaker(name = "lent_arguments::stack", failure_threshold = 50)]
    #[timeout(5s, mode = cooperative)]
    fn stack(flaky: &Flaky, name: impl AsRef<str>, seen: Option<&mut u32>) -> Result<usize, Error> {
        let length = length(name);
        if let Some(seen) = seen {
            *seen += 1;
        }
        flaky.call().map(|_| length)
    }

    #[test]
    fn every_layer_of_a_stack_hands_the_argument_on() {
        let mut seen = 0;
        let answer = stack(&Flaky::failing(2), Name("four"), Some(&mut seen));
        assert_eq!((answer, seen), (Ok(4), 3));
    }
}

/// An argument of which nothing is known but the type that it becomes.
mod converted {
    use super::*;
    use std::borrow::Cow;

    #[retry(base_delay = 0s, clone(..))]
    fn text(flaky: &Flaky, text: impl Into<String>, rest: String) -> Result<String, Error> {
        let text = text.into() + &rest;
        flaky.call().map(|_| text)
    }

    #[retry(base_delay = 0s, clone(text))]
    fn named<'t, T>(flaky: &Flaky, text: T) -> Result<String, Error>
    where
        T: Into<Cow<'t, str>> + Send,
    {
        // Only the bound says which type this is.
        let text = text.into().into_owned();
        flaky.call().map(|_| text)
    }

    #[retry(base_delay = 0s, max_retries = 1)]
    #[circuit_breaker(name = "lent_arguments::converted", failure_threshold = 50)]
    #[timeout(5s, mode = cooperative)]
    #[retry(base_delay = 0s, max_retries = 1, clone(..))]
    fn twice(flaky: &Flaky, text: impl Into<Option<String>>) -> Result<Option<String>, Error> {
        let text = text.into();
        flaky.call().map(|_| text)
    }

    /// The type is not `Clone`, so that the argument stays what it is.
    struct Once(u32);

    impl From<u32> for Once {
        fn from(number: u32) -> Self {
            Self(number)
        }
    }

    #[retry(base_delay = 0s, clone(..))]
    fn unused<T: Into<Once>>(flaky: &Flaky, once: T) -> Result<u32, Error> {
        let _borrowed = &once;
        flaky.call()
    }

    #[test]
    fn an_argument_is_converted_once_and_each_attempt_gets_a_clone() {
        let answer = text(&Flaky::failing(2), "a ", "text".to_owned());
        assert_eq!(answer.as_deref(), Ok("a text"));
        assert_eq!(named(&Flaky::failing(2), "text").as_deref(), Ok("text"));
        let answer = twice(&Flaky::failing(3), "text".to_owned());
        assert_eq!(answer, Ok(Some("text".to_owned())));
        assert_eq!(unused(&Flaky::failing(2), 7), Ok(3));
        assert_eq!(Once::from(7).0, 7);
    }

    async fn take(flaky: &Flaky, text: impl Into<String>) -> Result<String, Error> {
        flaky.call_async().await?;
        Ok(text.into())
    }

    #[retry(base_delay = 0s, clone(..))]
    #[circuit_breaker(name = "lent_arguments::converted_async", failure_threshold = 50)]
    #[timeout(5s)]
    async fn text_async(flaky: &Flaky, text: impl Into<String>) -> Result<String, Error> {
        take(flaky, text).await
    }

    #[retry(base_delay = 0s, clone(..))]
    fn lone_block<T: Into<String> + Send>(
        flaky: &Flaky,
        text: T,
    ) -> impl Future<Output = Result<String, Error>> + Send {
        async move { take(flaky, text).await }
    }

    #[::async_trait::async_trait]
    trait Ask {
        async fn ask(&self, text: impl Into<String> + Send + 'async_trait)
        -> Result<String, Error>;
    }

    #[::async_trait::async_trait]
    impl Ask for Flaky {
        #[retry(base_delay = 0s, clone(..))]
        async fn ask(
            &self,
            text: impl Into<String> + Send + 'async_trait,
        ) -> Result<String, Error> {
            take(self, text).await
        }
    }

    #[tokio::test]
    async fn an_argument_of_an_async_function_is_converted() {
        fn send<F: Future + Send>(future: F) -> F {
            future
        }
        let answer = send(text_async(&Flaky::failing(2), "text")).await;
        assert_eq!(answer.as_deref(), Ok("text"));
        let answer = send(lone_block(&Flaky::failing(2), "text")).await;
        assert_eq!(answer.as_deref(), Ok("text"));
        assert_eq!(Flaky::failing(2).ask("text").await.as_deref(), Ok("text"));
    }
}

mod futures {
    use super::*;
    use std::cell::Cell;

    fn send<F: Future + Send>(future: F) -> F {
        future
    }

    /// The type is `Send` and not `Sync`.
    struct Unshared(Cell<&'static str>);

    impl AsRef<str> for Unshared {
        fn as_ref(&self) -> &str {
            self.0.get()
        }
    }

    async fn take(flaky: &Flaky, name: impl AsRef<str>) -> Result<usize, Error> {
        flaky.call_async().await?;
        Ok(length(name))
    }

    #[retry(base_delay = 0s)]
    #[circuit_breaker(name = "lent_arguments::read", failure_threshold = 50)]
    #[timeout(5s)]
    async fn read<N: AsRef<str>>(flaky: &Flaky, name: N) -> Result<usize, Error> {
        take(flaky, name).await
    }

    #[retry(base_delay = 0s)]
    fn lone_block<N: AsRef<str> + Send>(
        flaky: &Flaky,
        name: N,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        async move { take(flaky, name).await }
    }

    #[retry(base_delay = 0s)]
    fn constructed<N: AsRef<str> + Send>(
        flaky: &Flaky,
        name: N,
    ) -> impl Future<Output = Result<usize, Error>> + Send {
        let moved = name;
        async move { take(flaky, moved).await }
    }

    #[retry(base_delay = 0s)]
    #[tracing::instrument(skip_all)]
    async fn above_instrument(flaky: &Flaky, name: impl AsRef<str>) -> Result<usize, Error> {
        take(flaky, name).await
    }

    #[tokio::test]
    async fn a_type_that_is_only_read_is_lent_and_the_future_stays_send() {
        let name = || Unshared(Cell::new("four"));
        assert_eq!(send(read(&Flaky::failing(2), name())).await, Ok(4));
        assert_eq!(send(lone_block(&Flaky::failing(2), name())).await, Ok(4));
        assert_eq!(send(constructed(&Flaky::failing(2), name())).await, Ok(4));
        let answer = send(above_instrument(&Flaky::failing(2), name())).await;
        assert_eq!(answer, Ok(4));
    }

    #[retry(base_delay = 0s, max_retries = 1)]
    async fn connect<A: tokio::net::ToSocketAddrs>(address: A) -> io::Result<()> {
        tokio::net::lookup_host(address).await.map(drop)
    }

    #[tokio::test]
    async fn a_function_of_tokio_takes_the_address_that_is_lent() {
        send(connect("127.0.0.1:1"))
            .await
            .expect("no name to look up");
    }

    #[retry(base_delay = 0s)]
    async fn each<F, A>(flaky: &Flaky, call: F) -> Result<u32, Error>
    where
        F: FnMut(u32) -> A,
        A: Future<Output = u32>,
    {
        let mut sum = 0;
        for answer in [1, 2].into_iter().map(call) {
            sum += answer.await;
        }
        flaky.call_async().await?;
        Ok(sum)
    }

    #[retry(base_delay = 0s)]
    async fn optional(flaky: &Flaky, seen: Option<&mut u32>) -> Result<u32, Error> {
        if let Some(seen) = seen {
            *seen += 1;
        }
        flaky.call_async().await
    }

    #[retry(base_delay = 0s)]
    async fn pinned<F: Future<Output = u32>>(
        flaky: &Flaky,
        future: Pin<&mut F>,
    ) -> Result<u32, Error> {
        flaky.call_async().await?;
        Ok(future.await)
    }

    #[tokio::test]
    async fn closures_and_mutable_references_are_borrowed_anew() {
        let (flaky, mut calls) = (Flaky::failing(2), 0);
        let answer = each(&flaky, |number| {
            calls += 1;
            async move { number }
        });
        assert_eq!(send(answer).await, Ok(3));
        assert_eq!(calls, 6);
        let mut seen = 0;
        assert_eq!(optional(&Flaky::failing(2), Some(&mut seen)).await, Ok(3));
        assert_eq!(seen, 3);
        let future = std::pin::pin!(async { 7 });
        assert_eq!(pinned(&Flaky::failing(2), future).await, Ok(7));
    }

    #[::async_trait::async_trait]
    trait Service {
        async fn find<N: AsRef<str> + Send>(&self, name: N) -> Result<usize, Error>;
        async fn note(&self, seen: Option<&mut u32>) -> Result<u32, Error>;
    }

    #[::async_trait::async_trait]
    impl Service for Flaky {
        #[retry(base_delay = 0s)]
        async fn find<N: AsRef<str> + Send>(&self, name: N) -> Result<usize, Error> {
            take(self, name).await
        }

        #[retry(base_delay = 0s)]
        async fn note(&self, seen: Option<&mut u32>) -> Result<u32, Error> {
            optional(self, seen).await
        }
    }

    #[tokio::test]
    async fn arguments_that_async_trait_moves_in_front_are_lent() {
        assert_eq!(Flaky::failing(2).find(Name("four")).await, Ok(4));
        let mut seen = 0;
        assert_eq!(Flaky::failing(2).note(Some(&mut seen)).await, Ok(3));
        assert_eq!(seen, 3);
    }
}
