//! A hash table from keys to circuits, for hashes that are known already.

/// An open-addressing table with linear probing. The caller brings the hash, because the hash also
/// chooses the shard that the table belongs to.
#[derive(Debug)]
pub(super) struct Table<T> {
    /// The number of slots is a power of two, or zero. At least a quarter of them is empty.
    slots: Box<[Option<(u64, T)>]>,
    length: usize,
}

const FIRST_SLOTS: usize = 8;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            slots: Box::default(),
            length: 0,
        }
    }
}

impl<T> Table<T> {
    /// The entry with the hash that `is_it` accepts.
    #[inline]
    pub(super) fn get(&self, hash: u64, is_it: impl Fn(&T) -> bool) -> Option<&T> {
        let at = self.find(hash, is_it)?;
        self.slots[at].as_ref().map(|(_, entry)| entry)
    }

    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(&T) -> bool) -> Option<usize> {
        let mut at = self.home(hash);
        while let Some((stored, entry)) = self.slots.get(at)?.as_ref() {
            if *stored == hash && is_it(entry) {
                return Some(at);
            }
            at = self.after(at);
        }
        None
    }

    /// Adds an entry. The caller has looked that there is none like it.
    pub(super) fn insert(&mut self, hash: u64, entry: T) {
        if (self.length + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        self.place(hash, entry);
        self.length += 1;
    }

    fn place(&mut self, hash: u64, entry: T) {
        let mut at = self.home(hash);
        while self.slots[at].is_some() {
            at = self.after(at);
        }
        self.slots[at] = Some((hash, entry));
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(FIRST_SLOTS);
        let grown = (0..slots).map(|_| None).collect();
        let before = std::mem::replace(&mut self.slots, grown);
        for (hash, entry) in before.into_iter().flatten() {
            self.place(hash, entry);
        }
    }

    /// Takes out the entry with the hash that `is_it` accepts.
    pub(super) fn remove(&mut self, hash: u64, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let mut hole = self.find(hash, is_it)?;
        let removed = self.slots[hole].take();
        self.length -= 1;
        // The entries behind the hole move up, so that a search that passed the removed entry still
        // finds them. An entry does not move in front of its home.
        let mut at = self.after(hole);
        while let Some((hash, _)) = &self.slots[at] {
            if self.distance(self.home(*hash), at) >= self.distance(hole, at) {
                self.slots.swap(hole, at);
                hole = at;
            }
            at = self.after(at);
        }
        removed.map(|(_, entry)| entry)
    }

    /// The slot of a hash, if no other entry is there.
    #[inline]
    fn home(&self, hash: u64) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the mask keeps fewer bits than an index has"
        )]
        let low = hash as usize;
        low & self.mask()
    }

    #[inline]
    fn after(&self, at: usize) -> usize {
        (at + 1) & self.mask()
    }

    fn distance(&self, from: usize, to: usize) -> usize {
        to.wrapping_sub(from) & self.mask()
    }

    #[inline]
    fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }
}
