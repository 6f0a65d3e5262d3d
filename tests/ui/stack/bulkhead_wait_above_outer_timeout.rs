use resilience::{bulkhead, timeout};

#[timeout(1s)]
#[bulkhead(25, max_wait = 2s)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
