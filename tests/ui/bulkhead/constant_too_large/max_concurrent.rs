use resilience::bulkhead;

const CALLS: u32 = 1000001;

#[bulkhead(max_concurrent = CALLS)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
