use std::mem::offset_of;

use super::*;
use crate::{CircuitBreaker, sync::Arc};

#[test]
fn a_circuit_is_small_and_has_one_allocation() {
    // `Arc` allocates two counters beside its content, padded to the alignment.
    let total = align_of::<Shared>() + size_of::<Shared>();
    // The feature `config` keeps the declared configuration, in one more cache line.
    let most = if cfg!(feature = "config") { 448 } else { 384 };
    assert!(total <= most, "{total}");
    assert_eq!(size_of::<CircuitBreaker>(), size_of::<Arc<Shared>>());
}

#[test]
fn what_threads_write_with_every_call_lies_a_cache_line_apart() {
    const LINE: usize = 64;
    // None is larger than its alignment, so none lies in two lines.
    assert!(
        size_of::<CounterShard>() <= align_of::<Shared>()
            && offset_of!(Shared, config) <= align_of::<Shared>()
    );
    let gate = offset_of!(Shared, gate);
    let hot = [
        gate,
        offset_of!(Shared, shard_0),
        offset_of!(Shared, shard_1),
        offset_of!(Shared, shard_2),
    ];
    for pair in hot.windows(2) {
        assert!(pair[1] - pair[0] >= LINE, "{hot:?}");
    }
}
