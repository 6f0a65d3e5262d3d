use resilience::hedge;

#[hedge(budget = 0.1, clone(text))]
async fn send(text: &str) -> std::io::Result<usize> {
    Ok(text.len())
}

fn main() {
    let _ = send("");
}
