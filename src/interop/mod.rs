//! Façades: other products' APIs, composed of what several contexts offer.

pub mod langfuse;

pub use langfuse::routes;
