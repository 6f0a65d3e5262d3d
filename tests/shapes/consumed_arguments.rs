//! Bodies that consume their arguments, under `clone(…)`.

use std::future::Future;
use std::io::Cursor;
use std::pin::Pin;
use std::sync::Arc;

use resilience::{circuit_breaker, retry, timeout};

use crate::flaky::{Error, Flaky};

/// This type is not `Copy`, and is known by its address.
#[derive(Clone, Debug, PartialEq)]
struct Request {
    text: String,
}

fn request() -> Request {
    Request {
        text: "text".to_owned(),
    }
}

fn take<T>(flaky: &Flaky, argument: T) -> Result<T, Error> {
    flaky.call()?;
    Ok(argument)
}

async fn take_async<T>(flaky: &Flaky, argument: T) -> Result<T, Error> {
    flaky.call_async().await?;
    Ok(argument)
}

mod sync {
    use super::*;

    #[retry(base_delay = 0s, clone(request))]
    fn one(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take(flaky, request)
    }

    #[test]
    fn a_named_argument_is_consumed_by_each_attempt() {
        let flaky = Flaky::failing(3);
        assert_eq!(one(&flaky, request()), Ok(request()));
        assert_eq!(flaky.calls(), 4);
    }

    #[retry(base_delay = 0s, clone(..))]
    fn all(flaky: Flaky, text: String, number: u32, borrowed: &str) -> Result<String, Error> {
        let answer = take(&flaky, text)? + borrowed + &number.to_string();
        drop(flaky);
        Ok(answer)
    }

    #[test]
    fn two_dots_are_every_owned_argument() {
        let flaky = Flaky::failing(2);
        let answer = all(flaky.clone(), "text".to_owned(), 7, "-");
        assert_eq!(answer.as_deref(), Ok("text-7"));
        assert_eq!(flaky.calls(), 3);
    }

    #[retry(base_delay = 0s, clone(..))]
    fn nothing_owned(flaky: &Flaky) -> Result<u32, Error> {
        flaky.call()
    }

    #[test]
    fn two_dots_may_stand_where_nothing_is_owned() {
        assert_eq!(nothing_owned(&Flaky::failing(1)), Ok(2));
    }

    #[retry(base_delay = 0s, clone(first, second, rest))]
    fn taken_apart(
        flaky: &Flaky,
        (first, Request { text: second }): (String, Request),
        [.., rest]: [String; 2],
    ) -> Result<[String; 3], Error> {
        take(flaky, [first, second, rest])
    }

    #[test]
    fn an_argument_is_taken_apart_in_the_signature() {
        let owned = |text: &str| text.to_owned();
        let parts = taken_apart(
            &Flaky::failing(1),
            (owned("a"), request()),
            [owned("b"), owned("c")],
        );
        assert_eq!(parts, Ok([owned("a"), owned("text"), owned("c")]));
    }

    #[retry(base_delay = 0s, clone(..))]
    fn changed(flaky: &Flaky, mut texts: Vec<String>) -> Result<Vec<String>, Error> {
        texts.push("more".to_owned());
        take(flaky, texts)
    }

    #[test]
    fn what_an_attempt_changes_the_next_one_does_not_see() {
        let texts = changed(&Flaky::failing(3), Vec::new());
        assert_eq!(texts, Ok(vec!["more".to_owned()]));
    }

    #[retry(base_delay = 0s, clone(..))]
    fn generic<T: Clone, const N: usize>(
        flaky: &Flaky,
        items: [T; N],
        shown: impl ToString + Clone,
    ) -> Result<(Vec<T>, String), Error> {
        let shown = take(flaky, shown)?.to_string();
        Ok((items.into_iter().collect(), shown))
    }

    #[test]
    fn generic_arguments_are_cloned() {
        let answer = generic(&Flaky::failing(1), [1, 2], 3);
        assert_eq!(answer, Ok((vec![1, 2], "3".to_owned())));
    }

    /// The argument is not `Clone`, and is therefore borrowed.
    struct Connection(Flaky);

    #[retry(base_delay = 0s, clone(..))]
    fn borrowed<S: AsRef<str>>(
        connection: Connection,
        prefix: S,
        mut count: impl FnMut(),
        text: String,
    ) -> Result<String, Error> {
        count();
        Ok(prefix.as_ref().to_owned() + &take(&connection.0, text)?)
    }

    #[test]
    fn two_dots_leave_an_argument_that_is_not_clone_where_it_is() {
        let (flaky, mut calls) = (Flaky::failing(2), 0);
        let connection = Connection(flaky.clone());
        let answer = borrowed(connection, "a ", || calls += 1, "text".to_owned());
        assert_eq!(answer.as_deref(), Ok("a text"));
        assert_eq!((flaky.calls(), calls), (3, 3));
    }

    trait Emit {
        fn emit(self, flaky: &Flaky, text: String) -> Result<String, Error>;
    }

    impl Emit for &mut Vec<String> {
        #[retry(base_delay = 0s, clone(..))]
        fn emit(self, flaky: &Flaky, text: String) -> Result<String, Error> {
            self.push(text.clone());
            take(flaky, text)
        }
    }

    #[test]
    fn two_dots_leave_a_receiver_that_is_a_mutable_reference_where_it_is() {
        let mut emitted = Vec::new();
        let answer = (&mut emitted).emit(&Flaky::failing(2), "text".to_owned());
        assert_eq!(answer.as_deref(), Ok("text"));
        assert_eq!(emitted, ["text", "text", "text"]);
    }

    trait Twice: Clone {}

    impl Twice for String {}

    #[retry(base_delay = 0s, clone(..))]
    fn clone_by_a_supertrait<T: Twice>(flaky: &Flaky, argument: T) -> Result<T, Error> {
        take(flaky, argument)
    }

    #[test]
    fn two_dots_find_a_clone_that_another_bound_brings() {
        let answer = clone_by_a_supertrait(&Flaky::failing(1), "text".to_owned());
        assert_eq!(answer.as_deref(), Ok("text"));
    }

    #[retry(base_delay = 0s, clone(..), retry_if = |_| !prefix.0.is_empty() && !text.is_empty())]
    fn read_later_beside_borrowed(
        flaky: &Flaky,
        prefix: Prefix,
        text: String,
    ) -> Result<String, Error> {
        Ok(prefix.0.to_owned() + &take(flaky, text)?)
    }

    struct Prefix(&'static str);

    #[test]
    fn a_filter_reads_what_two_dots_cloned_and_what_they_left() {
        let answer =
            read_later_beside_borrowed(&Flaky::failing(2), Prefix("a "), "text".to_owned());
        assert_eq!(answer.as_deref(), Ok("a text"));
    }

    #[retry(base_delay = 0s, clone(..))]
    #[allow(unused_variables)]
    fn with_cfg(
        flaky: &Flaky,
        #[cfg(not(test))] missing: NoSuchType,
        #[cfg(test)] request: Request,
    ) -> Result<Request, Error> {
        #[cfg(not(test))]
        drop(missing);
        take(flaky, request)
    }

    #[test]
    fn an_argument_that_is_configured_away_is_not_cloned() {
        assert_eq!(with_cfg(&Flaky::failing(1), request()), Ok(request()));
    }

    #[retry(base_delay = 0s, clone(..))]
    #[circuit_breaker(name = "consumed_arguments::stack")]
    #[timeout(5s, mode = cooperative)]
    fn stack(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take(flaky, request)
    }

    #[test]
    fn every_layer_of_a_stack_hands_the_argument_on() {
        assert_eq!(stack(&Flaky::failing(2), request()), Ok(request()));
    }

    #[retry(base_delay = 0s, max_retries = 1)]
    #[timeout(5s, mode = cooperative)]
    #[retry(base_delay = 0s, max_retries = 1, clone(request))]
    fn twice(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take(flaky, request)
    }

    #[test]
    fn an_outer_retry_clones_what_the_inner_one_consumes() {
        let flaky = Flaky::failing(3);
        assert_eq!(twice(&flaky, request()), Ok(request()));
        assert_eq!(flaky.calls(), 4);
    }

    #[retry(base_delay = 0s, clone(request), retry_if = |_| request.text == "text")]
    fn read_later(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take(flaky, request)
    }

    #[test]
    fn a_filter_may_read_a_consumed_argument() {
        assert_eq!(read_later(&Flaky::failing(3), request()), Ok(request()));
        assert_eq!(read_later(&Flaky::failing(4), request()), Err(Error::Down));
    }
}

mod receivers {
    use super::*;

    #[derive(Clone)]
    struct Client {
        flaky: Flaky,
        text: String,
    }

    impl Client {
        #[retry(base_delay = 0s, clone(self))]
        fn send(self) -> Result<String, Error> {
            self.flaky.call()?;
            Ok(self.text)
        }

        #[retry(base_delay = 0s, clone(..))]
        fn send_mut(mut self, more: String) -> Result<String, Error> {
            self.text.push_str(&more);
            take(&self.flaky.clone(), self).map(|client| client.text + &more)
        }

        #[retry(base_delay = 0s, clone(..))]
        fn send_shared(self: Arc<Self>) -> Result<Arc<Self>, Error> {
            let flaky = self.flaky.clone();
            take(&flaky, self)
        }

        #[retry(base_delay = 0s, clone(..))]
        fn send_boxed(self: Box<Self>) -> Result<String, Error> {
            self.flaky.call()?;
            Ok(self.text)
        }

        #[retry(base_delay = 0s, clone(..))]
        fn send_pinned(self: Pin<&mut Self>) -> Result<u32, Error> {
            self.flaky.call()
        }

        #[retry(base_delay = 0s, clone(self))]
        async fn send_async(self) -> Result<String, Error> {
            self.flaky.call_async().await?;
            Ok(self.text)
        }
    }

    fn client(failures: u32) -> Client {
        Client {
            flaky: Flaky::failing(failures),
            text: "text".to_owned(),
        }
    }

    #[test]
    fn a_receiver_is_consumed_by_each_attempt() {
        assert_eq!(client(3).send().as_deref(), Ok("text"));
        let more = client(3).send_mut("-".to_owned());
        assert_eq!(more.as_deref(), Ok("text--"));
        assert_eq!(Box::new(client(3)).send_boxed().as_deref(), Ok("text"));
        assert_eq!(Pin::new(&mut client(3)).send_pinned(), Ok(4));
    }

    #[test]
    fn the_last_attempt_gets_the_original() {
        let original = Arc::new(client(3));
        let returned = Arc::clone(&original)
            .send_shared()
            .expect("the fourth call");
        assert!(Arc::ptr_eq(&original, &returned));
        assert_eq!(Arc::strong_count(&original), 2, "no clone is left");
    }

    #[tokio::test]
    async fn a_receiver_is_consumed_by_each_attempt_of_an_async_method() {
        assert_eq!(client(3).send_async().await.as_deref(), Ok("text"));
    }
}

mod clones {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[derive(Debug)]
    struct Counted(Arc<AtomicU32>);

    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Relaxed);
            Self(Arc::clone(&self.0))
        }
    }

    #[retry(max_retries = 2, base_delay = 0s, clone(..))]
    fn consume(flaky: &Flaky, counted: Counted) -> Result<Counted, Error> {
        take(flaky, counted)
    }

    #[retry(max_retries = 2, base_delay = 0s, clone(..))]
    #[timeout(30s)]
    fn consume_on_a_worker(flaky: Flaky, counted: Counted) -> Result<Counted, Error> {
        take(&flaky, counted)
    }

    #[retry(max_retries = 2, base_delay = 0s)]
    #[timeout(30s)]
    fn on_a_worker(flaky: Flaky, counted: Counted) -> Result<Counted, Error> {
        take(&flaky, counted)
    }

    #[test]
    fn an_attempt_that_another_one_may_follow_gets_a_clone_and_the_last_one_none() {
        for (failures, clones) in [(0, 1), (1, 2), (2, 2), (3, 2)] {
            let count = Arc::default();
            let answer = consume(&Flaky::failing(failures), Counted(Arc::clone(&count)));
            assert_eq!(answer.is_ok(), failures < 3);
            assert_eq!(count.load(Relaxed), clones, "{failures} failures");
        }
    }

    #[test]
    fn the_last_attempts_worker_gets_the_original() {
        for (failures, cloned, copied) in [(0, 1, 1), (2, 2, 3), (3, 2, 3)] {
            let count = Arc::default();
            let answer = consume_on_a_worker(Flaky::failing(failures), Counted(Arc::clone(&count)));
            assert_eq!(answer.is_ok(), failures < 3);
            assert_eq!(count.load(Relaxed), cloned, "{failures} failures");

            let count = Arc::default();
            let answer = on_a_worker(Flaky::failing(failures), Counted(Arc::clone(&count)));
            assert_eq!(answer.is_ok(), failures < 3);
            assert_eq!(count.load(Relaxed), copied, "{failures} failures");
        }
    }

    #[derive(Clone)]
    struct Client(Flaky);

    impl Client {
        #[retry(base_delay = 0s, clone(self))]
        #[timeout(30s)]
        fn send(self) -> Result<u32, Error> {
            self.0.call()
        }
    }

    #[test]
    fn a_receiver_that_is_cloned_need_not_be_copy_on_a_worker() {
        assert_eq!(Client(Flaky::failing(2)).send(), Ok(3));
    }
}

mod futures {
    use super::*;

    #[retry(base_delay = 0s, clone(request))]
    async fn one(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take_async(flaky, request).await
    }

    /// The argument is not `Clone`, and is therefore borrowed.
    struct Connection(Flaky);

    #[retry(base_delay = 0s, clone(..))]
    #[circuit_breaker(name = "consumed_arguments::borrowed", failure_threshold = 50)]
    #[timeout(5s)]
    async fn borrowed<S: AsRef<str>>(
        connection: Connection,
        prefix: S,
        text: String,
    ) -> Result<String, Error> {
        Ok(prefix.as_ref().to_owned() + &take_async(&connection.0, text).await?)
    }

    #[tokio::test(start_paused = true)]
    async fn two_dots_leave_an_argument_that_is_not_clone_in_a_future_that_stays_send() {
        fn send<F: Future + Send>(future: F) -> F {
            future
        }
        let flaky = Flaky::failing(2);
        let answer = borrowed(Connection(flaky.clone()), "a ", "text".to_owned());
        assert_eq!(send(answer).await.as_deref(), Ok("a text"));
        assert_eq!(flaky.calls(), 3);
    }

    #[retry(base_delay = 0s, clone(..))]
    #[circuit_breaker(name = "consumed_arguments::futures")]
    #[timeout(5s)]
    async fn stack(
        flaky: &Flaky,
        Request { text }: Request,
        cursor: Cursor<Vec<u8>>,
    ) -> Result<(String, Cursor<Vec<u8>>), Error> {
        Ok((take_async(flaky, text).await?, cursor))
    }

    #[retry(base_delay = 0s, clone(..))]
    fn constructed(flaky: Flaky, request: Request) -> impl Future<Output = Result<Request, Error>> {
        let name = request;
        async move { take_async(&flaky, name).await }
    }

    #[retry(base_delay = 0s, clone(..))]
    fn lone_block(flaky: Flaky, request: Request) -> impl Future<Output = Result<Request, Error>> {
        async move { take_async(&flaky, request).await }
    }

    #[retry(base_delay = 0s, clone(request))]
    fn boxed(
        flaky: &Flaky,
        request: Request,
    ) -> Pin<Box<dyn Future<Output = Result<Request, Error>> + Send + '_>> {
        Box::pin(async move { take_async(flaky, request).await })
    }

    #[tokio::test]
    async fn an_argument_is_consumed_by_each_attempt() {
        assert_eq!(one(&Flaky::failing(3), request()).await, Ok(request()));
        let stacked = stack(&Flaky::failing(3), request(), Cursor::new(vec![1])).await;
        assert_eq!(stacked, Ok(("text".to_owned(), Cursor::new(vec![1]))));
        assert_eq!(
            constructed(Flaky::failing(3), request()).await,
            Ok(request())
        );
        assert_eq!(
            lone_block(Flaky::failing(3), request()).await,
            Ok(request())
        );
        assert_eq!(boxed(&Flaky::failing(3), request()).await, Ok(request()));
    }

    #[test]
    fn the_future_is_sent_between_threads() {
        fn send<T: Send>(_: &T) {}
        send(&one(&Flaky::default(), request()));
        send(&stack(&Flaky::default(), request(), Cursor::default()));
        send(&lone_block(Flaky::default(), request()));
        send(&boxed(&Flaky::default(), request()));
    }

    #[retry(base_delay = 0s, max_retries = 1)]
    #[timeout(5s)]
    #[retry(base_delay = 0s, max_retries = 1, clone(request))]
    async fn twice(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take_async(flaky, request).await
    }

    #[tokio::test]
    async fn an_outer_retry_clones_what_the_inner_one_consumes() {
        assert_eq!(twice(&Flaky::failing(3), request()).await, Ok(request()));
    }

    #[tracing::instrument(skip_all)]
    #[retry(base_delay = 0s, clone(..))]
    async fn below_instrument(flaky: &Flaky, request: Request) -> Result<Request, Error> {
        take_async(flaky, request).await
    }

    #[tokio::test]
    async fn a_body_that_another_attribute_made_an_async_move_block_consumes_its_arguments() {
        let answer = below_instrument(&Flaky::failing(3), request()).await;
        assert_eq!(answer, Ok(request()));
    }
}

mod async_trait {
    use super::*;

    #[::async_trait::async_trait]
    trait Service {
        async fn send(self, request: Request) -> Result<Request, Error>;
        async fn parts(&self, parts: (String, Request)) -> Result<String, Error>;
    }

    #[::async_trait::async_trait]
    impl Service for Flaky {
        #[retry(base_delay = 0s, clone(self, request))]
        #[timeout(5s)]
        async fn send(self, request: Request) -> Result<Request, Error> {
            let answer = take_async(&self, request).await;
            drop(self);
            answer
        }

        #[retry(base_delay = 0s, clone(first, text))]
        async fn parts(
            &self,
            (first, Request { text }): (String, Request),
        ) -> Result<String, Error> {
            Ok(take_async(self, first).await? + &take_async(self, text).await?)
        }
    }

    #[tokio::test]
    async fn arguments_that_async_trait_moves_in_front_are_consumed_by_each_attempt() {
        let flaky = Flaky::failing(3);
        assert_eq!(flaky.clone().send(request()).await, Ok(request()));
        assert_eq!(flaky.calls(), 4);
        let parts = ("first-".to_owned(), request());
        assert_eq!(
            Flaky::failing(3).parts(parts).await.as_deref(),
            Ok("first-text")
        );
    }
}

/// A `&mut` argument that the body hands on by value.
mod unique_references {
    use super::*;
    use std::future::poll_fn;
    use std::task::Poll;

    #[retry(base_delay = 0s)]
    fn first(flaky: &Flaky, source: &mut Vec<u8>) -> Result<u8, Error> {
        flaky.call()?;
        let cursor = Cursor::new(source);
        cursor.into_inner().first().copied().ok_or(Error::Down)
    }

    #[retry(base_delay = 0s)]
    #[circuit_breaker(name = "unique_references::first_async")]
    #[timeout(5s)]
    async fn first_async(flaky: &Flaky, source: &mut Vec<u8>) -> Result<u8, Error> {
        flaky.call_async().await?;
        let cursor = Cursor::new(source);
        cursor.into_inner().first().copied().ok_or(Error::Down)
    }

    #[retry(base_delay = 0s)]
    fn lone_block<'a>(
        flaky: &'a Flaky,
        source: &'a mut Vec<u8>,
    ) -> impl Future<Output = Result<usize, Error>> + 'a {
        async move { Ok(take_async(flaky, source).await?.len()) }
    }

    #[retry(base_delay = 0s)]
    fn constructed<'a>(
        flaky: &'a Flaky,
        source: &'a mut Vec<u8>,
    ) -> impl Future<Output = Result<usize, Error>> + 'a {
        let moved = source;
        async move { Ok(take_async(flaky, moved).await?.len()) }
    }

    #[tokio::test]
    async fn an_argument_is_borrowed_anew_for_each_attempt() {
        let mut source = vec![7];
        assert_eq!(first(&Flaky::failing(3), &mut source), Ok(7));
        assert_eq!(first_async(&Flaky::failing(3), &mut source).await, Ok(7));
        assert_eq!(lone_block(&Flaky::failing(3), &mut source).await, Ok(1));
        assert_eq!(constructed(&Flaky::failing(3), &mut source).await, Ok(1));
    }

    struct Source(Flaky);

    #[::async_trait::async_trait]
    trait Read {
        async fn read(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Error>;
    }

    #[::async_trait::async_trait]
    impl Read for Source {
        #[retry(base_delay = 0s)]
        async fn read(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Error> {
            let length = take_async(&self.0, buffer).await?.len();
            let this = self;
            poll_fn(move |_| Poll::Ready(this.0.call().map(|_| length))).await
        }
    }

    #[tokio::test]
    async fn async_traits_receiver_and_arguments_are_borrowed_anew_for_each_attempt() {
        let mut source = Source(Flaky::failing(3));
        assert_eq!(source.read(&mut vec![1]).await, Ok(1));
    }
}
