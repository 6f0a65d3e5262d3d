use resilience::retry;

struct Connection;

#[retry(clone(..))]
async fn send(text: String, connection: Connection) -> std::io::Result<usize> {
    drop(connection);
    Ok(text.into_bytes().len())
}

fn main() {
    let _ = send(String::new(), Connection);
}
