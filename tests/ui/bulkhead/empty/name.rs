use resilience::bulkhead;

#[bulkhead(25, name = "")]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
