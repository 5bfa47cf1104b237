//! Who a call is counted for, and what it is expected to use.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::{
    kernel::{ApiKeyId, NanoUsd, ProjectId},
    llm_integration::ModelPattern,
};

/// Longest name that a counter keeps as it is; a longer one is kept as its hash.
const MAX_VALUE_BYTES: usize = 200;

/// What a call is counted for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub project: ProjectId,
    /// `None` for a caller without a key: a person, or the product itself.
    pub key: Option<ApiKeyId>,
    pub user: Option<&'a str>,
    pub tags: &'a [String],
    /// The name that the caller asked for: a model's, or that of the route in [`Subject::route`].
    pub model: &'a str,
    /// The route that `model` names, if it names one.
    pub route: Option<&'a str>,
}

/// What a call is expected to use at most; it is held back until the call is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// `None` when the model has no price: a budget refuses such a call.
    pub cost: Option<NanoUsd>,
}

/// What a call has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Actual {
    pub tokens: u64,
    /// `None` when it is not known: the estimate counts.
    pub cost: Option<NanoUsd>,
}

impl Estimate {
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// What a limit can be set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    Project,
    Key,
    User,
    Tag,
    Model,
}

impl SubjectKind {
    pub const ALL: [Self; 5] = [Self::Project, Self::Key, Self::User, Self::Tag, Self::Model];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Key => "key",
            Self::User => "user",
            Self::Tag => "tag",
            Self::Model => "model",
        }
    }
}

impl FromStr for SubjectKind {
    type Err = String;
    /// The error lists every known name.
    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("a subject's `kind` is `{name}`; it must be one of {known}")
            })
    }
}

/// For whom a limit holds: one, each, or (for models) those that a pattern matches, together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitSubject {
    kind: SubjectKind,
    value: String,
}

impl LimitSubject {
    /// In place of a value: each has a count of its own.
    pub const EACH: &str = "*";

    /// # Errors
    /// Says what would be right.
    pub fn parse(kind: &str, value: Option<&str>) -> Result<Self, String> {
        let kind: SubjectKind = kind.parse()?;
        let value = match (kind, value) {
            (SubjectKind::Project, None) => Self::EACH.to_owned(),
            (SubjectKind::Project, Some(_)) => {
                return Err("the project is the caller's own: leave `value` out".to_owned());
            }
            (_, None) => {
                return Err(format!(
                    "a limit for a {} needs its `value`, or `*` for each",
                    kind.name()
                ));
            }
            (_, Some(Self::EACH)) => Self::EACH.to_owned(),
            (SubjectKind::Key, Some(id)) => id
                .parse::<ApiKeyId>()
                .map_err(|_| format!("`{id}` is not the id of a key"))?
                .to_string(),
            (SubjectKind::Model, Some(pattern)) => {
                pattern.parse::<ModelPattern>()?.as_str().to_owned()
            }
            (SubjectKind::User | SubjectKind::Tag, Some(name)) => {
                if name.is_empty() || name.len() > MAX_VALUE_BYTES || name.contains('\0') {
                    return Err(format!(
                        "`value` takes 1 to {MAX_VALUE_BYTES} bytes, none of them NUL"
                    ));
                }
                name.to_owned()
            }
        };
        Ok(Self { kind, value })
    }

    pub fn of_key(key: ApiKeyId) -> Self {
        Self {
            kind: SubjectKind::Key,
            value: key.to_string(),
        }
    }

    pub(super) fn each(kind: SubjectKind, value: &str) -> Self {
        Self {
            kind,
            value: countable(value).into_owned(),
        }
    }

    pub const fn kind(&self) -> SubjectKind {
        self.kind
    }

    pub fn value(&self) -> &str {
        &self.value
    }

    pub fn is_each(&self) -> bool {
        self.value == Self::EACH
    }
}

impl fmt::Display for LimitSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == SubjectKind::Project {
            f.write_str("this project")
        } else {
            write!(f, "{} `{}`", self.kind.name(), self.value)
        }
    }
}

/// A caller's text as the name of a counter: any text has one, and two texts have two.
fn countable(value: &str) -> Cow<'_, str> {
    if value.len() <= MAX_VALUE_BYTES && !value.contains('\0') {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(format!(
            "blake3:{}",
            blake3::hash(value.as_bytes()).to_hex()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_or_each_of_a_kind() {
        let parse = |kind, value| LimitSubject::parse(kind, value);
        assert!(parse("project", None).unwrap().is_each());
        assert!(parse("user", Some("*")).unwrap().is_each());
        assert_eq!(parse("tag", Some("a")).unwrap().to_string(), "tag `a`");
        let key = "018f4e6e-7d35-7c9e-8a6e-0b1c2d3e4f50";
        assert_eq!(parse("key", Some(key)).unwrap().value(), key);
        for (kind, value) in [
            ("project", Some("x")),
            ("user", None),
            ("user", Some("")),
            ("key", Some("pk-1")),
            ("organization", None),
        ] {
            assert!(parse(kind, value).is_err(), "{kind} {value:?}");
        }
    }

    #[test]
    fn a_name_that_no_column_holds_is_counted_by_its_hash() {
        let long = "a".repeat(MAX_VALUE_BYTES + 1);
        assert!(LimitSubject::each(SubjectKind::User, &long).value().len() < MAX_VALUE_BYTES);
        assert!(
            !LimitSubject::each(SubjectKind::User, "a\0")
                .value()
                .contains('\0')
        );
    }
}
