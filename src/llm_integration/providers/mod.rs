//! The providers that models are called at: which there are, where they are, how they are asked.
//!
//! [`Providers::resolve`] says whom a model's name means. A [`Provider`] makes the request for an
//! [`Operation`] ([`Provider::request`]), and [`ProviderClient`] sends it. What a vendor does its own
//! way is one file in `vendors`; the bodies of chats are translated in `dialects`.

mod adapter;
mod addresses;
mod caller;
mod client;
mod connections;
mod event_stream;
mod kind;
mod name;
mod operation;
mod provider;
mod registry;
mod retry;
mod settings;
mod sigv4;
mod spec;
mod vendors;

pub use adapter::CredentialsError;
pub use addresses::{AddressRules, NotPublic};
pub use caller::CallerHeaders;
pub(super) use client::{ProviderClient, WholeAnswer, passed_headers};
pub use connections::{
    Connection, Connections, KeyCipher, NewConnection, NewSecrets, ProviderId, Tried,
};
pub use event_stream::{BrokenStream, EventStreamSplitter, StreamFrame};
pub use kind::ProviderKind;
pub use name::ProviderName;
pub use operation::{Ask, EmbeddingDialect, Framing, Manners, Operation};
pub use provider::{NotAskable, Origin, Provider};
pub use registry::{Providers, Resolved};
pub use retry::retry_after;
pub use settings::NamedProviderSettings;
pub use spec::{AwsKeys, ProviderSpec, SpecInvalid};
