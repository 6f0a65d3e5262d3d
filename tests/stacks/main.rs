//! Stacks of the attributes beside an interpreter: a call has the same result, runs the body as
//! often, and leaves the same counts in each circuit. `build.rs` draws the stacks.

mod interpreter;

use std::{
    cell::Cell,
    future::{Future, pending},
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Waker},
    time::Duration,
};

use proptest::{prelude::*, test_runner::Config};
use resilience::{
    BulkheadFull, CircuitBreaker, CircuitBreakerConfig, CircuitOpen, RateLimited, TimedOut,
};
use tokio::runtime;

use interpreter::{Circuit, End, Interpreter};

/// A circuit opens at this many failures.
const THRESHOLD: u64 = 5;
/// From this many failures on, it takes no hedge.
const HALF_FULL: u64 = 3;

/// A rate limit has this many turns in a year, which is longer than all calls of a case take.
const TURNS: u32 = 6;

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The end of the body by the script.
#[derive(Clone, Copy, Debug)]
enum Answered {
    Ok(u32),
    Down(u32),
    Hangs,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Down(u32),
    Stale,
    Late,
    /// A refusal, which the error itself does not tell from another error.
    Refused,
}

impl From<CircuitOpen> for Fault {
    fn from(_: CircuitOpen) -> Self {
        Self::Refused
    }
}

impl From<TimedOut> for Fault {
    fn from(_: TimedOut) -> Self {
        Self::Late
    }
}

impl From<BulkheadFull> for Fault {
    fn from(_: BulkheadFull) -> Self {
        Self::Refused
    }
}

impl From<RateLimited> for Fault {
    fn from(_: RateLimited) -> Self {
        Self::Refused
    }
}

impl Fault {
    /// The answer of a fallback: an old value for every second failure.
    fn answer(self) -> Result<u32, Self> {
        match self {
            Self::Down(number) if number % 2 == 0 => Ok(1_000 + number),
            _ => Err(Self::Stale),
        }
    }
}

/// The surroundings of one function: the script of its body, and a circuit for each place. The
/// bulkheads and the rate limits of its places have its number as their key.
struct World {
    number: u64,
    script: Vec<Answered>,
    bodies: Cell<usize>,
    circuits: [CircuitBreaker; 5],
}

/// The number of the next world.
static WORLDS: AtomicU64 = AtomicU64::new(0);

impl World {
    fn new(script: Vec<Answered>) -> Self {
        let config = CircuitBreakerConfig::new()
            .failure_threshold(u32::try_from(THRESHOLD).expect("few"))
            .failure_window(CENTURY)
            .recovery_timeout(CENTURY);
        Self {
            number: WORLDS.fetch_add(1, Ordering::Relaxed),
            script,
            bodies: Cell::new(0),
            circuits: std::array::from_fn(|_| CircuitBreaker::new("stacks", config)),
        }
    }

    fn next(&self) -> Answered {
        let at = self.bodies.get();
        self.bodies.set(at + 1);
        self.script[at % self.script.len()]
    }

    fn sync(&self) -> Result<u32, Fault> {
        match self.next() {
            Answered::Ok(number) => Ok(number),
            Answered::Down(number) => Err(Fault::Down(number)),
            Answered::Hangs => unreachable!("a sync body that hangs cannot be left"),
        }
    }

    async fn asynchronous(&self) -> Result<u32, Fault> {
        tokio::task::yield_now().await;
        match self.next() {
            Answered::Ok(number) => Ok(number),
            Answered::Down(number) => Err(Fault::Down(number)),
            Answered::Hangs => pending().await,
        }
    }

    fn counts(&self) -> [Circuit; 5] {
        std::array::from_fn(|at| {
            let stats = self.circuits[at].stats();
            Circuit {
                successes: stats.successes,
                failures: stats.failures,
                ignored: stats.ignored,
                refused: stats.refused,
                abandoned: stats.abandoned,
            }
        })
    }
}

type Called<'w> = Pin<Box<dyn Future<Output = Result<u32, Fault>> + 'w>>;

/// A function under a stack.
type Call = for<'w> fn(&'w World) -> Called<'w>;

/// Writes a function for each line, and a list of all of them. A layer has the place that it stands
/// at, so that each circuit of a stack is another one and each timeout is longer than those inside.
/// The name of the argument goes through all steps, because each step has names of its own.
macro_rules! stacks {
    ($list:ident, $kind:ident; $($name:ident: $($layer:ident)*;)*) => {
        #[allow(non_snake_case)]
        mod $kind {
            use super::{Fault, TURNS, World};
            $( stacks! { @layer ($kind world) $name [] [(0 1000s) (1 100s) (2 10s) (3 1s) (4 100ms)] $($layer)* } )*
        }

        /// The functions, each with its layers.
        const $list: &[(&str, Call)] = &[$(
            (stringify!($name), |world| stacks!(@call $kind $name world)),
        )*];
    };
    (@call asynchronous $name:ident $world:ident) => { Box::pin(asynchronous::$name($world)) };
    (@call sync $name:ident $world:ident) => { Box::pin(std::future::ready(sync::$name($world))) };
    (@layer ($kind:ident $world:ident) $name:ident [$($attrs:tt)*] [$place:tt $($places:tt)*] R $($rest:ident)*) => {
        stacks! { @layer ($kind $world) $name
            [$($attrs)* #[resilience::retry(max_retries = 1, base_delay = 0s)]] [$($places)*] $($rest)* }
    };
    (@layer ($kind:ident $world:ident) $name:ident [$($attrs:tt)*] [($at:literal $limit:literal) $($places:tt)*] C $($rest:ident)*) => {
        stacks! { @layer ($kind $world) $name
            [$($attrs)* #[resilience::circuit_breaker(breaker = &$world.circuits[$at])]] [$($places)*] $($rest)* }
    };
    (@layer (asynchronous $world:ident) $name:ident [$($attrs:tt)*] [($at:literal $limit:literal) $($places:tt)*] T $($rest:ident)*) => {
        stacks! { @layer (asynchronous $world) $name
            [$($attrs)* #[resilience::timeout($limit)]] [$($places)*] $($rest)* }
    };
    (@layer (sync $world:ident) $name:ident [$($attrs:tt)*] [($at:literal $limit:literal) $($places:tt)*] T $($rest:ident)*) => {
        stacks! { @layer (sync $world) $name
            [$($attrs)* #[resilience::timeout($limit, mode = cooperative)]] [$($places)*] $($rest)* }
    };
    (@layer ($kind:ident $world:ident) $name:ident [$($attrs:tt)*] [$place:tt $($places:tt)*] F $($rest:ident)*) => {
        stacks! { @layer ($kind $world) $name
            [$($attrs)* #[resilience::fallback(|error| error.answer(), on(Fault::Down(_)))]] [$($places)*] $($rest)* }
    };
    (@layer ($kind:ident $world:ident) $name:ident [$($attrs:tt)*] [$place:tt $($places:tt)*] H $($rest:ident)*) => {
        stacks! { @layer ($kind $world) $name
            [$($attrs)* #[resilience::hedge(after = 10000s, budget = 1000)]] [$($places)*] $($rest)* }
    };
    (@layer ($kind:ident $world:ident) $name:ident [$($attrs:tt)*] [($at:literal $limit:literal) $($places:tt)*] B $($rest:ident)*) => {
        stacks! { @layer ($kind $world) $name
            [$($attrs)* #[resilience::bulkhead(1, name = concat!("stacks ", $at), key = $world.number, max_keys = 1_000_000)]] [$($places)*] $($rest)* }
    };
    (@layer ($kind:ident $world:ident) $name:ident [$($attrs:tt)*] [($at:literal $limit:literal) $($places:tt)*] L $($rest:ident)*) => {
        stacks! { @layer ($kind $world) $name
            [$($attrs)* #[resilience::rate_limit(TURNS, per = 8760h, name = concat!("stacks ", $at), key = $world.number, max_keys = 1_000_000)]] [$($places)*] $($rest)* }
    };
    (@layer (asynchronous $world:ident) $name:ident [$($attrs:tt)*] $places:tt) => {
        $($attrs)*
        pub(super) async fn $name($world: &World) -> Result<u32, Fault> {
            $world.asynchronous().await
        }
    };
    (@layer (sync $world:ident) $name:ident [$($attrs:tt)*] $places:tt) => {
        $($attrs)*
        pub(super) fn $name($world: &World) -> Result<u32, Fault> {
            $world.sync()
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/drawn.rs"));

/// The number that the stacks were drawn with.
const SEED: &str = env!("STACKS_SEED");

/// Writes a function for each place, which takes the slot of the place's bulkhead for ever.
macro_rules! occupiers {
    ($($name:ident: $at:literal;)*) => {
        $(
            #[resilience::bulkhead(1, name = concat!("stacks ", $at), key = world.number, max_keys = 1_000_000)]
            async fn $name(world: &World) -> Result<u32, Fault> {
                let _ = world;
                pending().await
            }
        )*

        const OCCUPIERS: [Call; 5] = [$(|world| Box::pin($name(world))),*];
    };
}
occupiers! { occupy_0: 0; occupy_1: 1; occupy_2: 2; occupy_3: 3; occupy_4: 4; }

/// Takes the slots of the bulkheads that are full, until the result is dropped.
fn occupy(world: &World, is_full: [bool; 5]) -> Vec<Called<'_>> {
    let places = OCCUPIERS
        .iter()
        .zip(is_full)
        .filter(|(_, is_full)| *is_full);
    let mut occupying: Vec<_> = places.map(|(occupy, _)| occupy(world)).collect();
    for call in &mut occupying {
        let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending(), "it has the slot");
    }
    occupying
}

/// Longer than all timeouts of a stack together, and shorter than the time of a hedge.
const FOR_EVER: Duration = Duration::from_secs(5_000);

thread_local! {
    /// The rate limits live as long as the process, so that all cases of a test have one clock.
    static CLOCK: runtime::Runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O");
}

/// Calls a function of the list once for each element of `calls`, which says the bulkheads that are
/// full then, and compares each call with the interpreter's.
fn compare(
    (name, call): (&str, Call),
    script: &[Answered],
    calls: &[[bool; 5]],
) -> Result<(), TestCaseError> {
    let world = World::new(script.to_vec());
    let mut interpreter = Interpreter {
        layers: name.chars().collect(),
        script,
        bodies: 0,
        circuits: [Circuit::default(); 5],
        turns: [0; 5],
        is_full: [false; 5],
    };
    CLOCK.with(|clock| {
        clock.block_on(async {
            for &is_full in calls {
                interpreter.is_full = is_full;
                let occupying = occupy(&world, is_full);
                let expected = match interpreter.call(0) {
                    End::Ok(number) => Some(Ok(number)),
                    End::Failed(fault) => Some(Err(fault)),
                    End::Refused => Some(Err(Fault::Refused)),
                    End::Hangs => None,
                };
                let called = tokio::time::timeout(FOR_EVER, call(&world)).await.ok();
                drop(occupying);
                prop_assert_eq!(
                    called,
                    expected,
                    "the result under {}, STACKS_SEED={}",
                    name,
                    SEED
                );
                prop_assert_eq!(
                    world.bodies.get(),
                    interpreter.bodies,
                    "the bodies under {}, STACKS_SEED={}",
                    name,
                    SEED
                );
                prop_assert_eq!(
                    world.counts(),
                    interpreter.circuits,
                    "the circuits under {}, STACKS_SEED={}",
                    name,
                    SEED
                );
                if expected.is_none() {
                    break;
                }
            }
            Ok(())
        })
    })
}

fn answered(hangs: bool) -> impl Strategy<Value = Answered> {
    let hanging = u32::from(hangs);
    prop_oneof![
        3 => (0..100_u32).prop_map(Answered::Ok),
        6 => (0..100_u32).prop_map(Answered::Down),
        hanging => Just(Answered::Hangs),
    ]
}

/// The calls of a case. A bulkhead is full in one of six.
fn calls() -> impl Strategy<Value = Vec<[bool; 5]>> {
    let is_full = prop::array::uniform5(prop::bool::weighted(1.0 / 6.0));
    prop::collection::vec(is_full, 1..8)
}

/// The cases of a test; `PROPTEST_CASES=100000` looks longer.
fn search() -> Config {
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 4_000;
    }
    config
}

proptest! {
    #![proptest_config(search())]

    #[test]
    fn an_async_stack_does_what_the_interpreter_says(
        at in 0..ASYNC.len(),
        script in prop::collection::vec(answered(true), 1..12),
        calls in calls(),
    ) {
        compare(ASYNC[at], &script, &calls)?;
    }

    #[test]
    fn a_sync_stack_does_what_the_interpreter_says(
        at in 0..SYNC.len(),
        script in prop::collection::vec(answered(false), 1..12),
        calls in calls(),
    ) {
        compare(SYNC[at], &script, &calls)?;
    }
}
