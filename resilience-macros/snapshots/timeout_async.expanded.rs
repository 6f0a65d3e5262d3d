async fn query() -> Result<Row, Error> {
    use ::resilience::__private as __resilience;
    const __TIMEOUT: __resilience::TimeoutConfig = __resilience::TimeoutConfig::new(
            __resilience::Duration::new(5u64, 0u32),
        )
        .operation_or("query");
    match __resilience::Timeout::new(
            __resilience::TimeoutConfig::get_limit(&__TIMEOUT),
            async {
                let _ = false && return __resilience::expected::<Result<Row, Error>>();
                '__body: { connect().await?.query().await }
            },
        )
        .await
    {
        __resilience::Ok(__outcome) => __outcome,
        __resilience::Err(_) => {
            __resilience::failed::<
                Result<Row, Error>,
            >(
                __resilience::timed_out_into(
                    __resilience::TimeoutConfig::timed_out(&__TIMEOUT),
                ),
            )
        }
    }
}
