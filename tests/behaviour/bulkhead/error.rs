//! The error of a refused call.

use std::io;

use resilience::{BulkheadFull, Refusal, RefusalKind, bulkhead, is_refusal};

use super::ApiError;

type Inside<'i, E> = &'i mut dyn FnMut() -> Result<(), E>;

#[test]
fn it_arrives_through_from() {
    #[bulkhead(1)]
    fn own(inside: Inside<'_, ApiError>) -> Result<(), ApiError> {
        inside()
    }
    #[bulkhead(1)]
    fn of_io(inside: Inside<'_, io::Error>) -> io::Result<()> {
        inside()
    }
    #[bulkhead(1)]
    fn boxed(
        inside: Inside<'_, Box<dyn std::error::Error + Send + Sync>>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        inside()
    }
    assert!(matches!(
        own(&mut || own(&mut || Ok(()))),
        Err(ApiError::Full(_))
    ));
    let error = of_io(&mut || of_io(&mut || Ok(()))).unwrap_err();
    assert_eq!(
        Refusal::of(&error).map(Refusal::kind),
        Some(RefusalKind::BulkheadFull)
    );
    let error = boxed(&mut || boxed(&mut || Ok(()))).unwrap_err();
    assert!(is_refusal(&*error) && error.is::<BulkheadFull>());
}

#[test]
fn it_is_made_by_a_function_a_variant_or_a_value() {
    #[derive(Debug, PartialEq)]
    enum Fault {
        Busy,
        Full(u32),
        Refused(BulkheadFull),
    }
    fn limit(full: BulkheadFull) -> Fault {
        Fault::Full(full.limit())
    }
    #[bulkhead(1, error = limit)]
    fn by_function(inside: Inside<'_, Fault>) -> Result<(), Fault> {
        inside()
    }
    #[bulkhead(1, error = Fault::Refused)]
    fn by_variant(inside: Inside<'_, Fault>) -> Result<(), Fault> {
        inside()
    }
    #[bulkhead(1, error = |full| Fault::Full(full.limit() + 1))]
    fn by_closure(inside: Inside<'_, Fault>) -> Result<(), Fault> {
        inside()
    }
    #[bulkhead(1, error = Fault::Busy)]
    async fn by_value() -> Result<(), Fault> {
        std::future::pending().await
    }
    let ok: Inside<'_, Fault> = &mut || Ok(());
    assert_eq!(
        by_function(&mut || by_function(&mut *ok)),
        Err(Fault::Full(1))
    );
    assert!(matches!(
        by_variant(&mut || by_variant(&mut *ok)),
        Err(Fault::Refused(_))
    ));
    assert_eq!(
        by_closure(&mut || by_closure(&mut *ok)),
        Err(Fault::Full(2))
    );
    let mut first = Box::pin(by_value());
    assert!(super::poll(first.as_mut()).is_pending());
    assert_eq!(
        super::poll(Box::pin(by_value()).as_mut()),
        std::task::Poll::Ready(Err(Fault::Busy))
    );
}
