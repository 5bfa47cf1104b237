//! OpenAI's stream, read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::answer_in::{self, IncompleteDetails, ResponseError, Said, seconds, stop_reason};
use crate::llm_integration::{
    OpenAiResponsesUsage, Usage,
    dialects::{
        Completeness, DecodeEvents, ErrorKind, Frame, ProviderError, Text, Unreadable,
        chat::{Content, Delta, Event, PartStart},
    },
};

/// This dialect has one.
const CHOICE: usize = 0;
/// Parts of one answer that are followed.
const MAX_PARTS: usize = 4096;
/// Stands between the parts of a summary.
const PARAGRAPH: &str = "\n\n";
/// Where an item as a whole stands among its contents.
const ITEM: usize = usize::MAX;

/// Any event: one shape for all, so that nothing is read twice.
#[derive(Deserialize)]
struct EventView<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    output_index: Option<usize>,
    content_index: Option<usize>,
    summary_index: Option<usize>,
    delta: Option<String>,
    item: Option<Value>,
    #[serde(borrow)]
    part: Option<PartView<'a>>,
    response: Option<ResponseView>,
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct PartView<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
}

/// Of the response only what says something new: most of it repeats the request.
#[derive(Deserialize)]
struct ResponseView {
    id: Option<String>,
    model: Option<String>,
    created_at: Option<f64>,
    status: Option<String>,
    service_tier: Option<String>,
    error: Option<ResponseError>,
    incomplete_details: Option<IncompleteDetails>,
    usage: Option<OpenAiResponsesUsage>,
}

#[derive(Default)]
pub(super) struct Decoder {
    /// The parts that are open, by item and content.
    open: BTreeMap<(usize, usize), usize>,
    parts: usize,
    said: Said,
    complete: bool,
}

impl DecodeEvents for Decoder {
    fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        let view: EventView<'_> = serde_json::from_slice(frame.data).map_err(Unreadable::new)?;
        let at = (
            view.output_index.unwrap_or_default(),
            view.content_index.unwrap_or_default(),
        );
        let item = (at.0, ITEM);
        match view.kind.0.as_ref() {
            "response.created" => start(view.response, events),
            "response.output_item.added" => self.add(item, view.item, events)?,
            "response.output_item.done" => self.end_item(item, view.item, events)?,
            "response.content_part.added" => {
                let kind = view.part.map(|part| part.kind);
                match kind.as_ref().map(|kind| kind.0.as_ref()) {
                    Some("output_text") => self.open(at, PartStart::Text, events)?,
                    Some("refusal") => {
                        self.said.refuses = true;
                        self.open(at, PartStart::Refusal, events)?;
                    }
                    _ => {}
                }
            }
            "response.content_part.done" => self.close(at, events),
            "response.output_text.delta" => self.delta(at, view.delta, Delta::Text, events),
            "response.refusal.delta" => self.delta(at, view.delta, Delta::Refusal, events),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => {
                self.delta(item, view.delta, Delta::Arguments, events);
            }
            "response.reasoning_summary_part.added" if view.summary_index > Some(0) => {
                self.delta(item, Some(PARAGRAPH.to_owned()), Delta::Thinking, events);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.delta(item, view.delta, Delta::Thinking, events);
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.end(view.response, events);
            }
            "error" => events.push(Event::Error(error(view.code, view.message))),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Completeness {
        for part in std::mem::take(&mut self.open).into_values() {
            let choice = CHOICE;
            events.push(Event::PartEnd { choice, part });
        }
        if self.complete {
            Completeness::Complete
        } else {
            Completeness::CutOff
        }
    }
}

impl Decoder {
    fn open(
        &mut self,
        at: (usize, usize),
        start: PartStart,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        if self.parts >= MAX_PARTS {
            return Err(Unreadable::new(format!(
                "it has more than {MAX_PARTS} parts"
            )));
        }
        let (choice, part) = (CHOICE, self.parts);
        self.parts += 1;
        self.open.insert(at, part);
        events.push(Event::PartStart {
            choice,
            part,
            start,
        });
        Ok(())
    }

    fn close(&mut self, at: (usize, usize), events: &mut Vec<Event>) {
        if let Some(part) = self.open.remove(&at) {
            let choice = CHOICE;
            events.push(Event::PartEnd { choice, part });
        }
    }

    fn delta(
        &mut self,
        at: (usize, usize),
        text: Option<String>,
        of: fn(String) -> Delta,
        events: &mut Vec<Event>,
    ) {
        if let Some((part, text)) = self.open.get(&at).copied().zip(text) {
            let (choice, delta) = (CHOICE, of(text));
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        }
    }

    /// Messages are opened by their contents, and what OpenAI's own tools do is told when it is done.
    fn add(
        &mut self,
        at: (usize, usize),
        item: Option<Value>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        let Some(part) = only_part(item)? else {
            return Ok(());
        };
        match part {
            Content::ToolUse(call) => {
                self.said.calls = true;
                let start = PartStart::ToolUse {
                    id: call.id,
                    name: call.name,
                    custom: call.custom,
                };
                self.open(at, start, events)
            }
            Content::Thinking(_) => self.open(at, PartStart::Thinking, events),
            _ => Ok(()),
        }
    }

    fn end_item(
        &mut self,
        at: (usize, usize),
        item: Option<Value>,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        match only_part(item)? {
            Some(Content::Thinking(thinking)) => {
                self.delta(at, thinking.signature, Delta::Signature, events);
            }
            Some(Content::Opaque(opaque)) => self.open(at, PartStart::Opaque(opaque), events)?,
            Some(Content::RedactedThinking(data)) => {
                self.close(at, events);
                self.open(at, PartStart::RedactedThinking(data), events)?;
            }
            _ => {}
        }
        self.close(at, events);
        Ok(())
    }

    fn end(&mut self, response: Option<ResponseView>, events: &mut Vec<Event>) {
        let choice = CHOICE;
        let Some(response) = response else {
            return;
        };
        self.complete = true;
        if let Some(usage) = response.usage {
            events.push(Event::Usage(Usage::from(usage)));
        }
        if let Some(failure) = response.error {
            events.push(Event::Error(error(failure.code, Some(failure.message))));
        }
        let status = response.status.as_deref();
        if let Some(reason) = stop_reason(status, response.incomplete_details, self.said) {
            events.push(Event::Stop { choice, reason });
        }
    }
}

fn start(response: Option<ResponseView>, events: &mut Vec<Event>) {
    if let Some(response) = response {
        events.push(Event::Start {
            id: response.id,
            model: response.model,
            created: response.created_at.map(seconds),
            service_tier: response.service_tier,
        });
    }
}

/// What an item other than a message is.
fn only_part(item: Option<Value>) -> Result<Option<Content>, Unreadable> {
    match item {
        Some(item) if item.get("type").is_some_and(|kind| kind != "message") => {
            let part = answer_in::item_parts(item)?.into_iter().next();
            Ok(part.map(|part| part.content))
        }
        _ => Ok(None),
    }
}

fn error(code: Option<String>, message: Option<String>) -> ProviderError {
    let kind = match code.as_deref() {
        Some("rate_limit_exceeded") => ErrorKind::RateLimit,
        Some(
            "invalid_prompt"
            | "invalid_image"
            | "invalid_image_format"
            | "invalid_base64_image"
            | "invalid_image_url",
        ) => ErrorKind::InvalidRequest,
        _ => ErrorKind::Server,
    };
    let message = message.unwrap_or_else(|| "the provider gave no reason".to_owned());
    ProviderError {
        code,
        ..ProviderError::new(kind, 0, message)
    }
}
