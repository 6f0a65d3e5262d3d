use resilience::bulkhead;

#[bulkhead(25, crate = retries_of_another_one)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
