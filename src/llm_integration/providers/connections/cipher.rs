//! Keys of providers at rest: XChaCha20-Poly1305 under a master key that is not in the database.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use rand::{TryRngCore, rngs::OsRng};

use super::ProviderId;
use crate::{
    kernel::ProjectId,
    platform::{
        config::{ConfigError, SecretText},
        db::DatabaseUrl,
        secret_file,
    },
};

const MIN_SECRET_CHARS: usize = 32;
/// Domain of the master key: another use of the same secret gives another key.
const KEY_CONTEXT: &str = "kaname 2026-11-22 sealing of provider keys";
/// Domain of what a master key is known by.
const ID_CONTEXT: &str = "kaname 2026-11-22 names of master keys";
const ID_BYTES: usize = 8;
/// The first byte of what is sealed: how it is sealed.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// Seals and opens. The first master key seals; the others open what was sealed before a rotation.
pub struct KeyCipher {
    keys: Vec<MasterKey>,
}

struct MasterKey {
    id: String,
    cipher: XChaCha20Poly1305,
}

/// A secret as it is stored.
#[derive(Clone)]
pub struct Sealed {
    /// Which master key opens it.
    pub key_id: String,
    /// Version, nonce, ciphertext with its tag.
    pub bytes: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum CipherError {
    #[error("no master key `{key_id}` is configured")]
    NoSuchKey { key_id: String },
    #[error("what is stored was changed, or belongs to another row")]
    Forged,
    #[error("the operating system gives no random bytes")]
    NoRandomness(#[from] rand::rand_core::OsError),
}

impl KeyCipher {
    /// With SQLite and no configured secret, one is made at the first start and kept beside the
    /// database file. With PostgreSQL and none, there is no cipher: keys can not be stored.
    ///
    /// # Errors
    /// When a secret is too short, or its file can not be read or written.
    pub fn from_settings(
        secret: &SecretText,
        previous: &SecretText,
        database: &DatabaseUrl,
    ) -> Result<Option<Self>, ConfigError> {
        let current = match (secret.set(), database) {
            (Some(secret), _) => master_key("gateway.provider_key_secret", secret)?,
            (None, DatabaseUrl::Postgres(_)) => return Ok(None),
            (None, DatabaseUrl::Sqlite(path)) => {
                let file = path.with_added_extension("provider-key-secret");
                let secret = secret_file::read_or_create(&file).map_err(|error| {
                    ConfigError::Rejected(format!(
                        "the secret in {} can not be used: {error}",
                        file.display()
                    ))
                })?;
                MasterKey::new(&secret)
            }
        };
        let previous = previous
            .set()
            .map(|secret| master_key("gateway.provider_key_secret_previous", secret))
            .transpose()?;
        let keys = std::iter::once(current).chain(previous).collect();
        Ok(Some(Self { keys }))
    }

    /// What new secrets are sealed with.
    pub fn current_key_id(&self) -> &str {
        &self.keys[0].id
    }

    pub fn seal(&self, text: &str, place: Place) -> Result<Sealed, CipherError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        OsRng.try_fill_bytes(&mut nonce)?;
        let key = &self.keys[0];
        let payload = Payload {
            msg: text.as_bytes(),
            aad: &place.bytes(),
        };
        let sealed = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| CipherError::Forged)?;
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(Sealed {
            key_id: key.id.clone(),
            bytes,
        })
    }

    pub fn open(&self, sealed: &Sealed, place: Place) -> Result<SecretText, CipherError> {
        let key = self.keys.iter().find(|key| key.id == sealed.key_id);
        let key = key.ok_or_else(|| CipherError::NoSuchKey {
            key_id: sealed.key_id.clone(),
        })?;
        let Some((&VERSION, rest)) = sealed.bytes.split_first() else {
            return Err(CipherError::Forged);
        };
        let (nonce, msg) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(CipherError::Forged)?;
        let aad = &place.bytes();
        let opened = key
            .cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg, aad })
            .map_err(|_| CipherError::Forged)?;
        String::from_utf8(opened)
            .map(SecretText::new)
            .map_err(|_| CipherError::Forged)
    }
}

/// The row that a secret belongs to: sealed for one, it opens in no other.
#[derive(Clone, Copy)]
pub struct Place {
    pub project: ProjectId,
    pub provider: ProviderId,
}

impl Place {
    fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.project.as_uuid().as_bytes());
        bytes[16..].copy_from_slice(self.provider.as_uuid().as_bytes());
        bytes
    }
}

fn master_key(setting: &str, secret: &str) -> Result<MasterKey, ConfigError> {
    if secret.chars().count() < MIN_SECRET_CHARS {
        return Err(ConfigError::Rejected(format!(
            "`{setting}` has fewer than {MIN_SECRET_CHARS} characters"
        )));
    }
    Ok(MasterKey::new(secret))
}

impl MasterKey {
    fn new(secret: &str) -> Self {
        let id = blake3::derive_key(ID_CONTEXT, secret.as_bytes());
        let id = id[..ID_BYTES].iter().map(|byte| format!("{byte:02x}"));
        let key = blake3::derive_key(KEY_CONTEXT, secret.as_bytes());
        Self {
            id: id.collect(),
            cipher: XChaCha20Poly1305::new(&key.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{Clock, Id};

    fn cipher(current: &str, previous: &str) -> KeyCipher {
        let database = DatabaseUrl::Postgres(SecretText::new("postgres://h/d"));
        let secret = |letter: &str| SecretText::new(letter.repeat(32));
        KeyCipher::from_settings(&secret(current), &secret(previous), &database)
            .unwrap()
            .unwrap()
    }

    fn place() -> Place {
        let clock = Clock::system();
        Place {
            project: clock.new_id(),
            provider: clock.new_id(),
        }
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only_and_never_looks_the_same_twice() {
        let (cipher, here) = (cipher("a", ""), place());
        let sealed = cipher.seal("sk-secret", here).unwrap();
        assert_eq!(cipher.open(&sealed, here).unwrap().expose(), "sk-secret");
        let again = cipher.seal("sk-secret", here).unwrap();
        assert_ne!(sealed.bytes, again.bytes);
        assert!(!sealed.bytes.windows(9).any(|window| window == b"sk-secret"));
        for other in [
            place(),
            Place {
                provider: Id::from_uuid(here.project.as_uuid()),
                ..here
            },
        ] {
            assert!(matches!(
                cipher.open(&sealed, other),
                Err(CipherError::Forged)
            ));
        }
        for at in [0, 5, 30, sealed.bytes.len() - 1] {
            let mut forged = sealed.clone();
            forged.bytes[at] ^= 1;
            assert!(
                matches!(cipher.open(&forged, here), Err(CipherError::Forged)),
                "{at}"
            );
        }
        let mut short = sealed;
        short.bytes.truncate(20);
        assert!(matches!(
            cipher.open(&short, here),
            Err(CipherError::Forged)
        ));
    }

    #[test]
    fn after_a_rotation_the_previous_key_opens_and_the_new_one_seals() {
        let here = place();
        let old = cipher("a", "").seal("sk-secret", here).unwrap();
        let rotated = cipher("b", "a");
        assert_eq!(rotated.open(&old, here).unwrap().expose(), "sk-secret");
        let new = rotated.seal("sk-secret", here).unwrap();
        assert_ne!(new.key_id, old.key_id);
        let lost = cipher("b", "").open(&old, here);
        assert!(matches!(lost, Err(CipherError::NoSuchKey { .. })));
    }

    #[test]
    fn sqlite_makes_its_secret_once_and_postgres_without_one_stores_no_keys() {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = DatabaseUrl::Sqlite(folder.path().join("new/kaname.db"));
        let unset = SecretText::default();
        let of = |secret: &SecretText, database| KeyCipher::from_settings(secret, &unset, database);
        let (first, second) = (of(&unset, &sqlite).unwrap(), of(&unset, &sqlite).unwrap());
        assert_eq!(
            first.unwrap().current_key_id(),
            second.unwrap().current_key_id()
        );
        let postgres = DatabaseUrl::Postgres(SecretText::new("postgres://h/d"));
        assert!(of(&unset, &postgres).unwrap().is_none());
        assert!(of(&SecretText::new("short"), &postgres).is_err());
    }
}
