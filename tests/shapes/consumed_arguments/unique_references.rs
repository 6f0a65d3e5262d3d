//! A `&mut` argument that the body hands on by value.

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
