//! A provider's stream, read. What an event is stands beside its data.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{answer_in::stop_reason, errors, usage::BedrockUsage};
use crate::llm_integration::dialects::{
    Completeness, DecodeEvents, Frame, Unreadable,
    chat::{Delta, Event, PartStart},
};

/// Blocks of one answer that are followed.
const MAX_BLOCKS: usize = 4096;
/// This dialect has one.
const CHOICE: usize = 0;

/// Any event: one shape for all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct View {
    content_block_index: Option<usize>,
    start: Option<Start>,
    delta: Option<BlockDelta>,
    stop_reason: Option<String>,
    usage: Option<BedrockUsage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    tool_use: Option<ToolStart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolStart {
    tool_use_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockDelta {
    text: Option<String>,
    tool_use: Option<ToolDelta>,
    reasoning_content: Option<ReasoningDelta>,
}

#[derive(Deserialize)]
struct ToolDelta {
    input: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningDelta {
    text: Option<String>,
    signature: Option<String>,
    redacted_content: Option<String>,
}

#[derive(Default)]
pub(super) struct Decoder {
    open: BTreeSet<usize>,
    blocks: usize,
    complete: bool,
}

impl DecodeEvents for Decoder {
    fn take(&mut self, frame: Frame<'_>, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        let name = frame
            .event
            .ok_or_else(|| Unreadable::new("an event has no name"))?;
        if errors::is_exception(name) {
            events.push(Event::Error(errors::of_exception(name, frame.data)));
            return Ok(());
        }
        let view: View = serde_json::from_slice(frame.data).map_err(Unreadable::new)?;
        match name {
            "messageStart" => events.push(Event::Start {
                id: None,
                model: None,
                created: None,
                service_tier: None,
            }),
            "contentBlockStart" => self.start_tool(view, events)?,
            "contentBlockDelta" => self.delta(view, events)?,
            "contentBlockStop" => {
                if let Some(part) = view.content_block_index.filter(|at| self.open.remove(at)) {
                    let choice = CHOICE;
                    events.push(Event::PartEnd { choice, part });
                }
            }
            "messageStop" => {
                self.complete = true;
                if let Some(word) = view.stop_reason {
                    let reason = stop_reason(&word);
                    let choice = CHOICE;
                    events.push(Event::Stop { choice, reason });
                }
            }
            "metadata" => events.extend(view.usage.map(|usage| Event::Usage(usage.into()))),
            // Kinds to come may be ignored.
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self, events: &mut Vec<Event>) -> Completeness {
        for part in std::mem::take(&mut self.open) {
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
    fn start_tool(&mut self, view: View, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        let tool = view.start.and_then(|start| start.tool_use);
        if let Some((part, tool)) = view.content_block_index.zip(tool) {
            let start = PartStart::ToolUse {
                id: tool.tool_use_id,
                name: tool.name,
                custom: false,
            };
            self.start(part, start, events)?;
        }
        Ok(())
    }

    /// Only calls of tools are announced; other blocks begin with their first delta.
    fn delta(&mut self, view: View, events: &mut Vec<Event>) -> Result<(), Unreadable> {
        let Some((part, delta)) = view.content_block_index.zip(view.delta) else {
            return Ok(());
        };
        let choice = CHOICE;
        let mut push = |delta| {
            events.push(Event::Delta {
                choice,
                part,
                delta,
            });
        };
        let BlockDelta {
            text,
            tool_use,
            reasoning_content,
        } = delta;
        if let Some(ToolDelta { input }) = tool_use {
            push(Delta::Arguments(input));
        }
        if let Some(text) = text {
            self.start_once(part, PartStart::Text, events)?;
            events.push(Event::Delta {
                choice,
                part,
                delta: Delta::Text(text),
            });
        }
        let Some(reasoning) = reasoning_content else {
            return Ok(());
        };
        if let Some(data) = reasoning.redacted_content {
            return self.start_once(part, PartStart::RedactedThinking(data), events);
        }
        self.start_once(part, PartStart::Thinking, events)?;
        let deltas = [
            reasoning.text.map(Delta::Thinking),
            reasoning.signature.map(Delta::Signature),
        ];
        events.extend(deltas.into_iter().flatten().map(|delta| Event::Delta {
            choice,
            part,
            delta,
        }));
        Ok(())
    }

    fn start_once(
        &mut self,
        part: usize,
        start: PartStart,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        if self.open.contains(&part) {
            return Ok(());
        }
        self.start(part, start, events)
    }

    fn start(
        &mut self,
        part: usize,
        start: PartStart,
        events: &mut Vec<Event>,
    ) -> Result<(), Unreadable> {
        self.blocks += 1;
        if self.blocks > MAX_BLOCKS {
            let what = format!("it has more than {MAX_BLOCKS} blocks");
            return Err(Unreadable::new(what));
        }
        self.open.insert(part);
        let choice = CHOICE;
        events.push(Event::PartStart {
            choice,
            part,
            start,
        });
        Ok(())
    }
}
