//! The values that hold now.

// The lock is the standard library's, because loom's cannot be a static.
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::values::Values;
use crate::scope::per_scope;

per_scope! {
    static CURRENT: RwLock<Option<Arc<Values>>> = RwLock::new(None);
}

/// The values that hold now. No other configuration is applied as long as it lives, so that a thing
/// that registers itself under it is either seen by the next configuration or has its values.
pub(crate) struct Current(RwLockReadGuard<'static, Option<Arc<Values>>>);

impl Current {
    pub(crate) fn values(&self) -> Option<&Values> {
        self.0.as_deref()
    }
}

/// Reads the values that hold now.
pub(crate) fn current() -> Current {
    Current(CURRENT.read().unwrap_or_else(PoisonError::into_inner))
}

/// Replaces the values, if `prepare` succeeds. Nothing registers itself in the meantime.
pub(crate) fn replace<R, E>(
    prepare: impl FnOnce(Option<&Values>) -> Result<(Arc<Values>, R), E>,
) -> Result<R, E> {
    let mut current: RwLockWriteGuard<'_, _> =
        CURRENT.write().unwrap_or_else(PoisonError::into_inner);
    let (values, result) = prepare(current.as_deref())?;
    *current = Some(values);
    Ok(result)
}
