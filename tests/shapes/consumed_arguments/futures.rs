//! Async functions, and functions that return futures.

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
