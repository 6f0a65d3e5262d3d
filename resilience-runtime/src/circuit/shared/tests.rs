use std::mem::offset_of;

use super::*;
use crate::{CircuitBreaker, sync::Arc};

#[test]
fn a_circuit_is_small_and_has_one_allocation() {
    // `Arc` allocates two counters beside its content, padded to the alignment.
    let total = align_of::<Shared>() + size_of::<Shared>();
    assert!(total <= 384, "{total}");
    assert_eq!(size_of::<CircuitBreaker>(), size_of::<Arc<Shared>>());
}

/// A circuit begins in the middle of a line or at its start, because a line is two alignments long.
#[test]
fn what_a_thread_writes_with_every_call_lies_in_no_line_that_others_use() {
    const LINE: usize = 64;
    assert_eq!(align_of::<Shared>(), LINE / 2);
    let shards = [
        offset_of!(Shared, shard_0),
        offset_of!(Shared, shard_1),
        offset_of!(Shared, shard_2),
    ];
    let name = offset_of!(Shared, name);
    let read = [offset_of!(Shared, gate), name, name + size_of::<Name>() - 1];
    for start in [0, LINE / 2] {
        let line = |offset: usize| (start + offset) / LINE;
        for shard in shards {
            let its = line(shard);
            assert_eq!(its, line(shard + size_of::<CounterShard>() - 1));
            assert!(read.iter().all(|&word| line(word) != its), "{shard}");
            let others = shards.iter().filter(|&&other| other != shard);
            assert!(others.into_iter().all(|&other| line(other) != its));
        }
    }
}
