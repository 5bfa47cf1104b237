//! How secrets are stored: a keyed hash. API keys are random, so a fast hash is the right one; the
//! key of the hash keeps a stolen database from being searched.

use super::SecretKey;
use crate::platform::{
    config::{ConfigError, SecretText},
    db::DatabaseUrl,
    secret_file,
};

const MIN_SECRET_CHARS: usize = 32;
/// Domain of the derived key: another use of the same secret gives other hashes.
const CONTEXT: &str = "kaname 2026-11-22 hashes of API keys";

/// Hashes secret keys. Cheap to clone.
#[derive(Clone)]
pub struct KeyHasher([u8; blake3::KEY_LEN]);

impl KeyHasher {
    /// With SQLite and no configured secret, one is made at the first start and kept beside the
    /// database file, readable by its owner only. PostgreSQL is shared by processes, so there the
    /// secret must be configured.
    ///
    /// # Errors
    /// When the secret is missing or too short, or its file can not be read or written.
    pub fn from_settings(secret: &SecretText, database: &DatabaseUrl) -> Result<Self, ConfigError> {
        match (secret.set(), database) {
            (Some(secret), _) if secret.chars().count() < MIN_SECRET_CHARS => Err(ConfigError::Rejected(format!(
                "`identity.key_hash_secret` has fewer than {MIN_SECRET_CHARS} characters"
            ))),
            (Some(secret), _) => Ok(Self::from_secret(secret)),
            (None, DatabaseUrl::Postgres(_)) => Err(ConfigError::Rejected(
                "`identity.key_hash_secret` is not set; with PostgreSQL every process needs the same one: \
                 set APP_IDENTITY__KEY_HASH_SECRET or APP_IDENTITY__KEY_HASH_SECRET_FILE, for example to \
                 the output of `openssl rand -hex 32`"
                    .to_owned(),
            )),
            (None, DatabaseUrl::Sqlite(path)) => {
                let file = path.with_added_extension("key-hash-secret");
                let secret = secret_file::read_or_create(&file).map_err(|error| {
                    ConfigError::Rejected(format!("the secret in {} can not be used: {error}", file.display()))
                })?;
                Ok(Self::from_secret(&secret))
            }
        }
    }

    fn from_secret(secret: &str) -> Self {
        Self(blake3::derive_key(CONTEXT, secret.as_bytes()))
    }

    /// A key for another use of the same secret, which `context` names.
    pub fn derive(&self, context: &str) -> [u8; blake3::KEY_LEN] {
        blake3::derive_key(context, &self.0)
    }

    pub fn hash(&self, secret: &SecretKey) -> [u8; blake3::OUT_LEN] {
        *blake3::keyed_hash(&self.0, secret.expose().as_bytes()).as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_makes_its_secret_once_and_postgres_asks_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let database = DatabaseUrl::Sqlite(folder.path().join("new/kaname.db"));
        let unset = SecretText::default();
        let (first, second) = (
            KeyHasher::from_settings(&unset, &database).unwrap(),
            KeyHasher::from_settings(&unset, &database).unwrap(),
        );
        let key = SecretKey::generate();
        assert_eq!(first.hash(&key), second.hash(&key));

        let postgres = DatabaseUrl::Postgres(SecretText::new("postgres://h/d"));
        assert!(KeyHasher::from_settings(&unset, &postgres).is_err());
        assert!(KeyHasher::from_settings(&SecretText::new("short"), &postgres).is_err());
        let other = KeyHasher::from_settings(&SecretText::new("x".repeat(32)), &postgres).unwrap();
        assert_ne!(first.hash(&key), other.hash(&key));
    }
}
