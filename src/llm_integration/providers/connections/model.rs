//! A project's own provider: what is shown of it, and what is not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Id, Timestamp},
    llm_integration::{
        ModelPattern,
        providers::{AwsKeys, ProviderKind, ProviderName, ProviderSpec},
    },
    platform::config::SecretText,
};

const MAX_SECRET_CHARS: usize = 8_192;
const MAX_ENTRIES: usize = 200;
const MAX_TEXT_CHARS: usize = 2_048;
/// How much of a key is shown, of keys that are long enough to keep the rest secret.
const HINT_CHARS: usize = 4;
const MIN_HINTED_CHARS: usize = 16;

/// Marker of [`ProviderId`].
pub enum ProviderMarker {}
pub type ProviderId = Id<ProviderMarker>;

/// A provider of a project, without its secrets.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: ProviderId,
    pub name: ProviderName,
    pub kind: ProviderKind,
    pub base_url: Option<String>,
    /// The last characters of its key; empty for a short one, and for none.
    pub key_hint: String,
    pub details: Details,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What has no column of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    pub region: Option<String>,
    pub api_version: Option<String>,
    pub deployments: BTreeMap<String, String>,
    pub models: Vec<String>,
    /// Their values are secrets.
    pub header_names: Vec<String>,
}

/// A provider as a project describes it.
#[derive(Clone, Debug)]
pub struct NewConnection {
    pub name: ProviderName,
    pub kind: ProviderKind,
    pub base_url: Option<String>,
    pub region: Option<String>,
    pub api_version: Option<String>,
    pub deployments: BTreeMap<String, String>,
    pub models: Vec<ModelPattern>,
    pub secrets: NewSecrets,
}

/// Secrets that come with a description; what is `None` stays as it is stored.
#[derive(Clone, Debug, Default)]
pub struct NewSecrets {
    pub api_key: Option<SecretText>,
    pub aws: Option<AwsKeys>,
    pub extra_headers: Option<BTreeMap<String, SecretText>>,
}

/// A provider's secrets, together.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    pub api_key: Option<SecretText>,
    pub aws: Option<AwsKeys>,
    pub extra_headers: BTreeMap<String, SecretText>,
}

/// A provider with its secrets, opened.
#[derive(Clone, Debug)]
pub struct Stored {
    pub connection: Connection,
    /// `None` when they can not be opened.
    pub secrets: Option<Secrets>,
}

/// The sealed text's form.
#[derive(Serialize, Deserialize)]
struct Plain {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aws: Option<PlainAws>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    extra_headers: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct PlainAws {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Secrets {
    /// What is to be sealed.
    pub fn to_plain(&self) -> Result<SecretText, serde_json::Error> {
        let exposed = |secret: &SecretText| secret.expose().to_owned();
        let plain = Plain {
            api_key: self.api_key.as_ref().map(exposed),
            aws: self.aws.as_ref().map(|keys| PlainAws {
                access_key_id: keys.access_key_id.clone(),
                secret_access_key: exposed(&keys.secret_access_key),
                session_token: keys.session_token.as_ref().map(exposed),
            }),
            extra_headers: self
                .extra_headers
                .iter()
                .map(|(name, value)| (name.clone(), exposed(value)))
                .collect(),
        };
        serde_json::to_string(&plain).map(SecretText::new)
    }

    pub fn of_plain(text: &SecretText) -> Result<Self, serde_json::Error> {
        let Plain {
            api_key,
            aws,
            extra_headers,
        } = serde_json::from_str(text.expose())?;
        Ok(Self {
            api_key: api_key.map(SecretText::new),
            aws: aws.map(|keys| AwsKeys {
                access_key_id: keys.access_key_id,
                secret_access_key: SecretText::new(keys.secret_access_key),
                session_token: keys.session_token.map(SecretText::new),
            }),
            extra_headers: extra_headers
                .into_iter()
                .map(|(name, value)| (name, SecretText::new(value)))
                .collect(),
        })
    }

    /// These, with what `new` brings instead.
    pub fn with(self, new: NewSecrets) -> Self {
        let NewSecrets {
            api_key,
            aws,
            extra_headers,
        } = new;
        let brings_credentials = api_key.is_some() || aws.is_some();
        let kept = |old: Self| {
            if brings_credentials {
                (None, None)
            } else {
                (old.api_key, old.aws)
            }
        };
        let headers = self.extra_headers.clone();
        let (old_key, old_aws) = kept(self);
        Self {
            api_key: api_key.or(old_key),
            aws: aws.or(old_aws),
            extra_headers: extra_headers.unwrap_or(headers),
        }
    }

    pub fn hint(&self) -> String {
        let aws = self.aws.as_ref().map(|keys| &keys.secret_access_key);
        let Some(key) = self.api_key.as_ref().or(aws) else {
            return String::new();
        };
        let length = key.expose().chars().count();
        if length < MIN_HINTED_CHARS {
            return String::new();
        }
        key.expose().chars().skip(length - HINT_CHARS).collect()
    }
}

impl NewConnection {
    /// Whether a description is within its limits.
    ///
    /// # Errors
    /// Names the field and its limit.
    pub fn check_limits(&self) -> Result<(), String> {
        let secrets = &self.secrets;
        let headers = secrets.extra_headers.as_ref();
        let texts = [
            ("base_url", &self.base_url),
            ("region", &self.region),
            ("api_version", &self.api_version),
        ];
        let long = texts.iter().find(|(_, text)| {
            text.as_ref()
                .is_some_and(|text| text.len() > MAX_TEXT_CHARS)
        });
        if let Some((field, _)) = long {
            return Err(format!(
                "`{field}` takes at most {MAX_TEXT_CHARS} characters"
            ));
        }
        let counts = [
            ("models", self.models.len()),
            ("deployments", self.deployments.len()),
            ("extra_headers", headers.map_or(0, BTreeMap::len)),
        ];
        if let Some((field, _)) = counts.iter().find(|(_, count)| *count > MAX_ENTRIES) {
            return Err(format!("`{field}` takes at most {MAX_ENTRIES} entries"));
        }
        let of_aws = secrets.aws.iter().flat_map(|keys| {
            std::iter::once(&keys.secret_access_key).chain(keys.session_token.as_ref())
        });
        let mut all = secrets
            .api_key
            .iter()
            .chain(of_aws)
            .chain(headers.into_iter().flat_map(BTreeMap::values));
        if all.any(|secret| secret.expose().len() > MAX_SECRET_CHARS) {
            return Err(format!(
                "a secret takes at most {MAX_SECRET_CHARS} characters"
            ));
        }
        Ok(())
    }

    pub(super) fn details(&self, secrets: &Secrets) -> Details {
        Details {
            region: self.region.clone(),
            api_version: self.api_version.clone(),
            deployments: self.deployments.clone(),
            models: self
                .models
                .iter()
                .map(|model| model.as_str().to_owned())
                .collect(),
            header_names: secrets.extra_headers.keys().cloned().collect(),
        }
    }

    /// Whether secrets that were given for `stored` may be sent where this one says: a key that was
    /// stored must not reach an address that somebody else chose.
    pub(super) fn keeps_the_address_of(&self, stored: &Connection) -> bool {
        (self.kind, &self.base_url, &self.region)
            == (stored.kind, &stored.base_url, &stored.details.region)
    }
}

impl Stored {
    /// The description that a provider is built of.
    ///
    /// # Errors
    /// When a stored pattern of models is none.
    pub fn spec(&self) -> Result<ProviderSpec, String> {
        let Connection {
            name,
            kind,
            base_url,
            details,
            ..
        } = &self.connection;
        let secrets = self.secrets.clone().unwrap_or_default();
        let models = details.models.iter().map(|model| model.parse());
        Ok(ProviderSpec {
            name: name.clone(),
            kind: *kind,
            base_url: base_url.clone(),
            key: secrets.api_key,
            region: details.region.clone(),
            aws: secrets.aws,
            api_version: details.api_version.clone(),
            deployments: details.deployments.clone(),
            models: models.collect::<Result<_, _>>()?,
            extra_headers: secrets.extra_headers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(key: &str) -> Secrets {
        Secrets {
            api_key: Some(SecretText::new(key)),
            ..Secrets::default()
        }
    }

    #[test]
    fn a_hint_shows_four_characters_of_a_long_key_and_nothing_of_a_short_one() {
        assert_eq!(secrets("sk-0123456789abcdef").hint(), "cdef");
        assert_eq!(secrets("sk-short").hint(), "");
        assert_eq!(Secrets::default().hint(), "");
    }

    #[test]
    fn secrets_survive_their_plain_form_and_new_ones_replace_old_ones() {
        let all = Secrets {
            api_key: None,
            aws: Some(AwsKeys {
                access_key_id: "AKID".to_owned(),
                secret_access_key: SecretText::new("secret"),
                session_token: Some(SecretText::new("token")),
            }),
            extra_headers: [("x-a".to_owned(), SecretText::new("v"))].into(),
        };
        let plain = all.to_plain().unwrap();
        let read = Secrets::of_plain(&plain).unwrap();
        assert_eq!(read.to_plain().unwrap().expose(), plain.expose());
        let new = NewSecrets {
            api_key: Some(SecretText::new("key")),
            ..NewSecrets::default()
        };
        let merged = read.with(new);
        assert!(
            merged.aws.is_none(),
            "a key takes the place of other credentials"
        );
        assert_eq!(merged.extra_headers["x-a"].expose(), "v");
        assert_eq!(
            merged.with(NewSecrets::default()).api_key.unwrap().expose(),
            "key"
        );
    }
}
