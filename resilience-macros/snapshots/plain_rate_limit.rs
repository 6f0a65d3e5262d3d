#[rate_limit(100, per = 1s)]
async fn query() -> Result<Row, Error> {
    connect().await?.query().await
}
