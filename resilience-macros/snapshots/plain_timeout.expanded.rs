async fn query() -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "query");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    __rt::Operation::enter(&__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Duration::new(5, 0)).operation_or(__NAME);
    return __rt::Limited::with_error(
        &__TIMEOUT,
        |__late| __rt::FromTimedOut::from(__late),
        async {
            let _: u8 = if false {
                return <Result<Row, Error> as __rt::Fallible>::expected();
            } else {
                0
            };
            '__resilience_body: { connect().await?.query().await }
        },
    )
    .await;
}
