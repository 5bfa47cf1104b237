//! Which version a caller or a reference means.

use std::fmt;

use super::{Label, VersionNumber};
use crate::prompt::PromptError;

/// Which version of a prompt is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    Version(VersionNumber),
    Label(Label),
}

impl Selector {
    /// What a caller asks for by the two query parameters; neither means `production`.
    ///
    /// # Errors
    /// `prompt_invalid` when both are given or one is malformed.
    pub fn parse(version: Option<i32>, label: Option<&str>) -> Result<Self, PromptError> {
        match (version, label) {
            (Some(_), Some(_)) => Err(PromptError::invalid(
                "version",
                "and `label` were both given; give one",
            )),
            (Some(version), None) => VersionNumber::parse(version).map(Self::Version),
            (None, Some(label)) => Label::parse(label).map(Self::Label),
            (None, None) => Ok(Self::Label(Label::production())),
        }
    }

    /// The same, where neither means that no version in particular is asked for.
    ///
    /// # Errors
    /// As [`Selector::parse`].
    pub fn parse_optional(
        version: Option<i32>,
        label: Option<&str>,
    ) -> Result<Option<Self>, PromptError> {
        (version.is_some() || label.is_some())
            .then(|| Self::parse(version, label))
            .transpose()
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "version {version}"),
            Self::Label(label) => write!(f, "label '{label}'"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_for_version_and_label_at_once_is_refused() {
        assert!(Selector::parse(Some(1), Some("a")).is_err());
        assert_eq!(
            Selector::parse(None, None).unwrap(),
            Selector::Label(Label::production())
        );
    }
}
