//! Tells if a recorder is the one of the process.
//!
//! Only its handles may be kept: it is never freed, so that no other recorder gets its address. A
//! recorder of `with_local_recorder`, as in tests, may lie where an older one lay.

use std::sync::OnceLock;
use std::thread;

use metrics::{Recorder, with_recorder};

/// The recorder of the process, from the first update with it on.
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

/// True if this is the recorder of the process. It asks once, by a thread.
pub(super) fn is_global(recorder: &dyn Recorder) -> bool {
    let Some(this) = Identity::of(recorder) else {
        return false;
    };
    let global = GLOBAL.get().copied().or_else(ask);
    global == Some(this) && *GLOBAL.get_or_init(|| this) == this
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
