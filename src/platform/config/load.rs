//! Merges the sources of configuration and refuses what it does not know.

use std::{collections::BTreeSet, io, path::PathBuf};

use figment::{
    Figment, Profile,
    providers::{Format, Serialized, Toml},
    value::{Dict, Value},
};
use serde::de::DeserializeOwned;

use super::{Environment, WellKnown, sources::Assignment};

/// A file name like `config/production.toml`.
const PROFILE_FOLDER: &str = "config";
/// An unknown key this close to a known one is taken for a slip (Jaro-Winkler, 0 to 1).
const SIMILAR_ENOUGH: f64 = 0.75;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("unknown setting `{key}` in {origin}{}", suggestion(.nearest.as_deref()))]
    UnknownKey {
        key: String,
        origin: String,
        nearest: Option<String>,
    },
    #[error("both {variable} and {variable}_FILE are set; set one of them")]
    BothSet { variable: String },
    #[error("{variable} names {path}, which can not be read")]
    SecretFile {
        variable: String,
        path: String,
        source: io::Error,
    },
    #[error("profile `{profile}` needs the file {}, which does not exist", path.display())]
    NoProfile { profile: String, path: PathBuf },
    #[error("{0}")]
    Invalid(Box<figment::Error>),
    #[error("{0}")]
    Rejected(String),
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest
        .map(|key| format!("; did you mean `{key}`?"))
        .unwrap_or_default()
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self::Invalid(Box::new(error))
    }
}

/// What a configuration is made of.
pub struct Loader<'a> {
    /// TOML with every key there is: the keys that are not in it are unknown.
    pub defaults: &'a str,
    pub profile: Option<&'a str>,
    pub environment: &'a Environment,
    pub well_known: &'a [WellKnown],
    /// Dotted keys whose variables have a `_FILE` form; `*` stands for one name in the operator's gift.
    pub secrets: &'a [&'a str],
    /// Tables whose own keys are names that the operator gives. What stands below a name is checked
    /// by the type of its section.
    pub open: &'a [&'a str],
}

impl Loader<'_> {
    /// # Errors
    /// Names the key, the source it came from, and what would be right.
    pub fn load<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        let defaults = Figment::from(Toml::string(self.defaults));
        let known = keys_of(&defaults)?;
        let mut figment = defaults;
        if let Some(profile) = self.profile {
            let path = PathBuf::from(PROFILE_FOLDER).join(format!("{profile}.toml"));
            if !path.is_file() {
                return Err(ConfigError::NoProfile {
                    profile: profile.to_owned(),
                    path,
                });
            }
            let file = Figment::from(Toml::file_exact(&path));
            for key in keys_of(&file)? {
                self.require_known(&key, &known, &path.display().to_string())?;
            }
            figment = figment.merge(file);
        }
        let assignments = self.environment.well_known(self.well_known)?;
        let assignments = assignments
            .into_iter()
            .chain(self.environment.prefixed(self.secrets)?);
        for Assignment {
            key,
            value,
            variable,
        } in assignments
        {
            self.require_known(&key, &known, &variable)?;
            let value = Self::typed(&figment, &key, value);
            let provider = Serialized::global(&key, value);
            figment = figment.merge(Figment::from(provider).select(Profile::Global));
        }
        Ok(figment.extract()?)
    }

    fn require_known(
        &self,
        key: &str,
        known: &BTreeSet<String>,
        origin: &str,
    ) -> Result<(), ConfigError> {
        let is_below = |table: &str| {
            let rest = key
                .strip_prefix(table)
                .and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| rest.split_once('.').is_some())
        };
        if self.open.iter().any(|table| is_below(table)) {
            return Ok(());
        }
        require_known(key, known, origin)
    }

    /// Environment text as the type its default has: text stays text even when it looks like a number.
    fn typed(figment: &Figment, key: &str, text: String) -> Value {
        match figment.find_value(key) {
            Ok(Value::String(..)) => Value::from(text),
            // Below a name that the operator gave there are no defaults: what looks like one is a list
            // or a table.
            Err(_) if !text.trim_start().starts_with(['[', '{']) => Value::from(text),
            Ok(Value::Array(..)) if !text.trim_start().starts_with('[') => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                Value::from(items.map(str::to_owned).collect::<Vec<_>>())
            }
            _ => text.parse().unwrap_or_else(|_| Value::from(text)),
        }
    }
}

fn keys_of(figment: &Figment) -> Result<BTreeSet<String>, ConfigError> {
    fn walk(prefix: &str, dict: &Dict, keys: &mut BTreeSet<String>) {
        for (name, value) in dict {
            let key = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            match value.as_dict() {
                Some(inner) => walk(&key, inner, keys),
                None => {
                    keys.insert(key);
                }
            }
        }
    }
    let dict: Dict = figment.extract()?;
    let mut keys = BTreeSet::new();
    walk("", &dict, &mut keys);
    Ok(keys)
}

fn require_known(key: &str, known: &BTreeSet<String>, origin: &str) -> Result<(), ConfigError> {
    if known.contains(key) {
        return Ok(());
    }
    let nearest = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(key, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR_ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.clone());
    Err(ConfigError::UnknownKey {
        key: key.to_owned(),
        origin: origin.to_owned(),
        nearest,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::platform::config::SecretText;

    const DEFAULTS: &str =
        "[server]\nport = 1\nbind = \"a\"\norigins = []\n[database]\nurl = \"x\"\n";

    #[derive(Debug, Deserialize)]
    struct Tree {
        server: Server,
        database: Database,
        #[serde(default)]
        named: BTreeMap<String, Named>,
    }
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[derive(Default)]
    struct Named {
        key: SecretText,
        list: Vec<String>,
    }
    #[derive(Debug, Deserialize)]
    struct Server {
        port: u16,
        bind: String,
        origins: Vec<String>,
    }
    #[derive(Debug, Deserialize)]
    struct Database {
        url: SecretText,
    }

    fn load(pairs: &[(&str, &str)]) -> Result<Tree, ConfigError> {
        Loader {
            defaults: DEFAULTS,
            profile: None,
            environment: &Environment::from_pairs(pairs.iter().copied()),
            well_known: &[("DATABASE_URL", "database.url")],
            secrets: &["database.url", "named.*.key"],
            open: &["named"],
        }
        .load()
    }

    #[test]
    fn the_environment_wins_and_keeps_each_keys_type() {
        let tree = load(&[
            ("APP_SERVER__PORT", "9"),
            ("APP_SERVER__BIND", "007"),
            ("APP_SERVER__ORIGINS", "https://a, https://b"),
            ("DATABASE_URL", "weak"),
            ("APP_DATABASE__URL", "strong"),
        ])
        .unwrap();
        assert_eq!((tree.server.port, tree.server.bind.as_str()), (9, "007"));
        assert_eq!(tree.server.origins, ["https://a", "https://b"]);
        assert_eq!(tree.database.url.expose(), "strong");
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let error = load(&[("APP_SERVER__PROT", "9")]).unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown setting `server.prot` in APP_SERVER__PROT; did you mean `server.port`?"
        );
    }

    #[test]
    fn a_secret_comes_from_its_file_without_the_trailing_newline() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, "from file\n").unwrap();
        let path = path.to_str().unwrap();
        for name in ["APP_DATABASE__URL_FILE", "DATABASE_URL_FILE"] {
            assert_eq!(
                load(&[(name, path)]).unwrap().database.url.expose(),
                "from file"
            );
        }
        let error =
            load(&[("APP_DATABASE__URL_FILE", path), ("APP_DATABASE__URL", "x")]).unwrap_err();
        assert!(matches!(error, ConfigError::BothSet { .. }), "{error}");
        let error = load(&[("APP_SERVER__PORT_FILE", path)])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("unknown setting `server.port_file`"),
            "{error}"
        );
    }

    #[test]
    fn below_an_open_table_names_are_the_operators_and_keys_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "from file\n").unwrap();
        let tree = load(&[
            ("APP_NAMED__MINE__KEY_FILE", path.to_str().unwrap()),
            ("APP_NAMED__MINE__LIST", "[\"a\", \"b\"]"),
            ("APP_NAMED__YOURS__KEY", "1"),
        ])
        .unwrap();
        assert_eq!(tree.named["mine"].key.expose(), "from file");
        assert_eq!(tree.named["mine"].list, ["a", "b"]);
        assert_eq!(tree.named["yours"].key.expose(), "1");
        for unknown in [
            "APP_NAMED__MINE__KYE",
            "APP_NAMED__MINE",
            "APP_NAMED__MINE__LIST_FILE",
        ] {
            let error = load(&[(unknown, "x")]).unwrap_err().to_string();
            assert!(error.contains("unknown"), "{error}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_names_its_key() {
        let error = load(&[("APP_SERVER__PORT", "http")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("server.port"), "{error}");
    }
}
