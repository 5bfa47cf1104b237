//! Whose the responses are that providers keep: projects share an operator's provider, and what it
//! keeps is told to the project that got it, and to no other.

mod schema;
mod service;
mod store;

pub use service::StoredResponses;
