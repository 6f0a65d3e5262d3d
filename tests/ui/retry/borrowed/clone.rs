use resilience::retry;

#[retry(clone(text, request))]
async fn send(text: &str, request: Vec<u8>) -> std::io::Result<usize> {
    Ok(request.into_iter().count() + text.len())
}

fn main() {
    let _ = send("", Vec::new());
}
