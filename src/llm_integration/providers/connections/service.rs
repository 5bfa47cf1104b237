//! The use cases of projects' providers: describe, list, try, remove; and what calls are made with.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use moka::future::Cache;

use super::{
    Connection, KeyCipher, NewConnection, Secrets, Stored,
    cipher::{CipherError, Place},
    store,
};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId, error_chain},
    llm_integration::{
        CallerHeaders, LlmError,
        dialects::ErrorKind,
        providers::{Origin, Provider, ProviderName, Providers},
    },
    platform::{
        db::{Db, DbError},
        remembered::get_or_load,
    },
};

/// How long another replica's change can stay unnoticed.
const CACHE_TTL: Duration = Duration::from_secs(5);
const CACHE_PROJECTS: u64 = 10_000;
/// Providers that one project can have.
const MAX_PROVIDERS: usize = 100;
/// Rows that are sealed anew in one transaction.
const RESEAL_BATCH: i64 = 100;
/// How long a provider that is tried has to answer.
const TRY_LIMIT: Duration = Duration::from_secs(10);
/// How much of a refusal is shown.
const REFUSAL_CHARS: usize = 300;

/// Opens what is stored, for calls. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    db: Db,
    /// `None` when keys can not be stored here.
    cipher: Option<Arc<KeyCipher>>,
    opened: Cache<ProjectId, Arc<[Arc<Provider>]>>,
}

impl Vault {
    pub fn new(db: Db, cipher: Option<KeyCipher>) -> Self {
        let opened = Cache::builder()
            .max_capacity(CACHE_PROJECTS)
            .time_to_live(CACHE_TTL)
            .build();
        Self {
            db,
            cipher: cipher.map(Arc::new),
            opened,
        }
    }

    /// The project's own providers.
    pub async fn providers(&self, project: ProjectId) -> Result<Arc<[Arc<Provider>]>, LlmError> {
        let load = async || {
            let rows = self.db.read(move |conn| store::list(conn, project)).await?;
            let build = |row| self.provider(project, row);
            rows.into_iter().map(build).collect::<Result<_, DbError>>()
        };
        get_or_load(&self.opened, project, load)
            .await
            .map_err(LlmError::DbShared)
    }

    fn provider(&self, project: ProjectId, row: store::Row) -> Result<Arc<Provider>, DbError> {
        let stored = self.open(project, row);
        let corrupt = |why: String| DbError::Corrupt {
            what: format!("llm_provider `{}`: {why}", stored.connection.name),
        };
        let spec = stored.spec().map_err(corrupt)?;
        let provider = match &stored.secrets {
            Some(_) => Provider::new(&spec, Origin::Project),
            None => Provider::without_key(&spec),
        };
        provider
            .map(Arc::new)
            .map_err(|error| corrupt(error.to_string()))
    }

    /// A key that can not be opened is an operator's error, said once in 5 s; calls to its provider
    /// fail, and do not go to another one of the same name.
    fn open(&self, project: ProjectId, (connection, sealed): store::Row) -> Stored {
        let place = Place {
            project,
            provider: connection.id,
        };
        let opened = match &self.cipher {
            Some(cipher) => cipher.open(&sealed, place),
            None => Err(CipherError::NoSuchKey {
                key_id: sealed.key_id.clone(),
            }),
        };
        let secrets = opened
            .map_err(|error| error_chain(&error))
            .and_then(|plain| Secrets::of_plain(&plain).map_err(|_| "not as expected".to_owned()))
            .inspect_err(|error| {
                tracing::error!(provider = %connection.name, %project, error,
                    "the key of a provider can not be opened: check `gateway.provider_key_secret`");
            });
        Stored {
            connection,
            secrets: secrets.ok(),
        }
    }
}

/// Projects' providers. Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    vault: Vault,
    providers: Providers,
    clock: Clock,
}

/// What came of trying a provider.
#[derive(Clone, Debug)]
pub struct Tried {
    pub took: Duration,
    /// How many models it lists, or what went wrong.
    pub outcome: Result<usize, String>,
}

impl Connections {
    pub fn new(providers: Providers, clock: Clock) -> Self {
        Self {
            vault: providers.vault.clone(),
            providers,
            clock,
        }
    }

    pub async fn list(&self, actor: &Actor) -> Result<Vec<Connection>, LlmError> {
        actor.require(Permission::ProvidersManage)?;
        let project = actor.project;
        let rows = self
            .vault
            .db
            .read(move |conn| store::list(conn, project))
            .await?;
        Ok(rows.into_iter().map(|(connection, _)| connection).collect())
    }

    pub async fn get(&self, actor: &Actor, name: ProviderName) -> Result<Connection, LlmError> {
        actor.require(Permission::ProvidersManage)?;
        let (project, wanted) = (actor.project, name.clone());
        let found = self
            .vault
            .db
            .read(move |conn| store::find(conn, project, wanted.as_str()))
            .await?;
        found
            .map(|(connection, _)| connection)
            .ok_or(LlmError::ProviderNotFound { name })
    }

    /// Creates the provider, or replaces the one of its name. Secrets that are not given stay, as long
    /// as they go to the same address.
    pub async fn put(&self, actor: &Actor, new: NewConnection) -> Result<Connection, LlmError> {
        actor.require(Permission::ProvidersManage)?;
        let invalid = |what| LlmError::ProviderInvalid { what };
        new.check_limits().map_err(invalid)?;
        let Some(cipher) = self.vault.cipher.clone() else {
            return Err(LlmError::ProviderKeysOff);
        };
        let (project, connections) = (actor.project, self.clone());
        let connection = self
            .vault
            .db
            .write(move |conn| {
                let old = store::find(conn, project, new.name.as_str())?;
                let old = old.map(|row| connections.vault.open(project, row));
                let stored = connections.described(old, new)?;
                let plain = stored.secrets.as_ref().map(Secrets::to_plain);
                let plain = plain.transpose().map_err(unsealable)?.unwrap_or_default();
                let place = Place {
                    project,
                    provider: stored.connection.id,
                };
                let sealed = cipher.seal(plain.expose(), place).map_err(unsealable)?;
                store::put(conn, project, &stored.connection, &sealed)?;
                if store::list(conn, project)?.len() > MAX_PROVIDERS {
                    let what = format!("a project can have {MAX_PROVIDERS} providers of its own");
                    return Err(LlmError::ProviderInvalid { what });
                }
                Ok(stored.connection)
            })
            .await?;
        self.vault.opened.invalidate(&actor.project).await;
        Ok(connection)
    }

    /// What is to be stored, once it is known that a provider can be made of it.
    fn described(&self, old: Option<Stored>, new: NewConnection) -> Result<Stored, LlmError> {
        let invalid = |what: String| LlmError::ProviderInvalid { what };
        let now = self.clock.now();
        let kept = match &old {
            Some(old) if new.keeps_the_address_of(&old.connection) => old.secrets.clone(),
            _ => None,
        };
        let secrets = kept.unwrap_or_default().with(new.secrets.clone());
        let (id, created_at) = old.map_or_else(
            || (self.clock.new_id(), now),
            |old| (old.connection.id, old.connection.created_at),
        );
        let connection = Connection {
            id,
            details: new.details(&secrets),
            key_hint: secrets.hint(),
            name: new.name,
            kind: new.kind,
            base_url: new.base_url,
            created_at,
            updated_at: now,
        };
        let stored = Stored {
            connection,
            secrets: Some(secrets),
        };
        let spec = stored.spec().map_err(invalid)?;
        let provider =
            Provider::new(&spec, Origin::Project).map_err(|error| invalid(error.to_string()))?;
        self.providers
            .client
            .check_address(&provider)
            .map_err(|error| invalid(format!("`base_url`: {error}")))?;
        Ok(stored)
    }

    pub async fn delete(&self, actor: &Actor, name: ProviderName) -> Result<(), LlmError> {
        actor.require(Permission::ProvidersManage)?;
        let (project, wanted) = (actor.project, name.clone());
        let existed = self
            .vault
            .db
            .write(move |conn| store::delete(conn, project, wanted.as_str()))
            .await?;
        self.vault.opened.invalidate(&project).await;
        if existed {
            Ok(())
        } else {
            Err(LlmError::ProviderNotFound { name })
        }
    }

    /// Asks a stored provider for its models.
    pub async fn try_out(&self, actor: &Actor, name: ProviderName) -> Result<Tried, LlmError> {
        self.get(actor, name.clone()).await?;
        self.vault.opened.invalidate(&actor.project).await;
        let provider = self.providers.named(actor.project, &name).await?;
        let provider = provider.ok_or(LlmError::ProviderNotFound { name })?;
        let began = Instant::now();
        let headers = CallerHeaders::default();
        let listing = self.providers.list_models(&provider, &headers, TRY_LIMIT);
        let outcome = match listing.await {
            Ok(answer) if answer.status == 200 => provider
                .models_of(&answer.body)
                .map(|models| models.len())
                .map_err(|_| "its answer is no list of models".to_owned()),
            Ok(answer) => {
                let error = provider.refusal(answer.status, &answer.body);
                let message: String = error.message.chars().take(REFUSAL_CHARS).collect();
                Err(match error.kind {
                    ErrorKind::Authentication | ErrorKind::Permission => {
                        format!("it refuses the key ({}): {message}", answer.status)
                    }
                    _ => format!("it answered {}: {message}", answer.status),
                })
            }
            Err(error) => Err(error_chain(&error)),
        };
        Ok(Tried {
            took: began.elapsed(),
            outcome,
        })
    }

    /// Seals with the current master key what another one sealed; afterwards `previous` can go.
    ///
    /// # Errors
    /// When the database fails. What can not be opened is left as it is, and logged.
    pub async fn reseal_all(&self) -> Result<usize, LlmError> {
        let Some(cipher) = self.vault.cipher.clone() else {
            return Ok(0);
        };
        let resealed = self
            .vault
            .db
            .write(move |conn| {
                let rows = store::sealed_otherwise(conn, cipher.current_key_id(), RESEAL_BATCH)?;
                let mut resealed = 0;
                for (project, (connection, old)) in rows {
                    let place = Place {
                        project,
                        provider: connection.id,
                    };
                    match cipher.open(&old, place) {
                        Ok(plain) => {
                            let new = cipher.seal(plain.expose(), place).map_err(unsealable)?;
                            store::reseal(conn, project, connection.id, &old, &new)?;
                            resealed += 1;
                        }
                        Err(error) => {
                            tracing::error!(%project, provider = %connection.name, %error,
                            "the key of a provider can not be opened");
                        }
                    }
                }
                Ok::<_, LlmError>(resealed)
            })
            .await?;
        if resealed > 0 {
            tracing::info!(
                resealed,
                "keys of providers were sealed with the current master key"
            );
        }
        Ok(resealed)
    }
}

fn unsealable(error: impl std::error::Error + Send + Sync + 'static) -> LlmError {
    LlmError::ProviderKeyUnsealable(Arc::new(error))
}
