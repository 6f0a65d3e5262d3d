use resilience::bulkhead;

#[bulkhead(max_concurrent = 1000001)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
