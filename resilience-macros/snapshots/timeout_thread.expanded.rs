fn query(connection: Connection) -> Result<Row, Error> {
    use ::resilience::__private as __resilience;
    const __TIMEOUT: __resilience::TimeoutConfig = __resilience::TimeoutConfig::new(
            LIMIT,
        )
        .operation_or("query");
    match __resilience::TimeoutConfig::run_thread(
        __TIMEOUT,
        move || -> Result<Row, Error> { connection.query() },
    ) {
        __resilience::Ok(__outcome) => __outcome,
        __resilience::Err(__late) => {
            __resilience::failed::<
                Result<Row, Error>,
            >(__resilience::timed_out_into(__late))
        }
    }
}
