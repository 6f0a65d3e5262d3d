#[timeout(5s)]
async fn query() -> Result<Row, Error> {
    connect().await?.query().await
}
