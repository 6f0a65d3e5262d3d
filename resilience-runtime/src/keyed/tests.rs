use std::collections::BTreeSet;

use super::{
    eviction::{EvictionQueue, Standing, Verdict},
    table::Table,
};

/// Draws numbers below a bound. The same seed gives the same numbers (a splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % bound
    }
}

const VALUES: u32 = 8;

/// A step of the model of the queue: time passes, or something happens to a value.
fn step(draw: &mut Draw, now: &mut u64, values: &mut [Option<Standing>]) -> bool {
    let at = usize::try_from(draw.below(VALUES.into())).expect("small");
    let (window, passed) = (draw.below(30), draw.below(20));
    let Some(value) = &mut values[at] else {
        *now += passed;
        return false;
    };
    match draw.below(6) {
        0 => *now += passed,
        1 => value.is_in_use = true,
        2 => {
            value.is_in_use = false;
            value.idle_since = *now;
        }
        3 => {
            value.idle_since = *now;
            value.fresh_at = value.fresh_at.map(|fresh| fresh.max(*now + window));
        }
        4 => {
            value.idle_since = *now;
            value.fresh_at = None;
        }
        _ => {
            value.fresh_at = Some(0);
            return true;
        }
    }
    false
}

#[test]
fn the_queue_takes_what_a_search_of_all_values_finds() {
    for seed in 0..2_000 {
        let mut draw = Draw(seed);
        let (mut now, idle) = (100, 1 + draw.below(15));
        let new = Standing {
            is_in_use: false,
            idle_since: now,
            fresh_at: Some(0),
        };
        let mut queue = EvictionQueue::default();
        let mut values = [Some(new); VALUES as usize];
        (0..VALUES).for_each(|id| queue.add(id, now + idle));
        for _ in 0..100 {
            if step(&mut draw, &mut now, &mut values) {
                queue.judge_anew();
            }
            if draw.below(3) > 0 {
                continue;
            }
            let judge = |id: u32| {
                let value = values[id as usize].expect("the queue holds what is there");
                value.judge(idle, now)
            };
            let there = (0..VALUES).filter(|&id| values[id as usize].is_some());
            let evictable = there.filter_map(|id| match judge(id) {
                Verdict::Evictable { idle_since } => Some((idle_since, id)),
                Verdict::NotBefore(_) => None,
            });
            let expected = evictable.min().map(|(_, id)| id);
            let taken = queue.take(now, judge);
            assert_eq!(taken, expected, "seed {seed}");
            if let Some(id) = taken {
                values[id as usize] = None;
            }
        }
    }
}

#[test]
fn the_table_is_a_map() {
    for seed in 0..500 {
        let mut draw = Draw(seed);
        let mut table = Table::default();
        let mut map = BTreeSet::new();
        // Few hashes, so that most keys collide.
        let hash = |key: u64| key / 4 * 3;
        for _ in 0..100 {
            let key = draw.below(40);
            if draw.below(2) == 0 {
                if map.insert(key) {
                    table.insert(hash(key), key);
                }
            } else {
                let removed = table.remove(hash(key), |other| *other == key);
                assert_eq!(removed.is_some(), map.remove(&key), "seed {seed}");
            }
            for key in 0..40 {
                let found = table.get(hash(key), |other| *other == key);
                assert_eq!(found.is_some(), map.contains(&key), "seed {seed}");
            }
        }
    }
}
