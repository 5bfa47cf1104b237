//! References: `@@@langfusePrompt:name=greeting|label=production@@@` stands for another prompt's
//! text. The syntax is Langfuse's, so that prompts move between the two unchanged.

use std::fmt;

use super::{
    Label, PromptName, Selector, VersionNumber,
    limits::{REFERENCES_MAX, require_at_most},
};
use crate::prompt::PromptError;

const OPENING: &str = "@@@langfusePrompt:";
const CLOSING: &str = "@@@";

/// One prompt's mention of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub name: PromptName,
    pub target: Selector,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' with {}", self.name, self.target)
    }
}

impl Reference {
    /// What stands between the delimiters: `name=...|version=...` or `name=...|label=...`.
    fn parse(inner: &str) -> Result<Self, PromptError> {
        let unreadable = || {
            let why = format!(
                "has the reference `{inner}`; it must read `name=<prompt>|label=<label>` or \
                 `name=<prompt>|version=<number>`"
            );
            PromptError::invalid("prompt", why)
        };
        let (name, target) = inner.split_once('|').ok_or_else(unreadable)?;
        let name = PromptName::parse(name.strip_prefix("name=").ok_or_else(unreadable)?)?;
        let target = match target.split_once('=') {
            Some(("version", number)) => Selector::Version(VersionNumber::parse(
                number.parse().map_err(|_| unreadable())?,
            )?),
            Some(("label", label)) => Selector::Label(Label::parse(label)?),
            _ => return Err(unreadable()),
        };
        Ok(Self { name, target })
    }
}

/// The references in `templates`, each once, in the order of their first mention.
///
/// # Errors
/// `prompt_invalid` when one can not be read or there are too many.
pub fn references<'a>(
    templates: impl Iterator<Item = &'a str>,
) -> Result<Vec<Reference>, PromptError> {
    let mut found = Vec::new();
    for template in templates {
        replace(template, |reference| {
            if !found.contains(reference) {
                found.push(reference.clone());
            }
            require_at_most("prompt", found.len(), REFERENCES_MAX, "references")
                .map(|()| String::new())
        })?;
    }
    Ok(found)
}

/// `template` with every reference replaced by what `text_of` gives for it.
///
/// # Errors
/// `prompt_invalid` when a reference can not be read, or what `text_of` returns.
pub fn replace(
    template: &str,
    mut text_of: impl FnMut(&Reference) -> Result<String, PromptError>,
) -> Result<String, PromptError> {
    let mut replaced = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once(OPENING) {
        let Some((inner, after)) = tail.split_once(CLOSING) else {
            break;
        };
        replaced.push_str(before);
        replaced.push_str(&text_of(&Reference::parse(inner)?)?);
        rest = after;
    }
    replaced.push_str(rest);
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(template: &str) -> Result<Vec<String>, PromptError> {
        let references = references(std::iter::once(template))?;
        Ok(references.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn references_are_found_once_in_order() {
        let template = "@@@langfusePrompt:name=b/c d|label=production@@@ and \
                        @@@langfusePrompt:name=a|version=2@@@@@@langfusePrompt:name=a|version=2@@@";
        assert_eq!(
            found(template).unwrap(),
            ["'b/c d' with label 'production'", "'a' with version 2"]
        );
        assert_eq!(
            found("@@@ @@@langfuseMedia:x@@@ @@@langfusePrompt:name=a|label=b").unwrap(),
            [""; 0]
        );
    }

    #[test]
    fn what_can_not_be_read_is_refused_with_what_would_be_right() {
        for inner in [
            "",
            "name=a",
            "label=b|name=a",
            "name=a|version=x",
            "name=a|version=0",
            "name=a|label=B",
        ] {
            assert!(
                found(&format!("@@@langfusePrompt:{inner}@@@")).is_err(),
                "{inner}"
            );
        }
        let error = found("@@@langfusePrompt:nam=a|label=b@@@")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`nam=a|label=b`") && error.contains("name=<prompt>|label=<label>"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn replacing_touches_nothing_but_references(parts in prop::collection::vec("[a@| ]{0,4}", 1..8)) {
            let tag = "@@@langfusePrompt:name=x|version=1@@@";
            let parts: Vec<_> = parts.iter().map(|part| format!(" {part} ")).collect();
            let replaced = replace(&parts.join(tag), |_| Ok("#".to_owned())).unwrap();
            prop_assert_eq!(replaced, parts.join("#"));
        }
    }
}
