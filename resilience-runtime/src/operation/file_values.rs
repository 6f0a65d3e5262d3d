//! The values of the configuration file for the layers of one function.

use std::{any::Any, fmt, sync::OnceLock};

use super::{layer::Configured, published::KeptValues};
use crate::file::Value;
use crate::versions::Versions;

/// The values of the file for the layers of one function.
pub struct FileValues {
    layers: Vec<Option<LayerInFile>>,
    /// True for a layer whose budget a layer outside draws on, too. `None` for a layer without a
    /// budget that is known.
    shares_budget: Vec<Option<bool>>,
}

/// A layer with the values of the file.
pub(super) struct LayerInFile {
    /// The values that the configuration was made of.
    pub(super) contents: Vec<(&'static str, Value)>,
    pub(super) config: Box<dyn Configured>,
}

impl FileValues {
    pub(super) fn new(layers: Vec<Option<LayerInFile>>, shares_budget: Vec<Option<bool>>) -> Self {
        Self {
            layers,
            shares_budget,
        }
    }

    /// True if the layer at that position deposits each call into its budget: no layer outside does
    /// so. `otherwise` is the answer if the budget is not known.
    pub(crate) fn deposits(&self, at: usize, otherwise: bool) -> bool {
        let shares = self.shares_budget.get(at).copied().flatten();
        shares.map_or(otherwise, |shares| !shares)
    }

    /// The configuration of the layer at that position, if the file sets values of it.
    pub(crate) fn layer<C: Any>(&self, at: usize) -> Option<&C> {
        self.at(at)?.config.as_any().downcast_ref()
    }

    /// The layer at that position, if the file sets values of it.
    pub(super) fn at(&self, at: usize) -> Option<&LayerInFile> {
        self.layers.get(at)?.as_ref()
    }

    fn contents(&self) -> impl Iterator<Item = Option<&Vec<(&'static str, Value)>>> {
        let layers = self.layers.iter();
        layers.map(|layer| layer.as_ref().map(|layer| &layer.contents))
    }
}

impl fmt::Debug for FileValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.contents()).finish()
    }
}

/// Two are equal if they are made of the same values.
impl PartialEq for FileValues {
    fn eq(&self, other: &Self) -> bool {
        self.contents().eq(other.contents())
    }
}

impl<'v> KeptValues for &'v Versions<FileValues> {
    type Value = FileValues;
    type Found = &'v FileValues;

    fn find_or_add(&self, values: FileValues) -> u32 {
        Versions::find_or_add(self, values)
    }

    fn get(&self, number: u32) -> Option<&'v FileValues> {
        Versions::get(self, number)
    }
}

/// The values of one function, one after the other. They are made when the file sets the first.
pub(super) type FunctionVersions = OnceLock<Box<Versions<FileValues>>>;
