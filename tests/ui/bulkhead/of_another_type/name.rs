use resilience::bulkhead;

const NAME: u32 = 7;

#[bulkhead(25, name = NAME)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
