fn query(&self) -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    const __OPERATION: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "query");
    let __timeout: __rt::TimeoutConfig =
        __rt::TimeoutConfig::at_most(self.limit).operation_or(__OPERATION);
    #[allow(clippy::result_large_err)]
    let __timed = __rt::TimeoutConfig::run_cooperative(__timeout, || -> Result<Row, Error> {
        self.connection.query()
    });
    return match __timed {
        __rt::Ok(__outcome) => __outcome,
        __rt::Err(__late) => __rt::failed_with::<Result<Row, Error>, _, _>(__late, Error::Slow),
    };
}
