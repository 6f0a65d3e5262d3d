use resilience::hedge;

struct Connection;

#[hedge(budget = 0.1, clone(connection))]
async fn send(connection: Connection) -> std::io::Result<usize> {
    drop(connection);
    Ok(0)
}

fn main() {
    let _ = send(Connection);
}
