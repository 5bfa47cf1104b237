//! Comments and what they are about.

use std::str::FromStr;

use crate::{
    kernel::Timestamp,
    llm_integration::{LlmError, traces::named},
};

const MAX_CONTENT_CHARS: usize = 5000;
const MAX_ID_CHARS: usize = 200;

named! {
    /// What kind of thing a comment is about.
    CommentObject {
        Trace = "TRACE", Observation = "OBSERVATION", Session = "SESSION", Prompt = "PROMPT",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: String,
    pub object: CommentObject,
    pub object_id: String,
    pub content: String,
    pub author_user_id: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a caller wants to say.
#[derive(Clone, Debug)]
pub struct NewComment {
    pub object: CommentObject,
    pub object_id: String,
    pub content: String,
    pub author_user_id: Option<String>,
}

/// Every condition that is given must hold.
#[derive(Clone, Debug, Default)]
pub struct CommentFilter {
    pub object: Option<CommentObject>,
    pub object_id: Option<String>,
    pub author_user_id: Option<String>,
}

impl Comment {
    /// # Errors
    /// [`LlmError::InvalidRequest`] naming what is wrong.
    pub fn create(new: NewComment, id: String, now: Timestamp) -> Result<Self, LlmError> {
        let NewComment {
            object,
            object_id,
            content,
            author_user_id,
        } = new;
        let fits =
            |text: &str, most| (1..=most).contains(&text.chars().count()) && !text.contains('\0');
        let checks = [
            (
                "content",
                fits(&content, MAX_CONTENT_CHARS),
                MAX_CONTENT_CHARS,
            ),
            ("objectId", fits(&object_id, MAX_ID_CHARS), MAX_ID_CHARS),
            (
                "authorUserId",
                author_user_id
                    .as_deref()
                    .is_none_or(|id| fits(id, MAX_ID_CHARS)),
                MAX_ID_CHARS,
            ),
        ];
        if let Some((field, _, most)) = checks.iter().find(|(_, fits, _)| !fits) {
            return Err(LlmError::InvalidRequest {
                what: format!("`{field}` is not valid: 1 to {most} characters, without NUL"),
            });
        }
        Ok(Self {
            id,
            object,
            object_id,
            content,
            author_user_id,
            created_at: now,
            updated_at: now,
        })
    }
}
