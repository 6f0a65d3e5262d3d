use resilience::bulkhead;

#[bulkhead(permits = 25)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
