async fn query() -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    const __TIMEOUT: __rt::TimeoutConfig = __rt::TimeoutConfig::new(__rt::Duration::new(5, 0)).operation_or("query");
    match __rt::TimeoutFuture::new(&__TIMEOUT, async {
        let _: u8 = if false { return __rt::expected::<Result<Row, Error>>() } else { 0 };
        '__body: { connect().await?.query().await }
    })
    .await
    {
        __rt::Ok(__outcome) => __outcome,
        __rt::Err(__late) => __rt::failed::<Result<Row, Error>>(__rt::timed_out_into(__late)),
    }
}
