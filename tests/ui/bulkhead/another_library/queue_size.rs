use resilience::bulkhead;

#[bulkhead(25, queue_size = 10)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
