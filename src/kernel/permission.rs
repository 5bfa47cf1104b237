//! What an actor may do. Roles and key scopes are only names for sets of permissions.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($variant:ident = $name:literal, $doc:literal;)+) => {
        /// One thing that an actor may or may not do inside its project.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $(#[doc = $doc] #[serde(rename = $name)] $variant,)+
        }
        impl Permission {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name used for an API key's scopes and in error messages.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

permissions! {
    DocumentsRead = "documents:read", "Read documents, search them and ask about them.";
    DocumentsWrite = "documents:write", "Upload, edit and delete documents.";
    DocumentsManage = "documents:manage", "Delete all documents of the project at once.";
    PromptsRead = "prompts:read", "Read prompts and resolve them.";
    PromptsWrite = "prompts:write", "Create versions, move labels, archive.";
    PromptsProtect = "prompts:protect", "Protect labels, and move or remove protected ones.";
    GatewayCall = "gateway:call", "Call models through the gateway.";
    TracesRead = "traces:read", "Read traces and observations.";
    TracesWrite = "traces:write", "Send traces, observations and scores.";
    TracesManage = "traces:manage", "Delete traces, and choose how long they are kept.";
    JobsRead = "jobs:read", "Read background jobs.";
    JobsManage = "jobs:manage", "Retry and cancel background jobs.";
    ProjectRead = "project:read", "Read the project itself.";
    KeysManage = "keys:manage", "Create, list and revoke the project's API keys.";
    MembersManage = "members:manage", "Add, change and remove the project's members.";
    ProvidersManage = "providers:manage", "Connect providers of the project's own, with their keys.";
    LimitsManage = "limits:manage", "Set the project's limits and budgets.";
    PricesManage = "prices:manage", "Edit the price table.";
    RoutesManage = "routes:manage", "Edit the routes that model aliases stand for.";
    GuardrailsManage = "guardrails:manage", "See, edit and try guardrails.";
    CacheManage = "cache:manage", "Purge the cache of answers.";
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Permission {
    type Err = String;
    /// The error lists every known name.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.name() == name)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL
                    .iter()
                    .map(|permission| permission.name())
                    .collect();
                format!("unknown scope `{name}`; known scopes: {}", known.join(", "))
            })
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u64);

impl Permissions {
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |permission| self.contains(*permission))
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(
            permissions
                .into_iter()
                .fold(0, |set, permission| set | 1 << permission as u64),
        )
    }
}

/// A member's role in a project, from most to least powerful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    Member,
    Viewer,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    pub fn permissions(self) -> Permissions {
        use Permission as P;
        match self {
            Self::Owner | Self::Admin => Permissions::all(),
            Self::Member => [
                P::DocumentsRead,
                P::DocumentsWrite,
                P::PromptsRead,
                P::PromptsWrite,
                P::GatewayCall,
                P::TracesRead,
                P::TracesWrite,
                P::JobsRead,
                P::JobsManage,
                P::ProjectRead,
            ]
            .into_iter()
            .collect(),
            Self::Viewer => [
                P::DocumentsRead,
                P::PromptsRead,
                P::TracesRead,
                P::JobsRead,
                P::ProjectRead,
            ]
            .into_iter()
            .collect(),
        }
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| {
                format!("unknown role `{name}`; known roles: owner, admin, member, viewer")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_next_one_may() {
        for pair in Role::ALL.windows(2) {
            let (stronger, weaker) = (pair[0].permissions(), pair[1].permissions());
            assert!(
                weaker
                    .iter()
                    .all(|permission| stronger.contains(permission)),
                "{pair:?}"
            );
        }
        assert!(
            !Role::Member
                .permissions()
                .contains(Permission::PromptsProtect)
        );
    }
}
