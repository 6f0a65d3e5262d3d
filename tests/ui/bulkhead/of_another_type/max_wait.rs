use resilience::bulkhead;

const TIME: u64 = 30;

#[bulkhead(25, max_wait = TIME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
