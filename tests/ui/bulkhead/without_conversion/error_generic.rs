use resilience::bulkhead;

#[bulkhead(25)]
async fn fetch<E>(error: E) -> Result<String, E> {
    Err(error)
}

fn main() {
    let _ = fetch(std::io::Error::other("busy"));
}
