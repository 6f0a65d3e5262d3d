#[retry(max_retries = 5, retry_on(Error::Busy | Error::Io(_) if patient), on_retry = |event| count(event))]
fn fetch(url: &str, patient: bool) -> Result<String, Error> {
    get(url)
}
