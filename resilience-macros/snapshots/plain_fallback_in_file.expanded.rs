async fn search(query: &str) -> Result<Vec<Issue>, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation = __rt::Operation::of_stack(
        __rt::concat!(__rt::module_path!(), "::", "search"),
        __describe,
    );
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__rt::Fallback, "");
    }
    let __file = __rt::Operation::enter(&__OPERATION);
    let __outcome = async {
        let _: u8 = if false {
            return <Result<Vec<Issue>, Error> as __rt::Fallible>::expected();
        } else {
            0
        };
        '__resilience_body: { find(query).await }
    }
    .await;
    let __error = match <Result<Vec<Issue>, Error> as __rt::Fallible>::into_result(__outcome) {
        __rt::Err(__error) => __error,
        __result => return <Result<Vec<Issue>, Error> as __rt::Fallible>::succeeded(__result),
    };
    if __rt::Fallback::is_disabled(__file, 0) {
        return <Result<Vec<Issue>, Error> as __rt::Fallible>::failed(__error);
    }
    let __traits = __rt::Inspect::of_error(&__error).__traits();
    __rt::Fallback::told(&__OPERATION, &__error, __traits);
    return '__answer: {
        let __later = match __rt::Answer::<Result<Vec<Issue>, Error>, _>::into_answer({
            let __given = (&__error, query);
            let __how = __rt::Passing::of(&cached, &__given).__found();
            __rt::FallbackFunction::<_, Result<Vec<Issue>, Error>, _>::call(__given, __how, cached)
        }) {
            __rt::Answered::Now(__answer) => break '__answer __answer,
            __rt::Answered::Later(__later) => __later,
        };
        __later.await
    };
}
