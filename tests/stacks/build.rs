//! Draws the stacks that the test compiles: each layer alone, each pair, and longer ones at random,
//! with repetitions.
//!
//! `STACKS` is the number of longer stacks of either kind, async and sync. `STACKS_SEED` is the
//! number that they are drawn with. Each run of `.ci/run slow` takes another one and prints it;
//! without it the stacks are the same each time.

use std::{collections::BTreeSet, env, fmt::Write, fs, iter, path::Path};

/// Each letter is a layer: retry, circuit breaker, timeout, fallback, hedge, bulkhead and rate
/// limit.
const ASYNC: &[u8] = b"RCTFHBL";
/// A hedge has no sync form.
const SYNC: &[u8] = b"RCTFBL";

const MOST_LAYERS: u64 = 5;

fn main() {
    let mut random = Random(number("STACKS_SEED", 15));
    let longer = usize::try_from(number("STACKS", 40)).expect("it fits");
    let mut lists = String::new();
    for (list, kind, letters) in [("ASYNC", "asynchronous", ASYNC), ("SYNC", "sync", SYNC)] {
        write_list(&mut lists, list, kind, &draw(letters, longer, &mut random));
    }
    let path = env::var_os("OUT_DIR").expect("Cargo sets it");
    fs::write(Path::new(&path).join("drawn.rs"), lists).expect("the folder is Cargo's");
}

/// Reads a number from the environment, and tells the test of it.
fn number(name: &str, otherwise: u64) -> u64 {
    println!("cargo::rerun-if-env-changed={name}");
    let number = match env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} must be a number, and it is {text:?}")),
        Err(_) => otherwise,
    };
    println!("cargo::rustc-env={name}={number}");
    number
}

/// All stacks of one and of two layers, and so many longer ones.
fn draw(letters: &[u8], longer: usize, random: &mut Random) -> BTreeSet<String> {
    let mut stacks = BTreeSet::new();
    for &one in letters {
        stacks.insert(stack([one]));
        stacks.extend(letters.iter().map(|&other| stack([one, other])));
    }
    let all = stacks.len() + longer;
    while stacks.len() < all {
        let layers = 3 + random.below(MOST_LAYERS - 2);
        let drawn = iter::repeat_with(|| letters[random.index(letters.len())]);
        let count = usize::try_from(layers).expect("at most five");
        stacks.insert(stack(drawn.take(count)));
    }
    stacks
}

fn stack(layers: impl IntoIterator<Item = u8>) -> String {
    layers.into_iter().map(char::from).collect()
}

/// Writes `stacks! { LIST, kind; RC: R C; … }`.
fn write_list(to: &mut String, list: &str, kind: &str, stacks: &BTreeSet<String>) {
    writeln!(to, "stacks! {{ {list}, {kind};").expect("a string takes all");
    for name in stacks {
        let layers: Vec<_> = name.split("").filter(|layer| !layer.is_empty()).collect();
        writeln!(to, "    {name}: {};", layers.join(" ")).expect("a string takes all");
    }
    writeln!(to, "}}").expect("a string takes all");
}

/// The generator "splitmix64" by G. Steele, D. Lea and C. Flood. A crate would take longer to build
/// than the stacks.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("it is below a `usize`")
    }
}
