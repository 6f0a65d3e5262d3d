//! Carries a deadline to another task or thread.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::frame::Frame;

/// Carries the deadline of the calling code into `future`, for `tokio::spawn` and the like.
///
/// The deadline is read now, when `inherit` is called. A task that is spawned without it has no
/// deadline, because background work often has to outlive the request that began it.
///
/// ```
/// use std::time::Duration;
/// use resilience::{TimedOut, deadline, inherit, timeout};
///
/// #[timeout(5s)]
/// async fn load() -> Result<(), TimedOut> {
///     let mine = deadline();
///     assert!(mine.is_some());
///     let spawned = tokio::spawn(async { deadline() });
///     let inherited = tokio::spawn(inherit(async { deadline() }));
///     assert_eq!(spawned.await.unwrap(), None);
///     assert_eq!(inherited.await.unwrap(), mine);
///     Ok(())
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # load().await.unwrap();
/// # }
/// ```
pub fn inherit<F: Future>(future: F) -> InheritFuture<F> {
    InheritFuture {
        inherited: Inherited::captured(),
        future,
    }
}

/// Carries the deadline of the calling code into `f`, for `spawn_blocking` and threads.
///
/// The deadline is read now, when `inherit_blocking` is called, and not when the returned closure
/// is.
///
/// ```
/// use std::time::Duration;
/// use resilience::{TimeoutConfig, deadline, inherit_blocking};
///
/// let limit = TimeoutConfig::new(Duration::from_secs(60));
/// let _ = limit.run_cooperative(|| {
///     let mine = deadline();
///     let in_thread = std::thread::spawn(inherit_blocking(deadline)).join().unwrap();
///     assert_eq!(in_thread, mine);
/// });
/// ```
pub fn inherit_blocking<T, F: FnOnce() -> T>(f: F) -> impl FnOnce() -> T + use<T, F> {
    let inherited = Inherited::captured();
    move || {
        #[cfg(feature = "test-util")]
        let _scope = inherited.scope.enter();
        let _entered = inherited.frame().enter();
        f()
    }
}

/// The values that are carried to the other task or thread.
#[derive(Clone, Copy, Debug)]
struct Inherited {
    deadline: u64,
    #[cfg(feature = "test-util")]
    scope: crate::scope::Carried,
}

impl Inherited {
    fn captured() -> Self {
        Self {
            deadline: Frame::current().deadline(),
            #[cfg(feature = "test-util")]
            scope: crate::scope::Carried::captured(),
        }
    }

    #[inline]
    fn frame(self) -> Frame {
        Frame::current().asked_to_end_at(self.deadline)
    }
}

pin_project! {
    /// The future that [`inherit`] returns.
    #[must_use = "futures do nothing unless polled"]
    pub struct InheritFuture<F> {
        inherited: Inherited,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for InheritFuture<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        #[cfg(feature = "test-util")]
        let _scope = this.inherited.scope.enter();
        let _entered = this.inherited.frame().enter();
        this.future.poll(cx)
    }
}

// The future inside is left out, because few futures are `Debug`.
impl<F> fmt::Debug for InheritFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InheritFuture")
            .field("inherited", &self.inherited)
            .finish_non_exhaustive()
    }
}
