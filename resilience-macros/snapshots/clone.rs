#[retry(clone(self, text), retry_if = |error| error.concerns(&text))]
async fn send(self, text: String) -> Result<Answer, Error> {
    self.connection.send(text).await
}
