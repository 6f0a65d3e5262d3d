#[timeout(LIMIT)]
fn query(connection: Connection) -> Result<Row, Error> {
    connection.query()
}
