//! A prompt's name, whose `/` make folders.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::limits::{NAME_MAX_CHARS, require_chars};
use crate::prompt::PromptError;

/// Unique in its project. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromptName(Arc<str>);

impl PromptName {
    /// # Errors
    /// `prompt_invalid`, naming the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        parse_path("name", text).map(Self)
    }

    /// A name as a row holds it: it was parsed when it was written.
    pub(in crate::prompt) fn stored(text: String) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PromptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A folder: what precedes a `/` in some prompt's name. It exists while such a prompt does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPath(Arc<str>);

impl FolderPath {
    /// # Errors
    /// `prompt_invalid`, naming the rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, PromptError> {
        parse_path("folder", text).map(Self)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the name of everything inside starts with.
    pub fn prefix(&self) -> String {
        format!("{}/", self.0)
    }

    /// The direct subfolder of `parent` (`None`: the root) that `name` lies in, if any.
    pub fn child_of(parent: Option<&Self>, name: &str) -> Option<Self> {
        let start = parent.map_or(0, |parent| parent.0.len() + 1);
        let slash = name.get(start..)?.find('/')?;
        Some(Self(name[..start + slash].into()))
    }
}

/// Names travel as one percent-encoded segment of a URL's path and inside reference tags: what
/// either would not carry is refused.
fn parse_path(field: &'static str, text: &str) -> Result<Arc<str>, PromptError> {
    let text = text.trim();
    require_chars(field, text, NAME_MAX_CHARS)?;
    let refuse = |why: &str| Err(PromptError::invalid(field, why.to_owned()));
    if text.chars().any(char::is_control) {
        return refuse("contains a control character");
    }
    if text.contains('|') || text.contains("@@@") {
        return refuse("contains `|` or `@@@`, which delimit references");
    }
    if text.split('/').any(|segment| segment.trim().is_empty()) {
        return refuse("has an empty folder: no `/` at the start, the end or after another");
    }
    if text
        .split('/')
        .any(|segment| segment == "." || segment == "..")
    {
        return refuse("has a folder named `.` or `..`");
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_may_hold_folders_spaces_and_any_script() {
        for name in [
            "greeting",
            "team/support/greeting",
            "挨拶 2",
            "a%2Fb",
            "with space/ü",
        ] {
            assert_eq!(
                PromptName::parse(&format!(" {name} ")).unwrap().as_str(),
                name
            );
        }
    }

    #[test]
    fn what_a_url_or_a_reference_would_not_carry_is_refused() {
        let too_long = "x".repeat(NAME_MAX_CHARS + 1);
        let bad = [
            "", " ", "/a", "a/", "a//b", "a/ /b", "a|b", "a@@@b", "a\0b", "a\nb", "a/../b", ".",
            &too_long,
        ];
        for name in bad {
            assert!(PromptName::parse(name).is_err(), "{name:?}");
        }
        assert!(
            PromptName::parse(&"漢".repeat(NAME_MAX_CHARS)).is_ok(),
            "characters, not bytes"
        );
    }

    #[test]
    fn a_name_knows_the_folder_it_lies_in() {
        let team = FolderPath::parse("team").unwrap();
        let child =
            |parent, name| FolderPath::child_of(parent, name).map(|path| path.as_str().to_owned());
        assert_eq!(child(None, "team/a/b").as_deref(), Some("team"));
        assert_eq!(child(Some(&team), "team/a/b").as_deref(), Some("team/a"));
        assert_eq!(child(Some(&team), "team/a"), None);
        assert_eq!(child(None, "a"), None);
    }
}
