//! The routes of a project: those of the settings, and its own over them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use moka::future::Cache;

use super::{Route, RouteAlias, RouteTable, store};
use crate::{
    kernel::{Actor, Clock, Permission, ProjectId, Timestamp},
    llm_integration::{LlmError, Providers},
    platform::{
        config::ConfigError,
        db::{Db, DbError},
        remembered::get_or_load,
    },
};

/// How long another replica's change can stay unnoticed.
const CACHE_TTL: Duration = Duration::from_secs(2);
const CACHE_PROJECTS: u64 = 10_000;
/// Routes that one project can have.
const MAX_ROUTES: usize = 500;

/// What aliases stand for. Cheap to clone.
#[derive(Clone)]
pub struct Routes {
    db: Db,
    clock: Clock,
    providers: Providers,
    configured: Arc<BTreeMap<RouteAlias, Route>>,
    tables: Cache<ProjectId, Arc<RouteTable>>,
}

/// A project's own route, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRoute {
    pub alias: RouteAlias,
    pub route: Route,
    /// Counts its changes, from 1.
    pub version: i32,
    /// Who changed it last.
    pub author: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A route as a project sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum RouteEntry {
    Own(StoredRoute),
    /// Of the settings; read-only.
    Configured {
        alias: RouteAlias,
        route: Route,
    },
}

impl Routes {
    /// # Errors
    /// When a route of the settings is not valid.
    pub fn new(
        db: Db,
        clock: Clock,
        providers: Providers,
        configured: &BTreeMap<RouteAlias, Route>,
    ) -> Result<Self, ConfigError> {
        RouteTable::new(configured.clone())
            .check(|name| providers.is_configured(name))
            .map_err(|what| ConfigError::Rejected(format!("`gateway.routes`: {what}")))?;
        let tables = Cache::builder()
            .max_capacity(CACHE_PROJECTS)
            .time_to_live(CACHE_TTL)
            .build();
        Ok(Self {
            db,
            clock,
            providers,
            configured: Arc::new(configured.clone()),
            tables,
        })
    }

    /// In the order of their aliases.
    pub async fn list(&self, actor: &Actor) -> Result<Vec<RouteEntry>, LlmError> {
        actor.require(Permission::GatewayCall)?;
        let project = actor.project;
        let own = self.db.read(move |conn| store::list(conn, project)).await?;
        let mut entries: BTreeMap<_, _> = self
            .configured
            .iter()
            .map(|(alias, route)| {
                let (alias, route) = (alias.clone(), route.clone());
                (alias.clone(), RouteEntry::Configured { alias, route })
            })
            .collect();
        entries.extend(
            own.into_iter()
                .map(|stored| (stored.alias.clone(), RouteEntry::Own(stored))),
        );
        Ok(entries.into_values().collect())
    }

    pub async fn get(&self, actor: &Actor, alias: &RouteAlias) -> Result<RouteEntry, LlmError> {
        let entries = self.list(actor).await?;
        entries
            .into_iter()
            .find(|entry| entry.alias() == alias)
            .ok_or_else(|| not_found(alias))
    }

    /// Makes or replaces the project's own route. With `replaces`, only when that is the version
    /// stored. It counts for calls that begin later, on every replica within 2 seconds.
    pub async fn put(
        &self,
        actor: &Actor,
        alias: RouteAlias,
        route: Route,
        replaces: Option<i32>,
    ) -> Result<StoredRoute, LlmError> {
        actor.require(Permission::RoutesManage)?;
        let (project, now, author) = (actor.project, self.clock.now(), actor.signature());
        let providers = self.providers.of_project(project).await?;
        let configured = Arc::clone(&self.configured);
        let stored = self
            .db
            .write(move |conn| {
                let mut own = store::list(conn, project)?;
                let known = own.iter().position(|stored| stored.alias == alias);
                let known = known.map(|at| own.remove(at));
                let version = known.as_ref().map(|stored| stored.version);
                if replaces.is_some() && replaces != version {
                    return Err(changed(&alias, version));
                }
                if own.len() >= MAX_ROUTES {
                    return Err(invalid(format!(
                        "a project has at most {MAX_ROUTES} routes"
                    )));
                }
                let stored = StoredRoute {
                    alias: alias.clone(),
                    route,
                    version: version.unwrap_or(0).saturating_add(1),
                    author,
                    created_at: known.map_or(now, |stored| stored.created_at),
                    updated_at: now,
                };
                own.push(stored.clone());
                let table = table_of(&configured, own);
                let is_provider =
                    |name: &str| providers.iter().any(|known| known.name.as_str() == name);
                table.check_one(&alias, is_provider).map_err(invalid)?;
                table.check(|_| true).map_err(invalid)?;
                store::put(conn, project, &stored)?;
                Ok(stored)
            })
            .await?;
        self.tables.invalidate(&project).await;
        Ok(stored)
    }

    /// Removes the project's own route; one of the settings counts again.
    pub async fn delete(&self, actor: &Actor, alias: RouteAlias) -> Result<(), LlmError> {
        actor.require(Permission::RoutesManage)?;
        let project = actor.project;
        let configured = Arc::clone(&self.configured);
        self.db
            .write(move |conn| {
                let mut own = store::list(conn, project)?;
                let before = own.len();
                own.retain(|stored| stored.alias != alias);
                if own.len() == before {
                    return Err(not_found(&alias));
                }
                let table = table_of(&configured, own);
                table.check(|_| true).map_err(invalid)?;
                store::delete(conn, project, alias.as_str())?;
                Ok(())
            })
            .await?;
        self.tables.invalidate(&project).await;
        Ok(())
    }

    /// The table that a project's calls are routed by.
    pub(crate) async fn table(&self, project: ProjectId) -> Result<Arc<RouteTable>, Arc<DbError>> {
        let load = async || {
            let own = self.db.read(move |conn| store::list(conn, project)).await?;
            Ok::<_, DbError>(Arc::new(table_of(&self.configured, own)))
        };
        get_or_load(&self.tables, project, load).await
    }
}

impl RouteEntry {
    pub const fn alias(&self) -> &RouteAlias {
        match self {
            Self::Own(StoredRoute { alias, .. }) | Self::Configured { alias, .. } => alias,
        }
    }
}

/// A project's own routes over those of the settings.
fn table_of(configured: &BTreeMap<RouteAlias, Route>, own: Vec<StoredRoute>) -> RouteTable {
    let own = own.into_iter().map(|stored| (stored.alias, stored.route));
    RouteTable::new(configured.clone().into_iter().chain(own))
}

const fn invalid(what: String) -> LlmError {
    LlmError::RouteInvalid { what }
}

fn not_found(alias: &RouteAlias) -> LlmError {
    LlmError::RouteNotFound {
        alias: alias.as_str().to_owned(),
    }
}

fn changed(alias: &RouteAlias, version: Option<i32>) -> LlmError {
    LlmError::RouteChanged {
        alias: alias.as_str().to_owned(),
        version,
    }
}
