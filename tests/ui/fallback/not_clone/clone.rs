use resilience::fallback;

struct Connection;

fn stored(_: &std::io::Error, _: &Connection) -> std::io::Result<()> {
    Ok(())
}

#[fallback(stored, clone(connection))]
fn send(connection: Connection) -> std::io::Result<()> {
    drop(connection);
    Ok(())
}

fn main() {
    let _ = send(Connection);
}
