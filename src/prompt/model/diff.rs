//! What changed between two versions: message by message, and line by line.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use similar::{Algorithm, ChangeTag, DiffOp, TextDiff, capture_diff_slices_deadline};
use utoipa::ToSchema;

use super::{ChatItem, Content, Version, limits::DIFF_DEADLINE_MS};

/// The changes that lead from one version to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PromptDiff)]
pub struct Diff {
    pub content: ContentDiff,
    /// Lines of the configs' indented JSON; empty when they are equal.
    pub config: Vec<Line>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = PromptContentDiff)]
pub enum ContentDiff {
    Text { lines: Vec<Line> },
    Chat { messages: Vec<MessageDiff> },
}

/// One entry of a chat prompt, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[schema(as = PromptMessageDiff)]
pub enum MessageDiff {
    Equal {
        message: ChatItem,
    },
    Inserted {
        message: ChatItem,
    },
    Deleted {
        message: ChatItem,
    },
    /// A message of the same role says something else.
    Edited {
        role: String,
        lines: Vec<Line>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PromptDiffLine)]
pub struct Line {
    pub change: Change,
    /// With its line break, if it has one.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PromptDiffChange)]
pub enum Change {
    Equal,
    Inserted,
    Deleted,
}

/// Compares two versions of one prompt. Past its time limit it answers with a coarser diff.
pub fn diff(from: &Version, to: &Version) -> Diff {
    let deadline = Instant::now() + Duration::from_millis(DIFF_DEADLINE_MS);
    let content = match (&from.content, &to.content) {
        (Content::Chat(from), Content::Chat(to)) => ContentDiff::Chat {
            messages: messages(from, to, deadline),
        },
        (from, to) => ContentDiff::Text {
            lines: lines(&text_of(from), &text_of(to), deadline),
        },
    };
    Diff {
        content,
        config: config_lines(from.config.as_json(), to.config.as_json(), deadline),
    }
}

fn text_of(content: &Content) -> String {
    content.templates().collect()
}

fn messages(from: &[ChatItem], to: &[ChatItem], deadline: Instant) -> Vec<MessageDiff> {
    let ops = capture_diff_slices_deadline(Algorithm::Myers, from, to, Some(deadline));
    let mut messages = Vec::new();
    for op in ops {
        let (old, new) = (&from[op.old_range()], &to[op.new_range()]);
        match op {
            DiffOp::Equal { .. } => {
                messages.extend(
                    old.iter()
                        .map(|m| MessageDiff::Equal { message: m.clone() }),
                );
            }
            _ => messages.extend(replaced(old, new, deadline)),
        }
    }
    messages
}

/// Pairs messages of the same role, in order; what has no partner was deleted or inserted.
fn replaced(old: &[ChatItem], new: &[ChatItem], deadline: Instant) -> Vec<MessageDiff> {
    let mut messages = Vec::new();
    for pair in 0..old.len().max(new.len()) {
        let edited = match (old.get(pair), new.get(pair)) {
            (
                Some(ChatItem::Message {
                    role: from,
                    content: before,
                }),
                Some(ChatItem::Message {
                    role: to,
                    content: after,
                }),
            ) if from == to => Some((to, before, after)),
            _ => None,
        };
        if let Some((role, before, after)) = edited {
            let lines = lines(before, after, deadline);
            messages.push(MessageDiff::Edited {
                role: role.clone(),
                lines,
            });
            continue;
        }
        let deleted = old
            .get(pair)
            .map(|m| MessageDiff::Deleted { message: m.clone() });
        let inserted = new
            .get(pair)
            .map(|m| MessageDiff::Inserted { message: m.clone() });
        messages.extend(deleted.into_iter().chain(inserted));
    }
    messages
}

fn lines(from: &str, to: &str, deadline: Instant) -> Vec<Line> {
    let diff = TextDiff::configure()
        .deadline(deadline)
        .diff_lines(from, to);
    let line = |change: similar::Change<&str>| Line {
        change: match change.tag() {
            ChangeTag::Equal => Change::Equal,
            ChangeTag::Insert => Change::Inserted,
            ChangeTag::Delete => Change::Deleted,
        },
        text: change.value().to_owned(),
    };
    diff.iter_all_changes().map(line).collect()
}

fn config_lines(from: &Value, to: &Value, deadline: Instant) -> Vec<Line> {
    if from == to {
        return Vec::new();
    }
    lines(&format!("{from:#}"), &format!("{to:#}"), deadline)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        kernel::Clock,
        prompt::model::{Config, VersionNumber},
    };

    fn version(content: Content, config: Value) -> Version {
        let clock = Clock::system();
        Version {
            id: clock.new_id(),
            prompt: clock.new_id(),
            number: VersionNumber::FIRST,
            content,
            config: Config::parse(Some(config)).unwrap(),
            commit_message: None,
            author: String::new(),
            created_at: clock.now(),
            updated_at: clock.now(),
        }
    }

    fn said(role: &str, content: &str) -> ChatItem {
        ChatItem::Message {
            role: role.to_owned(),
            content: content.to_owned(),
        }
    }

    fn line(change: Change, text: &str) -> Line {
        Line {
            change,
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_text_and_its_config_differ_by_lines() {
        let from = version(Content::Text("a\nb\n".to_owned()), json!({"t": 1}));
        let to = version(Content::Text("a\nc\n".to_owned()), json!({"t": 2}));
        let changes = diff(&from, &to);
        let expected = [
            line(Change::Equal, "a\n"),
            line(Change::Deleted, "b\n"),
            line(Change::Inserted, "c\n"),
        ];
        assert_eq!(
            changes.content,
            ContentDiff::Text {
                lines: expected.into()
            }
        );
        assert_eq!(changes.config[1], line(Change::Deleted, "  \"t\": 1\n"));
        assert!(diff(&from, &from).config.is_empty());
    }

    #[test]
    fn a_chat_differs_by_messages_and_an_edited_one_by_lines() {
        let placeholder = ChatItem::Placeholder {
            name: "history".to_owned(),
        };
        let from = Content::Chat(vec![said("system", "be kind"), said("user", "hi")]);
        let to = Content::Chat(vec![
            said("system", "be brief"),
            placeholder.clone(),
            said("user", "hi"),
        ]);
        let changes = diff(&version(from, json!({})), &version(to, json!({})));
        let edited = MessageDiff::Edited {
            role: "system".to_owned(),
            lines: vec![
                line(Change::Deleted, "be kind"),
                line(Change::Inserted, "be brief"),
            ],
        };
        let inserted = MessageDiff::Inserted {
            message: placeholder,
        };
        let equal = MessageDiff::Equal {
            message: said("user", "hi"),
        };
        assert_eq!(
            changes.content,
            ContentDiff::Chat {
                messages: vec![edited, inserted, equal]
            }
        );
    }
}
