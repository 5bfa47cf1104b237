//! Questions, and answers whose every sentence carries its proof. Pure.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    document::{DocumentError, DocumentId, Folder, proving::Sentence},
    kernel::{Id, ProjectId, Timestamp},
};

/// Characters of a question.
pub const QUESTION_MAX_CHARS: usize = 2_000;
/// Documents that one question can name.
pub const NAMED_MAX: usize = 200;
/// Questions and answers before a follow-up that the model sees.
pub const EXCHANGES_MAX: usize = 6;

/// Characters of a question that its thread is called after.
const TITLE_CHARS: usize = 80;

/// Marker of [`ThreadId`].
pub enum ThreadMarker {}
pub type ThreadId = Id<ThreadMarker>;

/// Marker of [`AnswerId`].
pub enum AnswerMarker {}
pub type AnswerId = Id<AnswerMarker>;

/// What somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question(String);

impl Question {
    /// # Errors
    /// `document_invalid` when it is empty, or too long.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 || chars > QUESTION_MAX_CHARS || text.contains('\0') {
            let why =
                format!("has {chars} characters; it takes 1 to {QUESTION_MAX_CHARS}, and no NUL");
            return Err(DocumentError::invalid("question", why));
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) const fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a thread is called after its first question.
    pub(super) fn as_title(&self) -> String {
        let mut title: String = self.0.chars().take(TITLE_CHARS).collect();
        if self.0.chars().nth(TITLE_CHARS).is_some() {
            title.push('…');
        }
        title
    }
}

/// Which documents may answer; empty: all of the project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub documents: Vec<DocumentId>,
    pub folder: Option<Folder>,
    /// Documents that have all of them.
    pub tags: Vec<String>,
}

/// How the model gets to know the documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerMode)]
pub enum Mode {
    /// Whole documents when they fit the window, else what search finds.
    #[default]
    Auto,
    /// Whole documents, or an error.
    Whole,
    Search,
}

/// What becomes of sentences that nothing proves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unsupported {
    /// Only their number is told.
    #[default]
    Remove,
    /// They are told with the reason of the doubt.
    Mark,
}

/// A question with everything that it may say.
#[derive(Clone, Debug)]
pub struct Ask {
    pub question: Question,
    pub scope: Scope,
    /// The thread that it follows up.
    pub thread: Option<ThreadId>,
    /// A model or a route; else that of the settings.
    pub model: Option<String>,
    pub mode: Mode,
    pub unsupported: Unsupported,
    /// Whether the question is rewritten before the search; by default, where it follows up another.
    pub rewrite: Option<bool>,
    /// Passages at most that search shows the model; else as many as the settings say.
    pub passages: Option<u32>,
}

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AnswerOutcome)]
pub enum Outcome {
    Answered,
    /// Answered, and something that was asked for is not in the documents.
    Partial,
    /// Nothing that the documents say answers it.
    Refused,
    /// The model or its provider failed in the middle.
    Failed,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Answered, Self::Partial, Self::Refused, Self::Failed];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Outcome {
    type Err = String;
    /// The error is the word that names no outcome.
    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|outcome| outcome.name() == name);
        found.ok_or_else(|| name.to_owned())
    }
}

/// An answer as it is told and stored.
#[derive(Clone, Debug)]
pub struct Answered {
    pub id: AnswerId,
    pub thread: ThreadId,
    pub project: ProjectId,
    /// 1, 2, 3 and so on within its thread.
    pub number: i32,
    pub question: Question,
    pub body: AnswerBody,
    pub outcome: Outcome,
    pub created_by: String,
    pub created_at: Timestamp,
}

/// What an answer says, and how it came about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AnswerBody {
    pub sentences: Vec<Sentence>,
    /// What the documents do not say of what was asked.
    pub missing: Option<String>,
    /// Sentences of the model's that nothing proves, and that are not told.
    pub removed: usize,
    /// What was searched for, where that was not the question itself.
    pub searched_for: Option<String>,
    /// How the model got to know the documents.
    pub mode: Mode,
    /// Passages that the model was shown.
    pub passages: usize,
    /// As its provider knows it.
    pub model: Option<String>,
    pub trace_id: Option<String>,
    pub tokens: Option<u64>,
}

impl AnswerBody {
    /// The proved sentences as one text: what a follow-up is told was answered.
    pub fn text(&self) -> String {
        let proved = self
            .sentences
            .iter()
            .filter(|sentence| sentence.doubt.is_none());
        let texts: Vec<_> = proved.map(|sentence| sentence.text.as_str()).collect();
        texts.join(" ")
    }

    /// What became of the question, where the model's answer has ended well.
    pub fn outcome(&self) -> Outcome {
        let is_proved = self
            .sentences
            .iter()
            .any(|sentence| sentence.doubt.is_none());
        match (is_proved, &self.missing) {
            (false, _) => Outcome::Refused,
            (true, Some(_)) => Outcome::Partial,
            (true, None) => Outcome::Answered,
        }
    }

    /// Every document that a sentence cites.
    pub fn documents(&self) -> impl Iterator<Item = DocumentId> {
        let citations = self
            .sentences
            .iter()
            .flat_map(|sentence| &sentence.citations);
        citations.map(|citation| citation.document)
    }
}

/// A conversation about documents.
#[derive(Clone, Debug)]
pub struct Thread {
    pub id: ThreadId,
    pub project: ProjectId,
    /// The beginning of its first question.
    pub title: String,
    pub scope: Scope,
    pub created_by: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
