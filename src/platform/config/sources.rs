//! The environment as a source of settings: `APP_SECTION__KEY`, its `_FILE` form, and names that
//! other software has made well known.

use std::{collections::BTreeMap, fs, path::Path};

use super::ConfigError;

/// A variable that others use, and the setting it stands for: `("DATABASE_URL", "database.url")`.
pub type WellKnown = (&'static str, &'static str);

const PREFIX: &str = "APP_";
const FILE: &str = "_FILE";
/// `APP_` variables that are no settings.
const RESERVED: &[&str] = &["APP_PROFILE", "APP_ROLE"];

/// The process environment, captured once so that tests can give their own.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        Self(
            std::env::vars_os()
                .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        )
    }

    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(k, v)| (k.into(), v.into()))
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Settings given by well-known names: dotted key → (value, variable).
    pub(super) fn well_known(&self, names: &[WellKnown]) -> Result<Vec<Assignment>, ConfigError> {
        let mut found = Vec::new();
        for (variable, key) in names {
            if let Some(value) = self.value_or_file(variable, true)? {
                found.push(Assignment {
                    key: (*key).to_owned(),
                    value,
                    variable: (*variable).to_owned(),
                });
            }
        }
        Ok(found)
    }

    /// Settings given as `APP_SECTION__KEY`. `secrets` lists the dotted keys with a `_FILE` form.
    pub(super) fn prefixed(&self, secrets: &[&str]) -> Result<Vec<Assignment>, ConfigError> {
        let mut found = Vec::new();
        for variable in self.0.keys().filter(|name| name.starts_with(PREFIX)) {
            if RESERVED.contains(&variable.as_str()) {
                continue;
            }
            let base = variable
                .strip_suffix(FILE)
                .filter(|base| is_secret(secrets, &dotted(base)));
            let name = base.unwrap_or(variable);
            let is_secret = is_secret(secrets, &dotted(name));
            if base.is_some() && self.get(name).is_some() {
                return Err(ConfigError::BothSet {
                    variable: name.to_owned(),
                });
            }
            if let Some(value) = self.value_or_file(name, is_secret)? {
                found.push(Assignment {
                    key: dotted(name),
                    value,
                    variable: variable.clone(),
                });
            }
        }
        Ok(found)
    }

    /// The variable's value, or the content of the file that its `_FILE` form names.
    fn value_or_file(&self, name: &str, file_allowed: bool) -> Result<Option<String>, ConfigError> {
        let file_variable = format!("{name}{FILE}");
        let path = self.get(&file_variable).filter(|_| file_allowed);
        match (self.get(name), path) {
            (Some(_), Some(_)) => Err(ConfigError::BothSet {
                variable: name.to_owned(),
            }),
            (None, Some(path)) => read_secret_file(&file_variable, path).map(Some),
            (value, None) => Ok(value.map(str::to_owned)),
        }
    }
}

/// One setting that the environment gives.
pub(super) struct Assignment {
    /// Dotted, as in `server.port`.
    pub key: String,
    pub value: String,
    /// For error messages.
    pub variable: String,
}

fn dotted(variable: &str) -> String {
    variable
        .strip_prefix(PREFIX)
        .unwrap_or(variable)
        .to_ascii_lowercase()
        .replace("__", ".")
}

/// Whether a key is in the list, where `*` stands for one part of a key.
fn is_secret(secrets: &[&str], key: &str) -> bool {
    secrets.iter().any(|secret| {
        secret.split('.').count() == key.split('.').count()
            && secret
                .split('.')
                .zip(key.split('.'))
                .all(|(secret, key)| secret == "*" || secret == key)
    })
}

fn read_secret_file(variable: &str, path: &str) -> Result<String, ConfigError> {
    let text = fs::read_to_string(Path::new(path)).map_err(|source| ConfigError::SecretFile {
        variable: variable.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}
