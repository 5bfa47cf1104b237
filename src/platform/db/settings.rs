//! The `[database]` section, and the URL that chooses the engine.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::platform::config::{ConfigError, SecretText};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    pub url: SecretText,
    pub connections: usize,
    pub acquire_timeout_ms: u64,
    pub statement_timeout_ms: u64,
    pub lock_timeout_ms: u64,
    pub migrate_on_start: bool,
    pub migration_deadline_seconds: u64,
}

impl DatabaseSettings {
    /// # Errors
    /// When the URL is neither `sqlite:<path>` nor `postgres://...`.
    pub fn parsed_url(&self) -> Result<DatabaseUrl, ConfigError> {
        DatabaseUrl::parse(self.url.expose())
    }

    pub const fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    pub const fn migration_deadline(&self) -> Duration {
        Duration::from_secs(self.migration_deadline_seconds)
    }
}

/// Which engine, and where.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(SecretText),
}

impl DatabaseUrl {
    /// # Errors
    /// Names the two forms that are understood; never repeats the URL, which can hold a password.
    pub fn parse(url: &str) -> Result<Self, ConfigError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(SecretText::new(url)));
        }
        match url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest)) {
            Some(path) if !path.is_empty() && !path.contains(":memory:") => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(ConfigError::Rejected(
                "`database.url` must be sqlite:<path of a file> or postgres://user:password@host/database".to_owned(),
            )),
        }
    }

    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}
