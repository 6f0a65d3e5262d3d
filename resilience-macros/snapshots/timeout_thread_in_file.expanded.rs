fn query(connection: Connection) -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    const __NAME: &__rt::str = __rt::concat!(__rt::module_path!(), "::", "query");
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(__NAME, __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__TIMEOUT, "limit");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    const __TIMEOUT: __rt::TimeoutConfig =
        __rt::TimeoutConfig::new(__rt::Limit::new(LIMIT).__duration()).operation_or(__NAME);
    #[allow(clippy::result_large_err)]
    let __timed = __rt::TimeoutConfig::run_thread(
        *__rt::FileLayer::in_file(&__TIMEOUT, __file, 0),
        move || -> Result<Row, Error> {
            let _ = &connection;
            '__resilience_body: { connection.query() }
        },
    );
    return match __timed {
        __rt::Ok(__outcome) => __outcome,
        __rt::Err(__late) => __rt::failed::<Result<Row, Error>>(__rt::FromTimedOut::from(__late)),
    };
}
