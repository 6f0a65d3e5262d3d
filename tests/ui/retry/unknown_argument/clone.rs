use resilience::retry;

#[retry(clone(txt))]
fn send(text: String) -> std::io::Result<usize> {
    Ok(text.into_bytes().len())
}

fn main() {
    let _ = send(String::new());
}
