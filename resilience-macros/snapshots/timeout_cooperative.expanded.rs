fn query(&self) -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "query");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__TIMEOUT, "mode=cooperative").computed("limit");
    }
    __rt::Operation::enter(&__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::at_most(__rt::Duration::MAX).operation_or(__NAME);
    let __timeout: __rt::TimeoutConfig =
        __rt::TimeoutConfig::at_most(self.limit).operation_or(__NAME);
    #[allow(clippy::result_large_err)]
    let __timed = __rt::TimeoutConfig::run_cooperative(__timeout, || -> Result<Row, Error> {
        self.connection.query()
    });
    return match __timed {
        __rt::Ok(__outcome) => __outcome,
        __rt::Err(__late) => __rt::failed_with::<Result<Row, Error>, _, _>(__late, Error::Slow),
    };
}
