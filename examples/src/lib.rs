//! The surroundings of the programs in this folder: the peers they call, and the timeline they
//! print.
//!
//! The programs themselves are the files beside `src`; each reads as the code of a service.

pub mod peers;
pub mod timeline;
