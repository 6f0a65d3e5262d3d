//! Tells if a recorder is the one of the process.
//!
//! Only its handles may be kept: it is never freed, so that no other recorder gets its address. A
//! recorder of `with_local_recorder`, as in tests, may lie where an older one lay.

use std::sync::OnceLock;
use std::thread;

use metrics::{Recorder, with_recorder};

/// The recorder of the process, from the first update on that finds one.
static GLOBAL: OnceLock<Identity> = OnceLock::new();

/// The address of a recorder and its size, because its first field has the same address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(usize, usize);

impl Identity {
    /// `None` for a recorder without a size, because it shares its address with others.
    fn of(recorder: &dyn Recorder) -> Option<Self> {
        let size = size_of_val(recorder);
        let address = std::ptr::from_ref(recorder).cast::<()>().addr();
        (size > 0).then_some(Self(address, size))
    }
}

/// True if this is the recorder of the process. It asks by a thread until there is one.
pub(super) fn is_global(recorder: &dyn Recorder) -> bool {
    let Some(this) = Identity::of(recorder) else {
        return false;
    };
    let known = GLOBAL.get().copied();
    let global = known.or_else(|| ask().map(|found| *GLOBAL.get_or_init(|| found)));
    global == Some(this)
}

/// True if an update has found that this is the recorder of the process.
pub(super) fn is_known_as_global(recorder: &dyn Recorder) -> bool {
    GLOBAL.get().is_some() && GLOBAL.get().copied() == Identity::of(recorder)
}

/// Asks in a new thread, because such a thread has no local recorder.
fn ask() -> Option<Identity> {
    let asked = thread::Builder::new()
        .name("res-metrics".to_owned())
        .spawn(|| with_recorder(Identity::of));
    asked.ok()?.join().ok()?
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::Arc;

    use metrics::{NoopRecorder, set_global_recorder};

    use super::*;

    #[test]
    fn an_update_with_a_local_recorder_finds_that_of_the_process_once() {
        // An `Arc` has a size.
        let local = Arc::new(NoopRecorder);
        assert!(!is_global(&local) && GLOBAL.get().is_none());
        set_global_recorder(Arc::new(NoopRecorder)).expect("there is none");
        assert!(!is_global(&local));
        assert!(GLOBAL.get().is_some(), "the next update asks no thread");
        with_recorder(|global| assert!(is_known_as_global(global) && is_global(global)));
        assert!(!is_known_as_global(&local));
    }
}
