#[retry(span = true)]
fn fetch(url: &str) -> Result<String, Error> {
    get(url)
}
