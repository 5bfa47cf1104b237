//! Façades: other products' APIs, told in terms of our contexts. They hold no state and no rules.

pub mod langfuse;
