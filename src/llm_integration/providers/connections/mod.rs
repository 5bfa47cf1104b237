//! Providers that projects connect themselves: their keys are sealed before they are stored, and no
//! answer or log holds one.

mod cipher;
mod model;
mod schema;
mod service;
mod store;

pub use cipher::KeyCipher;
pub use model::{Connection, NewConnection, NewSecrets, ProviderId};
pub(super) use model::{Secrets, Stored};
pub(super) use service::Vault;
pub use service::{Connections, Tried};
