#[bulkhead(25)]
fn query() -> Result<Row, Error> {
    connect()?.query()
}
