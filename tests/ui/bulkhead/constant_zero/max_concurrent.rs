use resilience::bulkhead;

const NONE: u32 = 0;

#[bulkhead(max_concurrent = NONE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
