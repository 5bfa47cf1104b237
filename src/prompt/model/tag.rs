//! Tags: words to find prompts by; they belong to the prompt, not to one version.

use serde::Serialize;

use super::limits::{TAG_MAX_CHARS, TAGS_MAX, require_at_most, require_chars};
use crate::prompt::PromptError;

/// A prompt's tags, each once, in the order they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tags(Vec<String>);

impl Tags {
    /// # Errors
    /// `prompt_invalid` when there are too many, or one is empty, too long or holds a NUL.
    pub fn parse(texts: Vec<String>) -> Result<Self, PromptError> {
        let mut tags = Vec::with_capacity(texts.len());
        for tag in texts {
            require_chars("tag", &tag, TAG_MAX_CHARS)?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        require_at_most("tags", tags.len(), TAGS_MAX, "tags")?;
        Ok(Self(tags))
    }

    pub(in crate::prompt) fn stored(tags: Vec<String>) -> Self {
        Self(tags)
    }

    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tag_counts_once() {
        let tags = Tags::parse(["b", "a", "b"].map(str::to_owned).into()).unwrap();
        assert_eq!(tags.as_slice(), ["b", "a"]);
        assert!(Tags::parse(vec![String::new()]).is_err());
        assert!(Tags::parse((0..=TAGS_MAX).map(|n| n.to_string()).collect()).is_err());
    }
}
