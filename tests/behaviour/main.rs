//! What the attributes promise, one module per promise-giver.
