async fn fetch(url: &str) -> Result<String, Error> {
    use ::resilience::__private as __rt;
    const __RETRY: __rt::RetryConfig = __rt::RetryConfig::new();
    let mut __retry = __rt::Retry::new(&__RETRY);
    return loop {
        __rt::Retry::wait(&__retry).await;
        let __outcome = async {
            let _: u8 = if false {
                return <Result<String, Error> as __rt::Fallible>::expected();
            } else {
                0
            };
            '__resilience_body: { get(url).await }
        }
        .await;
        let __outcome = <Result<String, Error> as __rt::Fallible>::into_result(__outcome);
        let __err @ __rt::Err(_) = __outcome else {
            break <Result<String, Error> as __rt::Fallible>::done(__outcome);
        };
        let __show = __rt::Show::of_error(&__err).__shown();
        let __last = __rt::Retry::failed(&mut __retry, __err).last("fetch", __show);
        let __rt::None = __last else {
            break <Result<String, Error> as __rt::Fallible>::last(__last);
        };
    };
}
