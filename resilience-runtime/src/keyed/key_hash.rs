//! The hash of a key.

use std::hash::{BuildHasher, RandomState};

/// A hash that is seeded for each family, so that nobody can choose keys that collide.
///
/// It multiplies the text, 16 bytes at a time, with secrets to 128 bits, and folds these to 64, as
/// wyhash does. The standard library's hash is stronger, and takes longer than the whole look-up
/// otherwise does. It is not needed, because the number of keys is bounded: even keys that all
/// collide make a search of one shard, and no more.
#[derive(Debug)]
pub(super) struct KeyHash {
    secrets: [u64; 3],
}

const BLOCK: usize = 16;

impl KeyHash {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self {
            secrets: [0, 1, 2].map(|number: u8| random.hash_one(number)),
        }
    }

    #[inline]
    pub(super) fn hash(&self, key: &str) -> u64 {
        let [first, second, third] = self.secrets;
        let (bytes, length) = (key.as_bytes(), key.len() as u64);
        let mut state = first;
        let mut rest = bytes;
        while rest.len() > BLOCK {
            let (low, high) = ends(rest);
            state = fold(low ^ second, high ^ state);
            rest = &rest[BLOCK..];
        }
        let (low, high) = ends(rest);
        fold(fold(low ^ second, high ^ state), third ^ length)
    }
}

/// True if the keys are the same. It compares what the hash has read, without a call of `memcmp`.
#[inline]
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    while one.len() > BLOCK && other.len() > BLOCK {
        if ends(one) != ends(other) {
            return false;
        }
        (one, other) = (&one[BLOCK..], &other[BLOCK..]);
    }
    ends(one) == ends(other)
}

/// The first 16 bytes as two words. Of fewer than 16 bytes the words overlap, or the second is 0.
/// The length of the text, which is hashed, too, tells such texts apart.
#[inline]
fn ends(bytes: &[u8]) -> (u64, u64) {
    let long = |at: usize| {
        bytes
            .get(at..at + 8)?
            .try_into()
            .ok()
            .map(u64::from_le_bytes)
    };
    let short = |at: usize| {
        bytes
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(u32::from_le_bytes)
    };
    let end = bytes.len().min(BLOCK);
    if let (Some(low), Some(high)) = (long(0), end.checked_sub(8).and_then(long)) {
        return (low, high);
    }
    if let (Some(low), Some(high)) = (short(0), end.checked_sub(4).and_then(short)) {
        return (low.into(), high.into());
    }
    match bytes {
        [] => (0, 0),
        [first, ..] => {
            let [middle, last] = [end / 2, end - 1].map(|at| u64::from(bytes[at]));
            (u64::from(*first) | middle << 8 | last << 16, 0)
        }
    }
}

/// The product in 128 bits, folded to 64.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves are what is wanted"
)]
fn fold(one: u64, other: u64) -> u64 {
    let product = u128::from(one) * u128::from(other);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn different_texts_have_different_hashes() {
        let hash = KeyHash::new();
        let mut texts: BTreeSet<String> = (0..20_000).map(|n| format!("tenant-{n}")).collect();
        texts.extend((0..20_000).map(|n| n.to_string()));
        texts.extend((0..200).map(|length| "x".repeat(length)));
        texts.extend((0..200).map(|length| "\0".repeat(length)));
        for length in 0..70 {
            // Each differs from the others in one place.
            texts.extend((0..length).map(|at| {
                let mut bytes = vec![b'a'; length];
                bytes[at] = b'b';
                String::from_utf8(bytes).expect("letters")
            }));
        }
        let hashes: BTreeSet<u64> = texts.iter().map(|text| hash.hash(text)).collect();
        assert_eq!(hashes.len(), texts.len());
        let first = texts.first().expect("many");
        assert_eq!(hash.hash(first), hash.hash(&first.clone()));
        assert_ne!(
            hash.hash(first),
            KeyHash::new().hash(first),
            "the seeds differ"
        );
    }

    #[test]
    fn keys_are_the_same_if_every_byte_is() {
        for length in 0..70 {
            let text = "a".repeat(length);
            assert!(is_same(&text, &"a".repeat(length)));
            assert!(!is_same(&text, &"a".repeat(length + 1)));
            for at in 0..length {
                let mut other = text.clone().into_bytes();
                other[at] = b'b';
                let other = String::from_utf8(other).expect("letters");
                assert!(!is_same(&text, &other), "{length} {at}");
            }
        }
    }

    #[test]
    fn the_high_and_the_low_bits_are_spread() {
        let hash = KeyHash::new();
        let mut counts = [[0; 16]; 2];
        for number in 0..16_000 {
            let hash = hash.hash(&format!("tenant-{number}"));
            counts[0][usize::try_from(hash >> 60).expect("four bits")] += 1;
            counts[1][usize::try_from(hash & 15).expect("four bits")] += 1;
        }
        for count in counts.into_iter().flatten() {
            assert!((800..1_200).contains(&count), "{counts:?}");
        }
    }
}
