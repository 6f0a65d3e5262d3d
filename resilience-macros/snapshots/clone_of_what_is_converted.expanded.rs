fn ask(prompt: impl Into<String>) -> Result<Answer, Error> {
    use ::resilience::__private as __rt;
    static __OPERATION: __rt::Operation =
        __rt::Operation::of_stack(__rt::concat!(__rt::module_path!(), "::", "ask"), __describe);
    fn __describe(__stack: &mut __rt::Stack) {
        __rt::Stack::add(__stack, &__RETRY, "");
    }
    __rt::Operation::enter(&__OPERATION);
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    #[allow(clippy::shadow_same, clippy::shadow_reuse)]
    let mut prompt = __rt::ConvertIfClone::<String>::new().__convert(prompt);
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        let __kept_0 = __rt::CloneIfPossible::of(&prompt).__keep_unless_last(&mut prompt, &__retry);
        #[allow(clippy::result_large_err)]
        let __outcome = __rt::attempt(|| -> Result<Answer, Error> { query(prompt) });
        let __result = <Result<Answer, Error> as __rt::Fallible>::into_result(__outcome);
        let __error @ __rt::Err(_) = __result else {
            let __value = <Result<Answer, Error> as __rt::Fallible>::value(__result);
            __rt::Retry::succeeded(&__retry, &__OPERATION);
            break <Result<Answer, Error> as __rt::Fallible>::of_value(__value);
        };
        let __traits = __rt::Inspect::of(&__error).__traits();
        let __last = __rt::Retry::failed_blocking(&mut __retry, __traits, __error, &__OPERATION);
        let __rt::None = __last else {
            break <Result<Answer, Error> as __rt::Fallible>::given_up(__last);
        };
        #[allow(unreachable_code)]
        if __rt::Kept::is_cloned(&__kept_0) {
            __rt::Kept::in_cloned_branch(&__kept_0);
            prompt = __rt::Kept::original(__kept_0);
        } else {
            __rt::Kept::in_place_branch(&__kept_0);
            let _ = &__kept_0;
        }
        __rt::Retry::wait_blocking(&__retry);
    };
}
