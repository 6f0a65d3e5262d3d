#[retry(clone(..))]
fn ask(prompt: impl Into<String>) -> Result<Answer, Error> {
    query(prompt)
}
