use resilience::retry;

struct Connection;

#[retry(clone(connection))]
fn send(connection: Connection) -> std::io::Result<()> {
    drop(connection);
    Ok(())
}

fn main() {
    let _ = send(Connection);
}
