//! Labels: names that point at one version of a prompt each, and move.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    VersionNumber,
    limits::{LABEL_MAX_CHARS, LABELS_MAX, require_at_most, require_chars},
};
use crate::prompt::PromptError;

/// The version that is served when nobody asks for another.
const PRODUCTION: &str = "production";
/// Always the highest version; kept by the server.
const LATEST: &str = "latest";

/// A label, `latest` included. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(Arc<str>);

impl Label {
    /// # Errors
    /// `prompt_invalid` unless 1 to 36 of `a-z 0-9 _ - .` (Langfuse's rule).
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        require_chars("label", text, LABEL_MAX_CHARS)?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
        if !text.chars().all(allowed) {
            let why = format!("`{text}` has characters other than a-z, 0-9, `_`, `-` and `.`");
            return Err(PromptError::invalid("label", why));
        }
        Ok(Self(text.into()))
    }

    /// A label that a caller may set: any but `latest`.
    ///
    /// # Errors
    /// `prompt_invalid` or `prompt_label_reserved`.
    pub fn parse_settable(text: &str) -> Result<Self, PromptError> {
        let label = Self::parse(text)?;
        if label.is_latest() {
            Err(PromptError::LabelReserved)
        } else {
            Ok(label)
        }
    }

    pub(in crate::prompt) fn stored(text: String) -> Self {
        Self(text.into())
    }

    pub fn production() -> Self {
        Self(PRODUCTION.into())
    }

    pub fn latest() -> Self {
        Self(LATEST.into())
    }

    pub fn is_latest(&self) -> bool {
        &*self.0 == LATEST
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which version each label of one prompt points at. A label points at one version by
/// construction; `latest` is never in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(BTreeMap<Label, VersionNumber>);

impl Labels {
    pub(in crate::prompt) fn stored(
        labels: impl IntoIterator<Item = (Label, VersionNumber)>,
    ) -> Self {
        Self(labels.into_iter().collect())
    }

    pub fn get(&self, label: &Label) -> Option<VersionNumber> {
        self.0.get(label).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Label, VersionNumber)> {
        self.0.iter().map(|(label, version)| (label, *version))
    }

    /// The labels that point at `version`, in alphabetical order.
    pub fn of(&self, version: VersionNumber) -> impl Iterator<Item = &Label> {
        self.iter()
            .filter(move |(_, target)| *target == version)
            .map(|(label, _)| label)
    }

    /// Points each of `labels` at `version`, and returns every version that gained or lost one.
    pub(super) fn move_to(
        &mut self,
        labels: &[Label],
        version: VersionNumber,
    ) -> Result<Vec<VersionNumber>, PromptError> {
        let mut touched = Vec::new();
        for label in labels {
            let before = self.0.insert(label.clone(), version);
            if before != Some(version) {
                touched.extend(before);
                touched.push(version);
            }
        }
        require_at_most("labels", self.0.len(), LABELS_MAX, "labels")?;
        touched.sort_unstable();
        touched.dedup();
        Ok(touched)
    }

    /// Takes `label` away, and returns the version that it pointed at.
    pub(super) fn remove(&mut self, label: &Label) -> Option<VersionNumber> {
        self.0.remove(label)
    }

    /// Takes away every label of `version`.
    pub(super) fn remove_version(&mut self, version: VersionNumber) {
        self.0.retain(|_, target| *target != version);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_follow_langfuses_rule_and_latest_is_reserved() {
        for label in ["production", "v1.2_a-b", "0"] {
            assert_eq!(Label::parse_settable(label).unwrap().as_str(), label);
        }
        for label in ["", "Production", "a b", "ü", "a/b", "a\0", &"x".repeat(37)] {
            assert!(Label::parse(label).is_err(), "{label:?}");
        }
        assert!(matches!(
            Label::parse_settable("latest"),
            Err(PromptError::LabelReserved)
        ));
        assert!(Label::parse("latest").unwrap().is_latest());
    }

    proptest! {
        #[test]
        fn a_label_points_where_it_was_last_pointed_and_only_there(
            moves in prop::collection::vec((0_u8..5, 1_i32..6), 1..60),
        ) {
            let mut labels = Labels::default();
            let mut expected = BTreeMap::new();
            for (label, version) in moves {
                let label = Label::parse(&format!("l{label}")).unwrap();
                let version = VersionNumber::parse(version).unwrap();
                let before = expected.insert(label.clone(), version);
                let touched = labels.move_to(std::slice::from_ref(&label), version).unwrap();
                prop_assert_eq!(touched.is_empty(), before == Some(version));
            }
            let versions = (1..6).map(|number| VersionNumber::parse(number).unwrap());
            let spread: usize = versions.map(|version| labels.of(version).count()).sum();
            prop_assert_eq!(spread, expected.len());
            for (label, version) in &expected {
                prop_assert_eq!(labels.get(label), Some(*version));
            }
        }
    }
}
