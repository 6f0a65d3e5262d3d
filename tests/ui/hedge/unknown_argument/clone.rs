use resilience::hedge;

#[hedge(budget = 0.1, clone(txt))]
async fn send(text: String) -> std::io::Result<usize> {
    Ok(text.into_bytes().len())
}

fn main() {
    let _ = send(String::new());
}
