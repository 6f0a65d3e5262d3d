#[bulkhead(25)]
async fn query() -> Result<Row, Error> {
    connect().await?.query().await
}
