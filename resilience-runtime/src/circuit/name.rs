//! The name of a circuit. Beside a key it holds the use of the circuit.

use super::usage::Usage;

pub(crate) type Name = crate::by_name::Name<Usage>;
