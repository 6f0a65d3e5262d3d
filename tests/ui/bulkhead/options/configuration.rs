use resilience::bulkhead;

const CONFIG: resilience::BulkheadConfig = resilience::BulkheadConfig::new(5);

#[bulkhead(CONFIG)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
