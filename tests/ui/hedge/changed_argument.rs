use resilience::hedge;

#[hedge(budget = 0.1)]
async fn send(mut count: usize) -> std::io::Result<usize> {
    count += 1;
    Ok(count)
}

fn main() {
    let _ = send(0);
}
