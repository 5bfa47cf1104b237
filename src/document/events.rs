//! What this context announces.

use serde::{Deserialize, Serialize};

use super::model::{DocumentId, VersionId, VersionNumber};
use crate::{kernel::ProjectId, platform::events::Event};

/// The aggregate of every event about one document.
fn aggregate(document: DocumentId) -> String {
    format!("document:{document}")
}

macro_rules! version_events {
    ($($(#[$doc:meta])* $name:ident = $event:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            pub project: ProjectId,
            pub document: DocumentId,
            pub version: VersionId,
            pub number: VersionNumber,
        }

        impl Event for $name {
            const NAME: &'static str = $event;

            fn project(&self) -> ProjectId {
                self.project
            }

            fn aggregate(&self) -> String {
                aggregate(self.document)
            }
        }
    )+};
}

version_events! {
    /// A document has a new version; it waits to be read.
    DocumentUploaded = "document.uploaded.v1";
    /// Every page of a version is stored.
    DocumentRead = "document.read.v1";
    /// A version can be searched.
    DocumentIndexed = "document.indexed.v1";
}

/// A document is gone, with everything that was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentDeleted {
    pub project: ProjectId,
    pub document: DocumentId,
    pub versions: Vec<VersionId>,
    /// Who deleted it, as [`Actor::signature`](crate::kernel::Actor::signature) gives it.
    pub by: String,
}

impl Event for DocumentDeleted {
    const NAME: &'static str = "document.deleted.v1";

    fn project(&self) -> ProjectId {
        self.project
    }

    fn aggregate(&self) -> String {
        aggregate(self.document)
    }
}
