#[rate_limit(100, per = 1s)]
fn query() -> Result<Row, Error> {
    connect()?.query()
}
