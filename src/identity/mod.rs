//! Identity: organisations, their projects, the people in them, and the API keys that act for them.
//!
//! It promises the rest of the system one thing: an [`Actor`](crate::kernel::Actor) that is who it
//! says and can reach one project only. Secrets are shown once and stored as keyed hashes; a revoked
//! key stops working on every replica within `identity.cache_seconds`.
//!
//! Sessions and OIDC for people come with the console; users and memberships are here already.

mod error;
mod first_project;
mod http;
mod key_hash;
mod model;
mod schema;
mod service;
mod settings;
mod store;

pub use error::IdentityError;
pub use first_project::{FirstProject, PrintedKeys};
pub use http::routes;
pub use key_hash::KeyHasher;
pub use model::{
    ApiKey, KeyPair, Member, NewKey, Organization, Project, PublicKey, SecretKey, User,
};
pub use service::Identity;
pub use settings::{IdentitySettings, InitSettings};
