fn search(query: &str) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__rt::Fallback, "");
    }
    __rt::Operation::enter(&__OPERATION);
    #[allow(clippy::result_large_err)]
    let __outcome = __rt::attempt(|| -> Result<Vec<Issue>, Error> { find(query) });
    let __error = match <Result<Vec<Issue>, Error> as __rt::Fallible>::into_result(__outcome) {
        __rt::Err(__error) => __error,
        __result => return <Result<Vec<Issue>, Error> as __rt::Fallible>::succeeded(__result),
    };
    let __traits = __rt::Inspect::of_error(&__error).__traits();
    __rt::Fallback::told(&__OPERATION, &__error, __traits);
    return __rt::call::<_, Result<Vec<Issue>, Error>>(|_| Ok(Vec::new()), &__error);
}
