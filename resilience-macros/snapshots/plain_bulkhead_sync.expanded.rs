fn query() -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "query"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__BULKHEAD_CONFIG, "max_concurrent");
    }
    const __BULKHEAD_CONFIG: __rt::BulkheadConfig =
        __rt::BulkheadConfig::unset().max_concurrent(25);
    static __BULKHEAD: __rt::BulkheadSite = __rt::BulkheadSite::unnamed(&__OPERATION);
    let __bulkhead = __rt::BulkheadSite::single(&__BULKHEAD, &__BULKHEAD_CONFIG);
    let __permit = match __rt::Bulkhead::admit(__bulkhead, &__BULKHEAD_CONFIG, &__OPERATION) {
        __rt::Ok(__permit) => __permit,
        __rt::Err(__full) => {
            return __rt::failed::<Result<Row, Error>>(__rt::FromBulkheadFull::from(__full));
        }
    };
    #[allow(clippy::result_large_err)]
    let __outcome = __rt::attempt(|| -> Result<Row, Error> { connect()?.query() });
    return __outcome;
}
