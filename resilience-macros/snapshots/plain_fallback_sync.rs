#[fallback(|_| Ok(Vec::new()))]
fn search(query: &str) -> Result<Vec<Issue>, Error> {
    find(query)
}
