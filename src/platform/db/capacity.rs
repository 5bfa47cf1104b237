//! Whether the server has room for this process's pool: found out at start, not under load.

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::BigInt};

use super::{Backend, Conn, Db, DbError};

#[derive(Debug, thiserror::Error)]
pub enum CapacityError {
    #[error(
        "this process may open {wanted} database connections, but the server has room for {free} more \
         (max_connections is {limit}, {others} are in use): lower `database.connections` or raise the \
         server's limit"
    )]
    TooMany {
        wanted: usize,
        free: i64,
        limit: i64,
        others: i64,
    },
    #[error("the server's connection limit can not be read")]
    Database(#[from] DbError),
}

#[derive(QueryableByName)]
struct Room {
    /// Connections that ordinary users may hold.
    #[diesel(sql_type = BigInt)]
    limit: i64,
    /// Connections of other processes.
    #[diesel(sql_type = BigInt)]
    others: i64,
}

const ROOM: &str = "
    SELECT current_setting('max_connections')::bigint
         - current_setting('superuser_reserved_connections')::bigint AS \"limit\",
           (SELECT count(*) FROM pg_stat_activity
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS others";

impl Db {
    /// # Errors
    /// When the pool is larger than what the server has left. SQLite has no limit.
    pub async fn check_capacity(&self) -> Result<(), CapacityError> {
        let room = self
            .read(|conn: &mut Conn| match conn.backend() {
                Backend::Pg(c) => Ok::<_, DbError>(Some(sql_query(ROOM).get_result::<Room>(c)?)),
                Backend::Sqlite(_) => Ok(None),
            })
            .await?;
        let Some(Room { limit, others }) = room else {
            return Ok(());
        };
        let (wanted, free) = (self.capacity(), limit - others);
        if i64::try_from(wanted).is_ok_and(|wanted| wanted <= free) {
            return Ok(());
        }
        Err(CapacityError::TooMany {
            wanted,
            free,
            limit,
            others,
        })
    }

    /// The engine and its version, for health reports.
    ///
    /// # Errors
    /// When the database can not be reached.
    pub async fn version(&self) -> Result<String, DbError> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = diesel::sql_types::Text)]
            version: String,
        }
        self.read(|conn: &mut Conn| {
            let Version { version } = match conn.backend() {
                Backend::Pg(c) => sql_query(
                    "SELECT 'PostgreSQL ' || current_setting('server_version') AS version",
                )
                .get_result(c),
                Backend::Sqlite(c) => {
                    sql_query("SELECT 'SQLite ' || sqlite_version() AS version").get_result(c)
                }
            }?;
            Ok(version)
        })
        .await
    }
}
