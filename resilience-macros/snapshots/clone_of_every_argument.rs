#[retry(clone(..))]
fn send(text: String) -> Result<Answer, Error> {
    query(text)
}
