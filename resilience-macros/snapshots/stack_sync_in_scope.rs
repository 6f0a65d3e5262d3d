#[retry]
#[circuit_breaker(name = "db")]
#[timeout(500ms)]
fn load(id: u64) -> Result<Row, Error> {
    query(id)
}
