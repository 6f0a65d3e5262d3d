//! A table by name: a sorted vector with the interface of a map.
//!
//! A `BTreeMap` is compiled anew for each type of its values, in some 4,500 lines of LLVM IR, and
//! the tables of this crate were a tenth of it. A name is added once in the life of the process, so
//! a vector that makes room for it costs nothing that anybody notices.

/// The values by their names, in the order of the names.
#[derive(Debug)]
pub(crate) struct NameTable<V>(Vec<(&'static str, V)>);

impl<V> NameTable<V> {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        self.get_key_value(name).map(|(_, value)| value)
    }

    /// The value, and the name as the table has it.
    pub(crate) fn get_key_value(&self, name: &str) -> Option<(&'static str, &V)> {
        let (name, value) = self.0.get(self.find(name).ok()?)?;
        Some((name, value))
    }

    /// The value of the name. `new` makes it if there is none.
    pub(crate) fn get_or_insert_with(
        &mut self,
        name: &'static str,
        new: impl FnOnce() -> V,
    ) -> &mut V {
        let at = self.find(name).unwrap_or_else(|at| {
            self.0.insert(at, (name, new()));
            at
        });
        &mut self.0[at].1
    }

    /// The values with their names, in the order of the names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'static str, V)> {
        self.0.iter()
    }

    /// The values in the order of their names.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// The place of the name, or the place at which it would be.
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by_key(&name, |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_listed_in_their_order() {
        let mut table = NameTable::new();
        for (number, name) in ["jira", "billing", "mail", "billing"]
            .into_iter()
            .enumerate()
        {
            table.get_or_insert_with(name, || number);
        }
        let all: Vec<_> = table.iter().copied().collect();
        assert_eq!(all, [("billing", 1), ("jira", 0), ("mail", 2)]);
        assert_eq!(table.values().copied().collect::<Vec<_>>(), [1, 0, 2]);
        assert_eq!(table.get("mail"), Some(&2));
        assert_eq!(table.get_key_value("mai"), None);
        *table.get_or_insert_with("mail", || 0) += 1;
        assert_eq!(table.get("mail"), Some(&3));
    }
}
