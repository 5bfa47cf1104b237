//! An event as its publisher defines it, and as it travels.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::kernel::{Id, ProjectId, Timestamp};

/// Something that happened in a project. Its serde form is a contract: a change that old readers
/// can not read gets a new name (`.v2`).
pub trait Event: Serialize + DeserializeOwned + Send + 'static {
    /// What happened, and which form it is told in: `prompt.label_moved.v1`.
    const NAME: &'static str;

    fn project(&self) -> ProjectId;

    /// The thing it happened to. Events of one aggregate are relayed in the order of their commits.
    fn aggregate(&self) -> String;
}

/// The id of one event: the same on every delivery, so handlers can tell a repetition.
pub type EventId = Id<Envelope>;

/// An event on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    pub id: EventId,
    pub name: String,
    pub project: ProjectId,
    pub aggregate: String,
    pub occurred_at: Timestamp,
    pub payload: Value,
}
