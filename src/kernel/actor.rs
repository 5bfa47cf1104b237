//! Who is asking, for which project, and what they may do there.

use super::{
    ApiKeyId, ErrorCode, Failure, OrganizationId, Permission, Permissions, ProjectId, UserId,
};

/// The authenticated caller of a use case. Every service method takes one and asks it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub subject: Subject,
    pub organization: OrganizationId,
    /// The only project whose rows this actor can reach.
    pub project: ProjectId,
    pub permissions: Permissions,
}

/// What stands behind an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An API key, with its public half (`pk-…`).
    ApiKey { id: ApiKeyId, public_key: String },
    /// A person with a session.
    User(UserId),
    /// The product itself: a job or a reaction to an event.
    System,
}

impl Actor {
    /// # Errors
    /// `forbidden`, naming the permission that is missing.
    pub fn require(&self, permission: Permission) -> Result<(), Failure> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        Err(Failure::new(
            ErrorCode::Forbidden,
            format!("this key lacks the permission `{permission}`"),
        ))
    }

    /// How the actor signs what it made (a version's author, a job's requester).
    pub fn signature(&self) -> String {
        match &self.subject {
            Subject::ApiKey { public_key, .. } => public_key.clone(),
            Subject::User(id) => format!("user:{id}"),
            Subject::System => "system".to_owned(),
        }
    }
}
