fn query(&self) -> Result<Row, Error> {
    use ::resilience::__private as __resilience;
    let __timeout: __resilience::TimeoutConfig = __resilience::TimeoutConfig::at_most(
            self.limit,
        )
        .operation_or("query");
    match __resilience::TimeoutConfig::run_cooperative(
        __timeout,
        || -> Result<Row, Error> { self.connection.query() },
    ) {
        __resilience::Ok(__outcome) => __outcome,
        __resilience::Err(__late) => {
            __resilience::failed::<
                Result<Row, Error>,
            >(__resilience::convert(Error::Slow, __late))
        }
    }
}
