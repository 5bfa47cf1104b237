//! Organisations, projects, people and keys: the types and what is valid in them.

use rand::{TryRngCore, rngs::OsRng};

use super::IdentityError;
use crate::{
    kernel::{ApiKeyId, OrganizationId, Permissions, ProjectId, Role, Timestamp, UserId},
    platform::config::SecretText,
};

const MAX_NAME_CHARS: usize = 255;
const MAX_KEY_CHARS: usize = 255;
/// Random bytes in a generated secret key (192 bits) and in its public half.
const SECRET_BYTES: usize = 24;
const PUBLIC_BYTES: usize = 16;
const HINT_CHARS: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    pub id: OrganizationId,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub organization: Organization,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub name: String,
}

/// A person's place in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: User,
    pub role: Role,
    pub since: Timestamp,
}

/// A key as it can be shown: everything but its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    pub public_key: String,
    /// The end of the secret, to recognise it by.
    pub secret_hint: String,
    pub scopes: Permissions,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// What a caller chooses about a new key.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    pub scopes: Permissions,
    pub expires_at: Option<Timestamp>,
}

/// A public key, `pk-…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(String);

/// A secret key, `sk-…`. Never prints itself.
#[derive(Clone, Debug)]
pub struct SecretKey(SecretText);

/// Both halves: shown once, when the key is made.
#[derive(Clone, Debug)]
pub struct KeyPair {
    pub public: PublicKey,
    pub secret: SecretKey,
}

impl PublicKey {
    pub fn generate() -> Self {
        Self(random_key::<PUBLIC_BYTES>("pk-kn-"))
    }

    /// # Errors
    /// When it does not begin with `pk-` or has characters other than `a-z A-Z 0-9 - _`.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        require_key_form(text, "pk-")?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SecretKey {
    pub fn generate() -> Self {
        Self(SecretText::new(random_key::<SECRET_BYTES>("sk-kn-")))
    }

    /// # Errors
    /// When it does not begin with `sk-` or has characters other than `a-z A-Z 0-9 - _`.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        require_key_form(text, "sk-")?;
        Ok(Self(SecretText::new(text)))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub fn hint(&self) -> String {
        let text = self.expose();
        text[text.len() - HINT_CHARS..].to_owned()
    }
}

impl KeyPair {
    pub fn generate() -> Self {
        Self {
            public: PublicKey::generate(),
            secret: SecretKey::generate(),
        }
    }
}

impl ApiKey {
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A name that a person reads: 1 to 255 characters, none of them a control character.
///
/// # Errors
/// Names the field and the rule.
pub fn valid_name(field: &'static str, name: &str) -> Result<String, IdentityError> {
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        let rule = format!("must be 1 to {MAX_NAME_CHARS} characters without control characters");
        return Err(IdentityError::Invalid { field, rule });
    }
    Ok(name.to_owned())
}

/// # Errors
/// When it has no `@` with text on both sides, or is longer than 255 characters.
pub fn valid_email(email: &str) -> Result<String, IdentityError> {
    let email = valid_name("email", email)?.to_lowercase();
    match email.split_once('@') {
        Some((local, domain))
            if !local.is_empty() && domain.contains('.') && !email.contains(' ') =>
        {
            Ok(email)
        }
        _ => Err(IdentityError::Invalid {
            field: "email",
            rule: "must look like name@example.org".to_owned(),
        }),
    }
}

fn require_key_form(text: &str, prefix: &'static str) -> Result<(), IdentityError> {
    let rest = text.strip_prefix(prefix).unwrap_or_default();
    let plain = rest
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if rest.len() < HINT_CHARS || text.len() > MAX_KEY_CHARS || !plain {
        let field = if prefix == "pk-" {
            "public_key"
        } else {
            "secret_key"
        };
        let rule =
            format!("must be `{prefix}` and {HINT_CHARS} or more of a-z, A-Z, 0-9, `-`, `_`");
        return Err(IdentityError::Invalid { field, rule });
    }
    Ok(())
}

fn random_key<const BYTES: usize>(prefix: &str) -> String {
    let mut random = [0_u8; BYTES];
    OsRng
        .try_fill_bytes(&mut random)
        .expect("the operating system gives random bytes");
    random
        .iter()
        .fold(prefix.to_owned(), |key, byte| key + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_keys_have_the_form_that_is_parsed() {
        let pair = KeyPair::generate();
        assert!(PublicKey::parse(pair.public.as_str()).is_ok());
        assert!(SecretKey::parse(pair.secret.expose()).is_ok());
        assert!(pair.secret.expose().ends_with(&pair.secret.hint()));
        assert!(!format!("{pair:?}").contains(pair.secret.expose()));
    }

    #[test]
    fn keys_and_names_of_another_form_are_refused() {
        for text in ["", "sk-", "sk-abc", "pk-1234", "sk-12 4", "sk-12é4"] {
            assert!(SecretKey::parse(text).is_err(), "{text:?}");
        }
        assert!(valid_name("name", " ").is_err());
        assert!(valid_name("name", "a\0b").is_err());
        assert!(valid_email("nobody").is_err());
        assert_eq!(valid_email("A@Example.org").unwrap(), "a@example.org");
    }
}
