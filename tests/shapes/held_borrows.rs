//! An owned argument holds a borrow, and the body hands that borrow out: possible where the body
//! runs once.

use std::future::Future;
use std::pin::Pin;

use resilience::{circuit_breaker, timeout};

use crate::{Error, Flaky};

type Outcome<T> = Result<T, Error>;

struct Client(u32);

struct Begin<'a> {
    client: &'a mut Client,
}

struct Open<'a> {
    client: &'a mut Client,
}

#[async_trait::async_trait]
trait Start<'a> {
    async fn start_in_a_trait(self) -> Outcome<Open<'a>>;
}

macro_rules! under {
    ($name:ident, $($policy:tt)*) => {
        mod $name {
            use super::*;

            impl<'a> Begin<'a> {
                $($policy)*
                async fn $name(self) -> Outcome<Open<'a>> {
                    Flaky::default().call_async().await?;
                    Ok(Open { client: self.client })
                }
            }

            $($policy)*
            async fn argument(pair: (&mut u32, u32)) -> Outcome<&mut u32> {
                Ok(pair.0)
            }

            $($policy)*
            async fn tuple((first, _): (&mut u32, u32)) -> Outcome<&mut u32> {
                Ok(first)
            }

            $($policy)*
            async fn fields<'a>(Begin { client, .. }: Begin<'a>) -> Outcome<Open<'a>> {
                Flaky::default().call_async().await?;
                Ok(Open { client })
            }

            $($policy)*
            fn lone_block<'a>(begin: Begin<'a>) -> impl Future<Output = Outcome<&'a mut Client>> {
                async move {
                    Flaky::default().call_async().await?;
                    Ok(begin.client)
                }
            }

            $($policy)*
            fn boxed<'a>(
                begin: Begin<'a>,
            ) -> Pin<Box<dyn Future<Output = Outcome<&'a mut Client>> + Send + 'a>> {
                Box::pin(async move {
                    Flaky::default().call_async().await?;
                    Ok(begin.client)
                })
            }

            #[tokio::test]
            async fn the_borrow_is_handed_out() {
                let mut client = Client(1);
                let open = Begin { client: &mut client }.$name().await;
                open.ok().expect("no failure").client.0 += 1;
                let open = fields(Begin { client: &mut client }).await;
                open.ok().expect("no failure").client.0 += 1;
                lone_block(Begin { client: &mut client }).await.ok().expect("no failure").0 += 1;
                boxed(Begin { client: &mut client }).await.ok().expect("no failure").0 += 1;
                assert_eq!(client.0, 5);

                let mut number = 1;
                *argument((&mut number, 0)).await.expect("no failure") += 1;
                *tuple((&mut number, 0)).await.expect("no failure") += 1;
                assert_eq!(number, 3);
            }
        }
    };
}

under!(guarded, #[circuit_breaker]);
under!(timed, #[timeout(5s)]);
under!(timed_with_an_error, #[timeout(5s, error = |_| Error::TimedOut)]);
under!(both, #[circuit_breaker] #[timeout(5s)]);

#[async_trait::async_trait]
impl<'a> Start<'a> for Begin<'a> {
    #[circuit_breaker]
    #[timeout(5s)]
    async fn start_in_a_trait(self) -> Outcome<Open<'a>> {
        Flaky::default().call_async().await?;
        Ok(Open {
            client: self.client,
        })
    }
}

#[tokio::test]
async fn a_method_under_async_trait_hands_its_borrow_out() {
    let mut client = Client(1);
    let begin = Begin {
        client: &mut client,
    };
    let open = begin.start_in_a_trait().await;
    open.ok().expect("no failure").client.0 += 1;
    assert_eq!(client.0, 2);
}
