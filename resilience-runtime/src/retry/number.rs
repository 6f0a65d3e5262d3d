//! The number of an attempt, for its body.

/// The attempt that the body of a `#[retry(attempt = name)]` function runs in.
///
/// It is for idempotency keys, for headers like `http.request.resend_count`, or to send the last
/// attempt somewhere else.
///
/// ```
/// use std::io;
/// use resilience::retry;
///
/// #[retry(attempt = n, max_attempts = 3, base_delay = 0s)]
/// fn fetch() -> io::Result<String> {
///     if !n.is_last() {
///         return Err(io::Error::other("busy"));
///     }
///     Ok(format!("attempt {} of {}", n.number(), n.max_attempts()))
/// }
///
/// assert_eq!(fetch().unwrap(), "attempt 3 of 3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    number: u32,
    max_attempts: u32,
}

impl Attempt {
    #[inline]
    pub(super) fn new(number: u32, max_attempts: u32) -> Self {
        Self {
            number,
            max_attempts,
        }
    }

    /// Returns the number of the attempt, from 1.
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// True for the first attempt of the call.
    #[inline]
    pub fn is_first(&self) -> bool {
        self.number == 1
    }

    /// True if no other attempt can follow, because this is the
    /// [`max_attempts`](Self::max_attempts)th one. An earlier one can be the last as well, when its
    /// error is not retried or no time is left.
    #[inline]
    pub fn is_last(&self) -> bool {
        self.number >= self.max_attempts
    }

    /// Returns the number of attempts that the call may make, the first one included.
    #[inline]
    pub fn max_attempts(&self) -> u32 {
        self.max_attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_go_by_the_number() {
        let seen = |number, max| {
            let attempt = Attempt::new(number, max);
            (attempt.is_first(), attempt.is_last())
        };
        assert_eq!(seen(1, 1), (true, true));
        assert_eq!(seen(1, 2), (true, false));
        assert_eq!(seen(2, 2), (false, true));
        assert_eq!(seen(u32::MAX, u32::MAX), (false, true));
    }

    #[test]
    fn it_can_be_carried_anywhere() {
        fn carried<T: Copy + Send + Sync + 'static>() {}
        carried::<Attempt>();
    }
}
