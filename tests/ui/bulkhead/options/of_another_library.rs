use resilience::bulkhead;

#[bulkhead(max_concurrent_calls = 25)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
