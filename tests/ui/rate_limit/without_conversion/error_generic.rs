use resilience::rate_limit;

#[rate_limit(100, per = 1s)]
async fn fetch<E>(error: E) -> Result<String, E> {
    Err(error)
}

fn main() {
    let _ = fetch(std::io::Error::other("busy"));
}
