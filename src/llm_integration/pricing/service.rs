//! The price table as a project sees and edits it.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use serde::Serialize;

use super::{ModelPattern, ModelPrice, PriceTable, bundled, store};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId, Timestamp},
    llm_integration::LlmError,
    platform::db::{Db, DbError},
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
}

/// Where a price comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceSource {
    /// Set in this project.
    Project,
    /// Comes with the binary.
    Bundled,
}

/// One line of a project's price table.
#[derive(Clone, Debug)]
pub struct PriceEntry {
    pub model: ModelPattern,
    pub price: ModelPrice,
    pub source: PriceSource,
    /// `None` for a bundled price.
    pub updated_at: Option<Timestamp>,
}

impl Prices {
    pub fn new(db: Db, clock: Clock) -> Self {
        let tables = Cache::builder()
            .max_capacity(CACHE_PROJECTS)
            .time_to_live(CACHE_TTL)
            .build();
        Self { db, clock, tables }
    }

    /// The project's own prices, then the bundled ones.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<PriceEntry>, LlmError> {
        actor.require(Permission::TracesRead)?;
        let project = actor.project;
        let own = self.db.read(move |conn| store::list(conn, project)).await?;
        let own = own
            .into_iter()
            .map(|(model, price, updated_at)| PriceEntry {
                model,
                price,
                source: PriceSource::Project,
                updated_at: Some(updated_at),
            });
        let bundled = bundled::prices().iter().map(|(model, price)| PriceEntry {
            model: model.clone(),
            price: *price,
            source: PriceSource::Bundled,
            updated_at: None,
        });
        Ok(own.chain(bundled).collect())
    }

    /// Sets, or replaces, the project's price of a model. It counts for calls that begin later.
    pub async fn put(
        &self,
        actor: &Actor,
        model: ModelPattern,
        price: ModelPrice,
    ) -> Result<PriceEntry, LlmError> {
        actor.require(Permission::PricesManage)?;
        let (project, now) = (actor.project, self.clock.now());
        let entry = PriceEntry {
            model: model.clone(),
            price,
            source: PriceSource::Project,
            updated_at: Some(now),
        };
        self.db
            .write(move |conn| {
                store::put(conn, project, &model, price, now)?;
                if store::count(conn, project)? > MAX_PRICES {
                    let what = format!("a project can have {MAX_PRICES} prices of its own");
                    return Err(LlmError::PriceInvalid { what });
                }
                Ok(())
            })
            .await?;
        self.tables.invalidate(&project).await;
        Ok(entry)
    }

    /// Removes the project's own price; a bundled one counts again.
    pub async fn delete(&self, actor: &Actor, model: ModelPattern) -> Result<(), LlmError> {
        actor.require(Permission::PricesManage)?;
        let project = actor.project;
        let name = model.as_str().to_owned();
        let existed = self
            .db
            .write(move |conn| store::delete(conn, project, &model))
            .await?;
        self.tables.invalidate(&project).await;
        if existed {
            Ok(())
        } else {
            Err(LlmError::PriceNotFound { model: name })
        }
    }

    /// The table that a project's calls are counted with.
    pub(crate) async fn table(&self, project: ProjectId) -> Result<Arc<PriceTable>, Arc<DbError>> {
        let db = &self.db;
        self.tables
            .try_get_with(project, async move {
                let own = db.read(move |conn| store::list(conn, project)).await?;
                let own = own
                    .into_iter()
                    .map(|(model, price, _)| (model, price))
                    .collect();
                Ok::<_, DbError>(Arc::new(PriceTable::new(own, bundled::prices().to_vec())))
            })
            .await
    }
}
