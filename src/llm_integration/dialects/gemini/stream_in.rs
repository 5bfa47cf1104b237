//! A provider's stream, read: each event is an answer that goes on where the last one ended.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    answer_in::{self, Candidate, Ids, Response, logprobs, stop_reason},
    errors::{self, ErrorObject},
};
use crate::llm_integration::{
    Usage,
    dialects::{
        Completeness, DecodeEvents, Dialect, Frame, Unreadable,
        chat::{Content, Delta, Event, Opaque, PartStart},
    },
};

/// Candidates of one answer, and parts of one candidate, that are followed.
const MAX_CHOICES: usize = 128;
const MAX_PARTS: usize = 4096;

#[derive(Deserialize)]
#[serde(untagged)]
enum View {
    Error { error: ErrorObject },
    Response(Box<Response>),
}

#[derive(Default)]
pub(super) struct Decoder {
    ids: Option<Ids>,
    choices: BTreeMap<usize, Following>,
    complete: bool,
}

/// Where a candidate stands.
#[derive(Default)]
struct Following {
    open: Option<Open>,
    parts: usize,
    calls: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Open {
    Text,
    Thinking,
}

impl DecodeEvents for Decoder {
    fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        let view: View = serde_json::from_slice(frame.data).map_err(Unreadable::new)?;
        let response = match view {
            View::Error { error } => {
                events.push(Event::Error(errors::of_object(error, 0)));
                return Ok(());
            }
            View::Response(response) => *response,
        };
        if self.ids.is_none() {
            events.push(Event::Start {
                id: response.id.clone(),
                model: response.model_version,
                created: response.create_time.map(|time| time.timestamp()),
                service_tier: None,
            });
        }
        let mut ids = self
            .ids
            .take()
            .unwrap_or_else(|| Ids::new(response.id.as_deref()));
        let is_empty = response.candidates.is_empty();
        let taken: Result<(), Unreadable> = response
            .candidates
            .into_iter()
            .try_for_each(|candidate| self.candidate(candidate, &mut ids, events));
        self.ids = Some(ids);
        taken?;
        if let Some(feedback) = response
            .prompt_feedback
            .filter(|feedback| is_empty && feedback.block_reason.is_some())
        {
            self.complete = true;
            let reason = feedback.refusal();
            events.push(Event::Stop { choice: 0, reason });
        }
        if let Some(usage) = response.usage_metadata {
            events.push(Event::Usage(Usage::from(usage)));
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Completeness {
        for (choice, following) in &mut self.choices {
            following.close(*choice, events);
        }
        if self.complete {
            Completeness::Complete
        } else {
            Completeness::CutOff
        }
    }
}

impl Decoder {
    fn candidate(
        &mut self,
        candidate: Candidate,
        ids: &mut Ids,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        let choice = candidate.index;
        if choice >= MAX_CHOICES {
            let what = format!("it has more than {MAX_CHOICES} candidates");
            return Err(Unreadable::new(what));
        }
        let following = self.choices.entry(choice).or_default();
        let parts = candidate.content.map(|content| content.parts);
        for part in parts.unwrap_or_default() {
            if let Some(content) = answer_in::content(part, ids) {
                following.take(choice, content, events)?;
            }
        }
        if let Some(result) = &candidate.logprobs_result {
            let logprobs = logprobs(result);
            events.push(Event::Logprobs { choice, logprobs });
        }
        if let Some(word) = candidate.finish_reason {
            following.close(choice, events);
            self.complete = true;
            let reason = stop_reason(&word, following.calls, candidate.finish_message);
            events.push(Event::Stop { choice, reason });
        }
        Ok(())
    }
}

impl Following {
    fn take(
        &mut self,
        choice: usize,
        content: Content,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        match content {
            Content::Text(text) => self.go_on(choice, Open::Text, Delta::Text(text), events),
            Content::Thinking(thinking) => self.go_on(
                choice,
                Open::Thinking,
                Delta::Thinking(thinking.text),
                events,
            ),
            Content::ToolUse(call) => {
                self.calls = true;
                let start = PartStart::ToolUse {
                    id: call.id,
                    name: call.name,
                    custom: false,
                };
                let part = self.start(choice, start, events)?;
                let delta = Delta::Arguments(call.arguments);
                events.push(Event::Delta {
                    choice,
                    part,
                    delta,
                });
                events.push(Event::PartEnd { choice, part });
                Ok(())
            }
            Content::Opaque(opaque) => self.whole(choice, PartStart::Opaque(opaque), events),
            other => {
                let opaque = Opaque {
                    dialect: Dialect::Gemini,
                    kind: other.name().to_owned(),
                    value: Value::Null,
                };
                self.whole(choice, PartStart::Opaque(opaque), events)
            }
        }
    }

    fn whole(
        &mut self,
        choice: usize,
        start: PartStart,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        let part = self.start(choice, start, events)?;
        events.push(Event::PartEnd { choice, part });
        Ok(())
    }

    /// Continues the open part, or closes it and opens another.
    fn go_on(
        &mut self,
        choice: usize,
        kind: Open,
        delta: Delta,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        if self.open != Some(kind) {
            let start = match kind {
                Open::Text => PartStart::Text,
                Open::Thinking => PartStart::Thinking,
            };
            self.start(choice, start, events)?;
            self.open = Some(kind);
        }
        let part = self.parts - 1;
        events.push(Event::Delta {
            choice,
            part,
            delta,
        });
        Ok(())
    }

    fn start(
        &mut self,
        choice: usize,
        start: PartStart,
        events: &mut Vec<Event>,
    ) -> Result<usize, Unreadable> {
        self.close(choice, events);
        if self.parts >= MAX_PARTS {
            return Err(Unreadable::new(format!(
                "it has more than {MAX_PARTS} parts"
            )));
        }
        let part = self.parts;
        self.parts += 1;
        events.push(Event::PartStart {
            choice,
            part,
            start,
        });
        Ok(part)
    }

    fn close(&mut self, choice: usize, events: &mut Vec<Event>) {
        if self.open.take().is_some() {
            let part = self.parts - 1;
            events.push(Event::PartEnd { choice, part });
        }
    }
}
