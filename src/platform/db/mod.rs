//! Two databases behind one door: SQLite (embedded default) and PostgreSQL, one set of queries.
//!
//! A store writes each query once, in `each_backend!(conn, |c| ...)`, over [`Conn`]; where the
//! engines truly differ it matches on [`Conn::backend`] in two explicit arms. diesel is synchronous:
//! [`Db::read`] and [`Db::write`] run a closure on the blocking pool, so that an async driver would
//! touch this module alone.
//!
//! ```text
//! let prompt = db.write(move |conn| {
//!     store::insert(conn, &prompt)?;
//!     outbox::append(conn, &event)?;      // commits, or not, together with the row
//!     Ok::<_, PromptError>(prompt)
//! }).await?;
//! ```

mod capacity;
mod conn;
mod error;
mod manager;
mod migrate;
mod pool;
mod settings;
mod sql;
mod types;

pub use capacity::CapacityError;
pub(crate) use conn::each_backend;
pub use conn::{Backend, Conn};
pub use error::DbError;
pub use migrate::{MigrationError, Migrator, SchemaState};
pub use pool::{Db, PoolUse};
pub use settings::{DatabaseSettings, DatabaseUrl};
pub use sql::{Engine, Sql, SqlRows, SqlValue};
pub use types::{DbInstant, DbJson, DbUuid, JsonColumn};
