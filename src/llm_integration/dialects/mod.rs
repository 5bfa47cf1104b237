//! The wire formats of chat, translated: any surface reaches any provider. Pure, without IO.
//!
//! Every dialect is decoded to, and encoded from, one canonical model: [`chat`]. What the other side
//! cannot say is refused by the field's name ([`Untranslatable`]), or, where the caller asked for
//! [`Leniency::Drop`], left out and listed: never lost silently. Traffic between a client and a provider
//! of the same dialect does not come through here; there the event decoders only listen.

mod anthropic;
mod bedrock;
pub mod chat;
mod data_url;
mod dialect;
mod face;
mod failure;
mod fields;
mod gemini;
mod losses;
mod openai_chat;
mod openai_responses;
mod sse;
mod text;

pub use anthropic::models_for_anthropic;
pub use dialect::Dialect;
use dialect::{ClientSide, ProviderSide};
use face::SCHEMA_NAME;
pub use face::{
    Completeness, DecodeEvents, EncodeContext, EncodeEvents, Encoded, Frame, Leniency, Unreadable,
    Untranslatable,
};
pub use failure::{ErrorKind, ProviderError};
use fields::{Fields, Path};
use losses::Losses;
use text::Text;
