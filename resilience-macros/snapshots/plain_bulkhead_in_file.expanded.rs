async fn query() -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "query"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__BULKHEAD_CONFIG, "max_concurrent");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    const __BULKHEAD_CONFIG: __rt::BulkheadConfig =
        __rt::BulkheadConfig::unset().max_concurrent(25);
    static __BULKHEAD: __rt::BulkheadSite = __rt::BulkheadSite::unnamed(&__OPERATION);
    let __bulkhead = __rt::BulkheadSite::single(&__BULKHEAD, &__BULKHEAD_CONFIG);
    return match __rt::BulkheadFuture::new(
        __bulkhead,
        __rt::FileLayer::in_file(&__BULKHEAD_CONFIG, __file, 0),
        &__OPERATION,
        async {
            let _: u8 = if false {
                return <Result<Row, Error> as __rt::Fallible>::expected();
            } else {
                0
            };
            '__resilience_body: { connect().await?.query().await }
        },
    )
    .await
    {
        __rt::Ok(__outcome) => __outcome,
        __rt::Err(__full) => {
            __rt::failed::<Result<Row, Error>>(__rt::FromBulkheadFull::from(__full))
        }
    };
}
