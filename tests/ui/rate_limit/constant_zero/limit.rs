use resilience::rate_limit;

const NONE: u32 = 0;

#[rate_limit(per = 1s, limit = NONE)]
async fn fetch() -> Result<String, std::io::Error> {
    Ok(String::from("fine"))
}

fn main() {
    let _ = fetch();
}
