use resilience::hedge;

#[hedge(budget = 0.1)]
async fn send(buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    buffer.push(1);
    Ok(buffer.len())
}

fn main() {
    let _ = send(&mut Vec::new());
}
