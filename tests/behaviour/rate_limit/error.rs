//! The error of a refused call.

use std::io;

use resilience::{RateLimited, Refusal, RefusalKind, rate_limit};

#[test]
fn it_arrives_through_from_a_function_a_variant_or_a_value() {
    #[derive(Debug, PartialEq)]
    enum Fault {
        Busy,
        Limited(RateLimited),
        After(bool),
    }
    fn after(limited: RateLimited) -> Fault {
        Fault::After(!limited.retry_after().is_zero())
    }
    #[rate_limit(1, per = 1h)]
    fn of_io() -> io::Result<()> {
        Ok(())
    }
    #[rate_limit(1, per = 1h, error = after)]
    fn by_function() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(1, per = 1h, error = Fault::Limited)]
    fn by_variant() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(1, per = 1h, error = |limited| Fault::After(limited.key().is_some()))]
    fn by_closure() -> Result<(), Fault> {
        Ok(())
    }
    #[rate_limit(1, per = 1h, error = Fault::Busy)]
    fn by_value() -> Result<(), Fault> {
        Ok(())
    }
    of_io().unwrap();
    let error = of_io().unwrap_err();
    assert_eq!(
        Refusal::of(&error).map(Refusal::kind),
        Some(RefusalKind::RateLimited)
    );
    assert_eq!(
        (by_function(), by_function()),
        (Ok(()), Err(Fault::After(true)))
    );
    assert!(by_variant().is_ok() && matches!(by_variant(), Err(Fault::Limited(_))));
    assert_eq!(
        (by_closure(), by_closure()),
        (Ok(()), Err(Fault::After(false)))
    );
    assert_eq!((by_value(), by_value()), (Ok(()), Err(Fault::Busy)));
}
