#[resilience::retry]
#[resilience::timeout(1s, mode = cooperative)]
fn send(text: String) -> std::io::Result<usize> {
    take(text)
}

fn take(text: String) -> std::io::Result<usize> {
    Ok(text.len())
}

fn main() {
    let _ = send(String::new());
}
