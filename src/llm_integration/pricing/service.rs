//! The price table as a project sees and edits it.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::{
    ModelDefinition, ModelPattern, ModelPrice, PriceEntry, PriceId, PriceSource, PriceTable,
    Validity, bundled, store, table::Layer,
};
use crate::{
    kernel::{Actor, Clock, Id, Permission, ProjectId},
    llm_integration::LlmError,
    platform::{
        config::ConfigError,
        db::{Db, DbError},
        remembered::get_or_load,
    },
};

/// How long another replica's change can stay unnoticed.
const CACHE_TTL: Duration = Duration::from_secs(5);
const CACHE_PROJECTS: u64 = 10_000;
/// Prices that one project can set.
const MAX_PRICES: i64 = 1_000;

/// What models cost in each project. Cheap to clone.
#[derive(Clone)]
pub struct Prices {
    db: Db,
    clock: Clock,
    tables: Cache<ProjectId, Arc<PriceTable>>,
    /// Models of this process.
    local: Arc<Layer>,
}

/// A price as somebody sets it.
#[derive(Clone, Debug)]
pub struct NewPrice {
    pub model: ModelPattern,
    pub validity: Validity,
    pub price: ModelPrice,
    pub definition: ModelDefinition,
}

/// Which entry a new price takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaces {
    /// The one of the same models from the same time on.
    SameModel,
    /// None: it stands beside the others.
    Nothing,
    /// The one with this id, which need not exist.
    Id(PriceId),
}

impl Prices {
    /// `local` are the names of models of this process, which cost nothing.
    ///
    /// # Errors
    /// When one is no name that a model can have.
    pub fn new<'a>(
        db: Db,
        clock: Clock,
        local: impl Iterator<Item = &'a str>,
    ) -> Result<Self, ConfigError> {
        let local = Layer::free(local).map_err(ConfigError::Rejected)?;
        let tables = Cache::builder()
            .max_capacity(CACHE_PROJECTS)
            .time_to_live(CACHE_TTL)
            .build();
        Ok(Self {
            db,
            clock,
            tables,
            local: Arc::new(local),
        })
    }

    /// The project's own prices, then the bundled ones.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<PriceEntry>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let own = self.db.read(move |conn| store::list(conn, project)).await?;
        let bundled = bundled::lines().iter().map(PriceEntry::from);
        Ok(own.into_iter().chain(bundled).collect())
    }

    pub async fn get(&self, actor: &Actor, id: PriceId) -> Result<PriceEntry, LlmError> {
        actor.require(Permission::TracesRead)?;
        let (project, wanted) = (actor.project, id.clone());
        let own = self
            .db
            .read(move |conn| store::get(conn, project, &wanted))
            .await?;
        let mut bundled = bundled::lines().iter().map(PriceEntry::from);
        own.or_else(|| bundled.find(|entry| entry.id == id))
            .ok_or_else(|| LlmError::PriceNotFound {
                model: id.as_str().to_owned(),
            })
    }

    /// Sets a price of the project. It counts for calls that begin later.
    pub async fn put(
        &self,
        actor: &Actor,
        new: NewPrice,
        replaces: Replaces,
    ) -> Result<PriceEntry, LlmError> {
        actor.require(Permission::PricesManage)?;
        let invalid = |what| LlmError::PriceInvalid { what };
        new.validity.check().map_err(invalid)?;
        new.price.check().map_err(invalid)?;
        let (project, now) = (actor.project, self.clock.now());
        let id = match replaces {
            Replaces::SameModel => PriceId::derived(PriceSource::Project, &new.model, new.validity),
            Replaces::Nothing => {
                let id: Id<NewPrice> = self.clock.new_id();
                PriceId::parse(&id.to_string()).map_err(invalid)?
            }
            Replaces::Id(id) if id.is_bundled() => {
                let what = "a bundled price can not be changed; set one of your own".to_owned();
                return Err(LlmError::PriceInvalid { what });
            }
            Replaces::Id(id) => id,
        };
        let entry = PriceEntry {
            id,
            model: new.model,
            validity: new.validity,
            price: new.price,
            definition: new.definition,
            source: PriceSource::Project,
            created_at: Some(now),
            updated_at: Some(now),
        };
        let entry = self
            .db
            .write(move |conn| {
                let before = store::get(conn, project, &entry.id)?;
                let entry = PriceEntry {
                    created_at: before.and_then(|before| before.created_at).or(Some(now)),
                    ..entry
                };
                store::put(conn, project, &entry, now)?;
                if store::count(conn, project)? > MAX_PRICES {
                    let what = format!("a project can have {MAX_PRICES} prices of its own");
                    return Err(LlmError::PriceInvalid { what });
                }
                Ok(entry)
            })
            .await?;
        self.tables.invalidate(&project).await;
        Ok(entry)
    }

    /// Removes the project's own prices of a model, of every time; a bundled one counts again.
    pub async fn delete_model(&self, actor: &Actor, model: ModelPattern) -> Result<(), LlmError> {
        actor.require(Permission::PricesManage)?;
        let project = actor.project;
        let name = model.as_str().to_owned();
        let deleted = self
            .db
            .write(move |conn| store::delete_model(conn, project, &model))
            .await?;
        self.tables.invalidate(&project).await;
        if deleted > 0 {
            Ok(())
        } else {
            Err(LlmError::PriceNotFound { model: name })
        }
    }

    /// Removes one of the project's own prices.
    pub async fn delete(&self, actor: &Actor, id: PriceId) -> Result<(), LlmError> {
        actor.require(Permission::PricesManage)?;
        let project = actor.project;
        let model = id.as_str().to_owned();
        let existed = self
            .db
            .write(move |conn| store::delete(conn, project, &id))
            .await?;
        self.tables.invalidate(&project).await;
        if existed {
            Ok(())
        } else {
            Err(LlmError::PriceNotFound { model })
        }
    }

    /// The table that a project's calls are counted with.
    pub(crate) async fn table(&self, project: ProjectId) -> Result<Arc<PriceTable>, Arc<DbError>> {
        let load = async || {
            let own = self.db.read(move |conn| store::list(conn, project)).await?;
            let own = own.into_iter().map(Into::into).collect();
            let table = PriceTable::new(own, bundled::layer(), self.local.clone());
            Ok::<_, DbError>(Arc::new(table))
        };
        get_or_load(&self.tables, project, load).await
    }
}
