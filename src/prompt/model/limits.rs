//! Every limit of a prompt, with its unit, and the checks that name field, size and limit.

use crate::prompt::PromptError;

/// Characters of a prompt's name, folders included.
pub const NAME_MAX_CHARS: usize = 255;
/// Characters of a label.
pub const LABEL_MAX_CHARS: usize = 36;
/// Labels of one request, and of one prompt.
pub const LABELS_MAX: usize = 50;
/// Characters of a tag.
pub const TAG_MAX_CHARS: usize = 100;
/// Tags of one prompt.
pub const TAGS_MAX: usize = 50;
/// Characters of a commit message.
pub const COMMIT_MESSAGE_MAX_CHARS: usize = 500;
/// Bytes of all the text of one version (1 MiB).
pub const TEXT_MAX_BYTES: usize = 1024 * 1024;
/// Messages and placeholders of one version.
pub const MESSAGES_MAX: usize = 500;
/// Characters of a message's role.
pub const ROLE_MAX_CHARS: usize = 64;
/// Characters of the name of a variable or a placeholder.
pub const VARIABLE_MAX_CHARS: usize = 128;
/// Bytes of one version's config, as JSON (256 KiB).
pub const CONFIG_MAX_BYTES: usize = 256 * 1024;
/// Prompts that one version refers to, itself or through others.
pub const REFERENCES_MAX: usize = 100;
/// Prompts on the longest path of references, the first one included (Langfuse's limit).
pub const NESTING_MAX: usize = 5;
/// Bytes of all the text of one version after its references were replaced (4 MiB).
pub const RESOLVED_MAX_BYTES: usize = 4 * 1024 * 1024;
/// Milliseconds spent on a minimal diff; after that a coarser one is given.
pub const DIFF_DEADLINE_MS: u64 = 500;

pub(super) fn require_chars(
    field: &'static str,
    text: &str,
    max: usize,
) -> Result<(), PromptError> {
    require_no_nul(field, text)?;
    let count = text.chars().count();
    if count == 0 {
        return Err(PromptError::invalid(field, "is empty"));
    }
    require_at_most(field, count, max, "characters")
}

pub(super) fn require_at_most(
    field: &'static str,
    count: usize,
    max: usize,
    unit: &'static str,
) -> Result<(), PromptError> {
    if count <= max {
        return Ok(());
    }
    Err(PromptError::invalid(
        field,
        format!("has {count} {unit}; the limit is {max}"),
    ))
}

/// PostgreSQL's `text` has no place for it, and no prompt has a use for it.
pub(super) fn require_no_nul(field: &'static str, text: &str) -> Result<(), PromptError> {
    if text.contains('\0') {
        return Err(PromptError::invalid(field, "contains a NUL character"));
    }
    Ok(())
}
