use resilience::timeout;

#[timeout(5s)]
async fn fetch<E>(error: E) -> Result<String, E> {
    Err(error)
}

fn main() {
    let _ = fetch(std::io::Error::other("busy"));
}
