//! The use cases of identity: who is this, and who may act for a project.

use std::sync::Arc;

use futures::future::BoxFuture;
use moka::future::Cache;
use subtle::ConstantTimeEq;

use super::{
    ApiKey, IdentityError, IdentitySettings, KeyHasher, KeyPair, Member, NewKey, Project,
    SecretKey, User, model, store,
};
use crate::{
    kernel::{
        Actor, ApiKeyId, Clock, Failure, Permission, ProjectId, Role, Subject, Timestamp, UserId,
    },
    platform::{
        db::Db,
        http::{Authenticate, Credentials},
        remembered::get_or_load,
    },
};

/// Keys, known or unknown, that are remembered at once.
const CACHED_KEYS: u64 = 10_000;

/// The identity context. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) hasher: KeyHasher,
    last_used_interval: std::time::Duration,
    /// By hash of the secret; `None` stands for a key that does not exist.
    known: Cache<[u8; 32], Option<Arc<KnownKey>>>,
}

struct KnownKey {
    key: ApiKey,
    actor: Actor,
}

impl Identity {
    pub fn new(db: Db, clock: Clock, hasher: KeyHasher, settings: &IdentitySettings) -> Self {
        let known = Cache::builder()
            .max_capacity(CACHED_KEYS)
            .time_to_live(settings.cache_ttl())
            .build();
        Self {
            db,
            clock,
            hasher,
            last_used_interval: settings.last_used_interval(),
            known,
        }
    }

    /// The actor that stands behind an API key.
    ///
    /// # Errors
    /// [`IdentityError::BadKey`], whatever is wrong with it: a caller learns nothing by trying.
    pub async fn authenticate(&self, credentials: &Credentials) -> Result<Actor, IdentityError> {
        let secret =
            SecretKey::parse(credentials.secret_key.expose()).map_err(|_| IdentityError::BadKey)?;
        let hash = self.hasher.hash(&secret);
        let known = get_or_load(&self.known, hash, || self.load_key(hash))
            .await
            .map_err(|error: Arc<IdentityError>| {
                Arc::try_unwrap(error).unwrap_or_else(shared_failure)
            })?
            .ok_or(IdentityError::BadKey)?;
        let public_matches = credentials.public_key.as_deref().is_none_or(|public| {
            bool::from(public.as_bytes().ct_eq(known.key.public_key.as_bytes()))
        });
        if public_matches && known.key.is_usable(self.clock.now()) {
            Ok(known.actor.clone())
        } else {
            Err(IdentityError::BadKey)
        }
    }

    async fn load_key(&self, hash: [u8; 32]) -> Result<Option<Arc<KnownKey>>, IdentityError> {
        let found = self
            .db
            .read(move |conn| store::key_by_hash(conn, &hash))
            .await?;
        let Some(store::KeyOwner {
            key,
            project,
            organization,
        }) = found
        else {
            return Ok(None);
        };
        let now = self.clock.now();
        if key.is_usable(now) {
            self.record_use(&key, now).await;
        }
        let subject = Subject::ApiKey {
            id: key.id,
            public_key: key.public_key.clone(),
        };
        let actor = Actor {
            subject,
            organization,
            project,
            permissions: key.scopes,
        };
        Ok(Some(Arc::new(KnownKey { key, actor })))
    }

    /// Notes that a key is in use, at most once in `identity.last_used_seconds`.
    async fn record_use(&self, key: &ApiKey, now: Timestamp) {
        let recent = |last: Timestamp| now.since(last) < self.last_used_interval;
        if key.last_used_at.is_some_and(recent) {
            return;
        }
        let id = key.id;
        if let Err(error) = self
            .db
            .write(move |conn| store::touch_key(conn, id, now))
            .await
        {
            tracing::warn!(error = %Failure::from(error), "the use of a key was not recorded");
        }
    }

    pub async fn create_key(
        &self,
        actor: &Actor,
        new: NewKey,
    ) -> Result<(ApiKey, KeyPair), IdentityError> {
        actor.require(Permission::KeysManage)?;
        if let Some(excess) = new
            .scopes
            .iter()
            .find(|scope| !actor.permissions.contains(*scope))
        {
            return Err(IdentityError::GrantsMoreThanItHas(excess));
        }
        let pair = KeyPair::generate();
        let key = self.describe_key(&new, &pair)?;
        let (project, hash, row) = (actor.project, self.hasher.hash(&pair.secret), key.clone());
        self.db
            .write(move |conn| store::insert_key(conn, project, &row, &hash))
            .await?;
        Ok((key, pair))
    }

    pub(super) fn describe_key(
        &self,
        new: &NewKey,
        pair: &KeyPair,
    ) -> Result<ApiKey, IdentityError> {
        let now = self.clock.now();
        if new.expires_at.is_some_and(|end| end <= now) {
            let rule = "must be in the future".to_owned();
            return Err(IdentityError::Invalid {
                field: "expires_at",
                rule,
            });
        }
        Ok(ApiKey {
            id: self.clock.new_id(),
            name: model::valid_name("name", &new.name)?,
            public_key: pair.public.as_str().to_owned(),
            secret_hint: pair.secret.hint(),
            scopes: new.scopes,
            created_at: now,
            expires_at: new.expires_at,
            last_used_at: None,
            revoked_at: None,
        })
    }

    pub async fn list_keys(&self, actor: &Actor) -> Result<Vec<ApiKey>, IdentityError> {
        actor.require(Permission::KeysManage)?;
        let project = actor.project;
        Ok(self
            .db
            .read(move |conn| store::list_keys(conn, project))
            .await?)
    }

    /// From now on the key is refused: here at once, on other replicas once their cache has run out.
    pub async fn revoke_key(&self, actor: &Actor, id: ApiKeyId) -> Result<(), IdentityError> {
        actor.require(Permission::KeysManage)?;
        let (project, now) = (actor.project, self.clock.now());
        let revoked = self
            .db
            .write(move |conn| store::revoke_key(conn, project, id, now))
            .await?;
        self.known.invalidate_all();
        if revoked {
            Ok(())
        } else {
            Err(IdentityError::NotFound {
                what: "usable API key",
                name: id.to_string(),
            })
        }
    }

    pub async fn get_project(&self, actor: &Actor) -> Result<Project, IdentityError> {
        actor.require(Permission::ProjectRead)?;
        let id = actor.project;
        let found = self
            .db
            .read(move |conn| store::projects(conn, Some(id)))
            .await?;
        found.into_iter().next().ok_or(IdentityError::NotFound {
            what: "project",
            name: id.to_string(),
        })
    }

    pub async fn list_members(&self, actor: &Actor) -> Result<Vec<Member>, IdentityError> {
        actor.require(Permission::ProjectRead)?;
        let project = actor.project;
        Ok(self
            .db
            .read(move |conn| store::members(conn, project))
            .await?)
    }

    /// Makes the person with this e-mail address a member, or changes the role of one.
    pub async fn set_member(
        &self,
        actor: &Actor,
        email: &str,
        name: Option<&str>,
        role: Role,
    ) -> Result<Member, IdentityError> {
        actor.require(Permission::MembersManage)?;
        let email = model::valid_email(email)?;
        let name = model::valid_name("name", name.unwrap_or(&email))?;
        let user = User {
            id: self.clock.new_id(),
            email,
            name,
        };
        let (project, now) = (actor.project, self.clock.now());
        self.db
            .write(move |conn| {
                store::lock_project(conn, project)?;
                let id = store::ensure_user(conn, &user, None, now)?;
                keep_an_owner(&store::members(conn, project)?, id, Some(role))?;
                store::set_member(conn, project, id, role, now)?;
                let members = store::members(conn, project)?;
                let not_found = || IdentityError::NotFound {
                    what: "member",
                    name: id.to_string(),
                };
                members
                    .into_iter()
                    .find(|member| member.user.id == id)
                    .ok_or_else(not_found)
            })
            .await
    }

    pub async fn remove_member(&self, actor: &Actor, user: UserId) -> Result<(), IdentityError> {
        actor.require(Permission::MembersManage)?;
        let project = actor.project;
        self.db
            .write(move |conn| {
                store::lock_project(conn, project)?;
                keep_an_owner(&store::members(conn, project)?, user, None)?;
                if store::remove_member(conn, project, user)? {
                    return Ok(());
                }
                Err(IdentityError::NotFound {
                    what: "member",
                    name: user.to_string(),
                })
            })
            .await
    }

    /// Every project, for the operator's command line.
    pub async fn all_projects(&self) -> Result<Vec<Project>, IdentityError> {
        Ok(self.db.read(|conn| store::projects(conn, None)).await?)
    }

    /// The product itself, acting in `project`: for the command line and for jobs.
    pub fn system_actor(project: &Project) -> Actor {
        Actor {
            subject: Subject::System,
            organization: project.organization.id,
            project: project.id,
            permissions: Role::Owner.permissions(),
        }
    }

    /// Every project of which `id` is the one asked for, or the only project when none is asked for.
    pub async fn choose_project(&self, id: Option<ProjectId>) -> Result<Project, IdentityError> {
        let mut projects = self.all_projects().await?;
        projects.retain(|project| id.is_none_or(|id| id == project.id));
        match (projects.len(), projects.pop()) {
            (1, Some(project)) => Ok(project),
            (0, _) => Err(IdentityError::NotFound {
                what: "project",
                name: id.map_or_else(|| "(none exists)".to_owned(), |id| id.to_string()),
            }),
            (count, _) => {
                let rule = format!("must be given: there are {count} projects");
                Err(IdentityError::Invalid {
                    field: "project",
                    rule,
                })
            }
        }
    }
}

/// Refuses a change after which the project would have lost its last owner.
fn keep_an_owner(
    members: &[Member],
    user: UserId,
    role: Option<Role>,
) -> Result<(), IdentityError> {
    let owners = || members.iter().filter(|member| member.role == Role::Owner);
    let was_owner = owners().any(|owner| owner.user.id == user);
    if was_owner && role != Some(Role::Owner) && owners().count() == 1 {
        return Err(IdentityError::LastOwner);
    }
    Ok(())
}

/// An error that several waiting requests share can not be moved out; each gets the same failure.
fn shared_failure(error: Arc<IdentityError>) -> IdentityError {
    let failure = match &*error {
        IdentityError::Database(error) if error.is_transient() => Failure::new(
            crate::kernel::ErrorCode::Unavailable,
            "the database can not be reached right now",
        )
        .retry_after(std::time::Duration::from_secs(1)),
        _ => Failure::of(crate::kernel::ErrorCode::Internal),
    };
    IdentityError::Refused(failure.caused_by(error))
}

impl Authenticate for Identity {
    fn authenticate(&self, credentials: Credentials) -> BoxFuture<'_, Result<Actor, Failure>> {
        Box::pin(async move { Ok(Identity::authenticate(self, &credentials).await?) })
    }
}
