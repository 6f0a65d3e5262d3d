use resilience::timeout;

#[timeout(5s)]
const fn fetch() -> Result<u32, std::io::Error> {
    Ok(3)
}

fn main() {
    let _ = fetch();
}
