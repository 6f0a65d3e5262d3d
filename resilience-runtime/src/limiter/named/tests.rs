use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use super::*;
use crate::{BulkheadConfig, keyed::Standing, limiter::limiter::LimiterTypes};

/// The configurations that a limiter took, one after the other.
#[derive(Debug, Default)]
struct Taken(Arc<Mutex<Vec<u32>>>);

impl Taken {
    fn last(&self) -> Option<u32> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.last().copied()
    }
}

static NAMED: OnceLock<Named<Taken>> = OnceLock::new();

/// The changes that another thread made.
static CHANGES: AtomicU32 = AtomicU32::new(0);

const MOST: u32 = 1_000;

fn config(calls: u32) -> BulkheadConfig {
    BulkheadConfig::new(calls)
}

/// Whoever gives a configuration to the limiters makes handles of them first. In the test another
/// thread changes it then.
impl Clone for Taken {
    fn clone(&self) -> Self {
        if let Some(named) = NAMED.get() {
            let changes = CHANGES.fetch_add(1, Ordering::Relaxed) + 1;
            if changes <= MOST {
                named.change_configs().present.config = config(10 + changes);
            }
        }
        Self(Arc::clone(&self.0))
    }
}

impl LimiterTypes for Taken {
    type Config = BulkheadConfig;
    type Refusal = ();
}

impl Limiter for Taken {
    type Stats = ();

    fn new_at(_: Name, _: &BulkheadConfig, _: &'static Location<'static>) -> Self {
        Self::default()
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn adopt(&self, present: &Present<BulkheadConfig>) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.push(present.config.get_max_concurrent());
    }

    fn standing(&self, _: u64) -> Standing {
        unreachable!("no key is forgotten")
    }

    fn refusal_of((): (), _: Name) {}

    fn snapshot(&self) -> Snapshot<'_, BulkheadConfig> {
        unreachable!("nobody asks")
    }

    fn stats_of(_: Snapshot<'_, BulkheadConfig>, _: Option<&Self>) {}

    fn report(_: &str, _: Report<'_, BulkheadConfig>) {}
}

/// A call of `reconfigure` once did not return while other threads called it, too.
#[test]
fn a_change_ends_although_other_threads_change_the_configuration_all_the_time() {
    let named = NAMED.get_or_init(|| {
        let location = Location::caller();
        let name = Name::Static("changing");
        Named::new(name, &config(1), LayerOptions::default(), location)
    });
    let single = named.single(&config(1));
    CHANGES.store(0, Ordering::Relaxed);
    named.reconfigure(&config(2));
    assert_eq!(CHANGES.load(Ordering::Relaxed), 1, "the others give theirs");
    assert_eq!(single.last(), Some(11), "nothing older is left");
}
