fn query() -> Result<Row, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "query"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RATE_LIMIT_CONFIG, "limit per");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    const __RATE_LIMIT_CONFIG: __rt::RateLimitConfig = __rt::RateLimitConfig::unset()
        .limit(100)
        .per(__rt::Duration::new(1, 0));
    static __RATE_LIMIT: __rt::RateLimitSite = __rt::RateLimitSite::unnamed(&__OPERATION);
    let __rate_limit = __rt::RateLimitSite::single(&__RATE_LIMIT, &__RATE_LIMIT_CONFIG);
    if let __rt::Err(__limited) = __rt::RateLimit::admit(
        __rate_limit,
        __rt::FileLayer::in_file(&__RATE_LIMIT_CONFIG, __file, 0),
        &__OPERATION,
    ) {
        return __rt::failed::<Result<Row, Error>>(__rt::FromRateLimited::from(__limited));
    }
    #[allow(clippy::result_large_err)]
    let __outcome = __rt::attempt(|| -> Result<Row, Error> { connect()?.query() });
    return __outcome;
}
