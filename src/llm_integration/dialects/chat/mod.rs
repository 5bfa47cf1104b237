//! The canonical model of a chat: what every dialect is decoded to and encoded from.

mod answer;
mod assembler;
mod event;
mod message;
mod replay;
mod request;
mod tool;

pub use answer::{Answer, Choice, StopReason};
pub use assembler::Assembler;
pub use event::{Delta, Event, PartStart};
pub use message::{
    CacheMark, Content, Document, Image, Message, Opaque, Part, Role, Source, Thinking, ToolResult,
    ToolUse,
};
pub use request::{
    Effort, Logprobs, Reasoning, ReasoningSummary, Request, ResponseFormat, Sampling, ThinkingMode,
};
pub use tool::{Tool, ToolChoice};
