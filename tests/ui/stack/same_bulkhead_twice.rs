use resilience::{bulkhead, retry};

#[bulkhead(25, name = "db")]
#[retry]
#[bulkhead(25, name = "db")]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
