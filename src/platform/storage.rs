//! The `[storage]` section: where a process keeps files of its own.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::db::DatabaseUrl;

/// Where files are kept beside PostgreSQL when nothing else is said.
const DEFAULT_FOLDER: &str = "data";

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StorageSettings {
    pub directory: String,
}

impl StorageSettings {
    /// The folder that is configured, SQLite's own, or `data`.
    pub fn folder(&self, database: &DatabaseUrl) -> PathBuf {
        if !self.directory.is_empty() {
            return PathBuf::from(&self.directory);
        }
        let beside = match database {
            DatabaseUrl::Sqlite(file) => file.parent(),
            DatabaseUrl::Postgres(_) => Some(Path::new(DEFAULT_FOLDER)),
        };
        match beside.filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => folder.to_owned(),
            None => PathBuf::from("."),
        }
    }
}

/// A name for a folder that holds what belongs to this database: what was meant for one database
/// must not end in another. It names no user and no password.
pub fn folder_name(database: &DatabaseUrl) -> String {
    let name = match database {
        DatabaseUrl::Sqlite(file) => file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        DatabaseUrl::Postgres(url) => url::Url::parse(url.expose()).map_or_else(
            |_| "postgres".to_owned(),
            |url| format!("{}{}", url.host_str().unwrap_or("local"), url.path()),
        ),
    };
    let plain = |c: char| {
        let keeps = c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
        if keeps { c } else { '-' }
    };
    name.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_beside_sqlites_and_are_named_after_the_database_without_its_password() {
        let nothing = StorageSettings {
            directory: String::new(),
        };
        let sqlite = DatabaseUrl::parse("sqlite:some/kaname.db").unwrap();
        assert_eq!(nothing.folder(&sqlite), Path::new("some"));
        assert_eq!(folder_name(&sqlite), "kaname.db");
        let postgres = DatabaseUrl::parse("postgres://user:secret@host:5433/name").unwrap();
        assert_eq!(nothing.folder(&postgres), Path::new("data"));
        assert_eq!(folder_name(&postgres), "host-name");
    }
}
