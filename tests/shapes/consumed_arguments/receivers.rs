//! Receivers that are consumed.

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
