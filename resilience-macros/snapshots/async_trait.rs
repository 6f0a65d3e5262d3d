impl Service for Client {
    #[retry]
    #[timeout(1s)]
    fn call<'life0, 'async_trait>(
        &'life0 self,
        prompt: String,
    ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<u8, Error>> + ::core::marker::Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<Result<u8, Error>> {
                #[allow(unreachable_code)]
                return __ret;
            }
            let __self = self;
            let prompt = prompt;
            let __ret: Result<u8, Error> = { __self.send(&prompt).await };
            #[allow(unreachable_code)]
            __ret
        })
    }
}
