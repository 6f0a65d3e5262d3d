//! The attributes in a crate of edition 2018.

#[path = "../../../every_attribute.rs"]
pub mod every_attribute;
