//! The first start: a project to begin with, configured by name or made with fresh keys.

use argon2::{Argon2, PasswordHasher};

use super::{
    Identity, IdentityError, InitSettings, KeyPair, NewKey, Organization, Project, PublicKey,
    SecretKey, User, model, store,
};
use crate::{
    kernel::{Id, Permissions, Role},
    platform::db::{Conn, DbError},
};

const DEFAULT_NAME: &str = "default";
const KEY_NAME: &str = "first key";

/// What a start did about the first project.
#[derive(Debug)]
pub enum FirstProject {
    /// Projects exist and none is configured.
    Nothing,
    /// The configured one exists now.
    Configured(Project),
    /// The database was empty: a project with new keys, to be shown once.
    Created(PrintedKeys),
}

/// The only time that a secret key is shown.
#[derive(Debug)]
pub struct PrintedKeys {
    pub project: Project,
    pub keys: KeyPair,
}

impl Identity {
    /// Makes sure that there is a project to work in.
    ///
    /// # Errors
    /// When the configuration is incomplete, or a configured key belongs to another project.
    pub async fn ensure_first_project(
        &self,
        init: &InitSettings,
    ) -> Result<FirstProject, IdentityError> {
        if !is_configured(init) {
            return self.create_on_empty_database().await;
        }
        let wanted = self.wanted(init)?;
        let identity = self.clone();
        let project = self
            .db
            .write(move |conn| identity.ensure_wanted(conn, wanted))
            .await?;
        Ok(FirstProject::Configured(project))
    }

    async fn create_on_empty_database(&self) -> Result<FirstProject, IdentityError> {
        let project = self.project(DEFAULT_NAME, DEFAULT_NAME, DEFAULT_NAME, DEFAULT_NAME)?;
        let keys = KeyPair::generate();
        let (identity, new, pair) = (self.clone(), project.clone(), keys.clone());
        let created = self
            .db
            .write(move |conn| {
                // Of several processes that start at once, the one whose project row is new goes on.
                let empty = store::projects(conn, None)?.is_empty();
                let created = empty && identity.ensure_project(conn, &new)?;
                if created {
                    identity.insert_first_key(conn, &new, &pair)?;
                }
                Ok::<_, IdentityError>(created)
            })
            .await?;
        Ok(if created {
            FirstProject::Created(PrintedKeys { project, keys })
        } else {
            FirstProject::Nothing
        })
    }

    fn wanted(&self, init: &InitSettings) -> Result<Wanted, IdentityError> {
        let or_default = |text: &str, other: &str| {
            if text.is_empty() {
                other.to_owned()
            } else {
                text.to_owned()
            }
        };
        let organization = or_default(&init.organization_id, DEFAULT_NAME);
        let project = or_default(&init.project_id, DEFAULT_NAME);
        let keys = match (init.public_key.as_str(), init.secret_key.set()) {
            ("", None) => None,
            (public, Some(secret)) if !public.is_empty() => Some(KeyPair {
                public: PublicKey::parse(public)?,
                secret: SecretKey::parse(secret)?,
            }),
            _ => {
                let rule = "and `secret_key` of `identity.init` must be set together".to_owned();
                return Err(IdentityError::Invalid {
                    field: "public_key",
                    rule,
                });
            }
        };
        let owner = (!init.user_email.is_empty())
            .then(|| {
                let email = model::valid_email(&init.user_email)?;
                let name = model::valid_name("user_name", &or_default(&init.user_name, &email))?;
                let password_hash = init.user_password.set().map(hash_password).transpose()?;
                Ok::<_, IdentityError>((
                    User {
                        id: self.clock.new_id(),
                        email,
                        name,
                    },
                    password_hash,
                ))
            })
            .transpose()?;
        Ok(Wanted {
            project: self.project(
                &organization,
                &or_default(&init.organization_name, &organization),
                &project,
                &or_default(&init.project_name, &project),
            )?,
            keys,
            owner,
        })
    }

    fn project(
        &self,
        organization: &str,
        organization_name: &str,
        id: &str,
        name: &str,
    ) -> Result<Project, IdentityError> {
        Ok(Project {
            id: Id::from_name(id),
            name: model::valid_name("project_name", name)?,
            organization: Organization {
                id: Id::from_name(organization),
                name: model::valid_name("organization_name", organization_name)?,
            },
            created_at: self.clock.now(),
        })
    }

    fn ensure_project(&self, conn: &mut Conn, project: &Project) -> Result<bool, DbError> {
        store::ensure_organization(conn, &project.organization, self.clock.now())?;
        store::ensure_project(conn, project)
    }

    fn ensure_wanted(&self, conn: &mut Conn, wanted: Wanted) -> Result<Project, IdentityError> {
        let Wanted {
            project,
            keys,
            owner,
        } = wanted;
        self.ensure_project(conn, &project)?;
        if let Some(keys) = keys {
            self.ensure_key(conn, &project, &keys)?;
        }
        if let Some((user, password_hash)) = owner {
            let now = self.clock.now();
            let id = store::ensure_user(conn, &user, password_hash.as_deref(), now)?;
            store::set_member(conn, project.id, id, Role::Owner, now)?;
        }
        Ok(project)
    }

    /// The configured pair works from now on; a changed secret replaces the old one.
    fn ensure_key(
        &self,
        conn: &mut Conn,
        project: &Project,
        keys: &KeyPair,
    ) -> Result<(), IdentityError> {
        match store::key_by_public(conn, keys.public.as_str())? {
            None => self.insert_first_key(conn, project, keys),
            Some((_, other, _)) if other != project.id => {
                let rule = "of `identity.init` belongs to another project".to_owned();
                Err(IdentityError::Invalid {
                    field: "public_key",
                    rule,
                })
            }
            Some((id, _, hash)) if hash != self.hasher.hash(&keys.secret) => {
                Ok(store::replace_secret(
                    conn,
                    id,
                    &self.hasher.hash(&keys.secret),
                    &keys.secret.hint(),
                )?)
            }
            Some(_) => Ok(()),
        }
    }

    fn insert_first_key(
        &self,
        conn: &mut Conn,
        project: &Project,
        keys: &KeyPair,
    ) -> Result<(), IdentityError> {
        let new = NewKey {
            name: KEY_NAME.to_owned(),
            scopes: Permissions::all(),
            expires_at: None,
        };
        let key = self.describe_key(&new, keys)?;
        Ok(store::insert_key(
            conn,
            project.id,
            &key,
            &self.hasher.hash(&keys.secret),
        )?)
    }
}

/// What the configuration asks for.
struct Wanted {
    project: Project,
    keys: Option<KeyPair>,
    owner: Option<(User, Option<String>)>,
}

fn is_configured(init: &InitSettings) -> bool {
    let InitSettings {
        organization_id,
        organization_name,
        project_id,
        project_name,
        public_key,
        secret_key,
        user_email,
        user_name,
        user_password,
    } = init;
    let texts = [
        organization_id,
        organization_name,
        project_id,
        project_name,
        public_key,
        user_email,
        user_name,
    ];
    texts.iter().any(|text| !text.is_empty())
        || [secret_key, user_password]
            .iter()
            .any(|text| text.set().is_some())
}

fn hash_password(password: &str) -> Result<String, IdentityError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| IdentityError::Password(error.to_string()))
}
