//! The attributes in a crate of edition 2021.

#[path = "../../../every_attribute.rs"]
pub mod every_attribute;
