//! The peer of the programs in `bin`: a real Redis.

mod server;

pub use server::RedisServer;
