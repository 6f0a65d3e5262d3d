//! Methods under `#[async_trait]`.

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
    async fn parts(&self, (first, Request { text }): (String, Request)) -> Result<String, Error> {
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
