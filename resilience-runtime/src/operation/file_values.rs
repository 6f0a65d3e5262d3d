//! The values that hold for the layers of one function: those of the attributes, and those that the
//! configuration file sets in their place.

use std::{
    any::Any,
    fmt,
    sync::{Mutex, PoisonError},
};

use super::{
    described::{Configured, Described},
    slot::{InSlot, Slot},
};
use crate::file::Value;

/// The values of a function, as its calls have them.
pub type InForce = &'static FileValues;

/// A call finds the slots of so many layers without a look at the length of a list.
const NEAR: usize = 8;

/// The values that hold for the layers of one function.
pub struct FileValues {
    near: [LayerSlot; NEAR],
    /// The slots of the layers behind.
    far: &'static [LayerSlot],
    layers: &'static [Option<LayerInFile>],
}

/// One layer, as a call reads it.
#[derive(Clone, Copy, Debug)]
struct LayerSlot {
    config: Slot,
    /// False for a layer whose budget a layer outside draws on, too. `None` for a layer without a
    /// budget that is known.
    deposits: Option<bool>,
    /// True if the file sets values of the layer.
    is_in_file: bool,
}

/// A layer with the values of the file.
pub(super) struct LayerInFile {
    /// The values that the configuration was made of.
    pub(super) contents: Vec<(&'static str, Value)>,
    pub(super) config: Box<dyn Configured>,
}

impl LayerSlot {
    /// A layer that no function has.
    const NONE: Self = Self {
        config: Slot::EMPTY,
        deposits: None,
        is_in_file: false,
    };
}

impl FileValues {
    /// The values of a function that has no layers.
    pub(super) const NONE: Self = Self {
        near: [LayerSlot::NONE; NEAR],
        far: &[],
        layers: &[],
    };

    fn new(found: LayersInForce) -> Self {
        let layers: &'static [Option<LayerInFile>] = found.in_file.leak();
        let slots = layers.iter().zip(found.own).zip(found.deposits);
        let mut slots = slots.map(|((in_file, own), deposits)| LayerSlot {
            config: match in_file {
                Some(in_file) => in_file.config.slot(),
                None => own.slot(),
            },
            deposits,
            is_in_file: in_file.is_some(),
        });
        let near = [(); NEAR].map(|()| slots.next().unwrap_or(LayerSlot::NONE));
        Self {
            near,
            far: slots.collect::<Vec<_>>().leak(),
            layers,
        }
    }

    /// The expansion passes a constant, so that nothing but one load is left of this.
    #[inline]
    fn slot(&self, at: usize) -> &LayerSlot {
        match self.near.get(at) {
            Some(slot) => slot,
            None => self.far.get(at - NEAR).unwrap_or(&LayerSlot::NONE),
        }
    }

    /// The configuration of the layer at that position. It is `own` for a layer whose configuration
    /// each call computes.
    #[inline]
    pub(crate) fn config_or<C: InSlot>(&self, own: &'static C, at: usize) -> &'static C {
        self.slot(at).config.get_or(own)
    }

    /// True if a call has nothing to do with the configuration of that layer before its first
    /// attempt.
    #[inline]
    pub(crate) fn is_idle<C: InSlot>(&self, at: usize) -> bool {
        self.slot(at).config.is_idle::<C>()
    }

    /// The configuration of the layer at that position if it is idle, or `own`.
    #[inline]
    pub(crate) fn idle_or<C: InSlot>(&self, own: &'static C, at: usize) -> &'static C {
        self.slot(at).config.idle_or(own)
    }

    /// True if the layer at that position deposits each call into its budget: no layer outside does
    /// so. `otherwise` is the answer if the budget is not known.
    #[inline]
    pub(crate) fn deposits(&self, at: usize, otherwise: bool) -> bool {
        self.slot(at).deposits.unwrap_or(otherwise)
    }

    /// The values of the file for the layer at that position, if it sets any.
    #[inline]
    pub(crate) fn layer<C: Any>(&self, at: usize) -> Option<&C> {
        if self.slot(at).is_in_file {
            self.downcast(at)
        } else {
            None
        }
    }

    #[inline(never)]
    fn downcast<C: Any>(&self, at: usize) -> Option<&C> {
        let in_file = self.layers.get(at)?.as_ref()?;
        in_file.config.as_any().downcast_ref()
    }
}

impl fmt::Debug for FileValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contents = self.layers.iter().map(Option::as_ref).map(contents);
        f.debug_list().entries(contents).finish()
    }
}

/// The values that the configuration of a layer was made of.
fn contents(layer: Option<&LayerInFile>) -> Option<&[(&'static str, Value)]> {
    layer.map(|layer| &*layer.contents)
}

/// The layers of a function, with values that do not hold yet.
#[derive(Default)]
pub(super) struct LayersInForce {
    /// The configurations of the attributes.
    pub(super) own: Vec<&'static dyn Described>,
    pub(super) in_file: Vec<Option<LayerInFile>>,
    /// See [`LayerSlot::deposits`].
    pub(super) deposits: Vec<Option<bool>>,
}

impl LayersInForce {
    /// True if both are made of the same values of the file. The configurations of the attributes
    /// never change.
    fn is_equal(&self, kept: &FileValues) -> bool {
        let in_file = self.in_file.iter().map(Option::as_ref).map(contents);
        in_file.eq(kept.layers.iter().map(Option::as_ref).map(contents))
    }
}

impl fmt::Debug for LayersInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contents = self.in_file.iter().map(Option::as_ref).map(contents);
        f.debug_list().entries(contents).finish()
    }
}

/// All values that a function has had. They stay for the rest of the process, because calls that
/// run have references to them, and equal ones are found again, so that a file that changes to and
/// fro takes no more memory.
#[derive(Debug, Default)]
pub(super) struct KeptValues(Mutex<Vec<&'static FileValues>>);

impl KeptValues {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn find_or_add(&self, layers: LayersInForce) -> &'static FileValues {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|known| layers.is_equal(known)) {
            return known;
        }
        let values: &'static _ = Box::leak(Box::new(FileValues::new(layers)));
        kept.push(values);
        values
    }
}
