use resilience::timeout;

#[timeout(5s)]
fn count<T: AsRef<[u8]>>(bytes: T) -> Result<usize, std::io::Error> {
    Ok(bytes.as_ref().len())
}

fn main() {
    let _ = count("abc");
}
