//! The surroundings of the programs in `bin`: the peers that they call, and the timeline that they
//! print. Each program reads as the code of a service.

pub mod peers;

pub use resilience_examples::timeline;
